// The end of a session without a result: the application aborts it, or its time is over.
import { UsageError } from '../leaves/errors.ts';
import { loadSession, requireNotFailed } from './recovered-session.ts';
import { requireLive, type StatusRow } from './session-status.ts';
import { writeOne, type Query } from './statement.ts';
import * as sql from './statements.ts';

const MOST_REASON_CHARACTERS = 1_000;

/** Aborts a session; does nothing if it was aborted before. @throws UsageError if it has ended otherwise. */
export async function abortSession(query: Query, sessionId: string, reason: string): Promise<void> {
  const [row] = await query(sql.lockToClose, [sessionId]);
  if (row?.status === 'aborted') return;
  const { status } = requireLive(row, sessionId);
  if (status === 'failed') await requireNotFailed(await loadSession(query, sessionId));
  if (status === 'finished') throw new UsageError('ERR_SECAGG_USAGE', `session ${sessionId}: finished, see result()`);
  // PostgreSQL stores no zero characters.
  await dropSession(query, sessionId, 'aborted', reason.replaceAll('\0', '').slice(0, MOST_REASON_CHARACTERS));
}

/** Drops a session, which the caller has locked, if its time is over. Returns whether it did. */
export async function expireSession(query: Query, sessionId: string, { expired }: StatusRow): Promise<boolean> {
  if (!expired) return false;
  await dropSession(query, sessionId, 'expired', null);
  return true;
}

/** Drops the state and all messages, and leaves the row, which says why. */
async function dropSession(query: Query, sessionId: string, status: 'aborted' | 'expired', reason: string | null): Promise<void> {
  await writeOne(query, sql.dropSession, [sessionId, status, reason]);
  for (const statement of [sql.deleteMessages, sql.deleteParts, sql.deleteOutgoing]) await query(statement, [sessionId]);
}
