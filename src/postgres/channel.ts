// Notifications: a session's id says that its round was closed or that it has ended.
import { statement, type Statement } from './statement.ts';

export const CHANNEL = 'secagg';

/** Tells who listens, once the transaction is committed. $1 is the session. */
export const notifyChange: Statement<never> = statement(`select pg_notify('${CHANNEL}', $1::uuid::text)`);
