// A connection of the application's pool, if the pool hands one over in time.
import { inTime, Late } from './deadline.ts';
import { lateError, storeError } from './driver-error.ts';
import { checkConnection, type PoolConnection, type PostgresPool } from './pool.ts';

/** @param timeout most milliseconds to wait. @throws StoreError if there is none by then. */
export async function connectionOf(pool: PostgresPool, timeout: number): Promise<PoolConnection> {
  const connecting = (async (): Promise<unknown> => pool.connect())();
  let connection: unknown;
  try {
    connection = await inTime(connecting, timeout);
  } catch (error) {
    if (!(error instanceof Late)) throw storeError(error);
    // The pool may still hand over the connection that nobody waits for any more.
    connecting.then((later) => checkConnection(later).release()).catch(() => undefined);
    throw lateError(`no connection from the pool within ${timeout} ms`, error);
  }
  return checkConnection(connection);
}
