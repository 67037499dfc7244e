// Who closes a round: the process whose token is in the session's row, as long as it puts its lease off. A lease keeps no transaction
// open and locks nothing. It is no guard either: what counts is that the token is still there when the result is written.
import { StoreError } from '../leaves/errors.ts';
import { sleep } from '../leaves/sleep.ts';
import type { Database } from './database.ts';
import * as sql from './statements.ts';

const RENEW_MS = 2_000;
/** Pauses between two looks at a closing of another process, in milliseconds: the first, and the longest. */
const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 250;

/** Puts the lease of a token off while `work` runs. @param onLost is called if another process has taken over. */
export async function whileLeased<T>(
  database: Database,
  { sessionId, token }: { readonly sessionId: string; readonly token: string },
  onLost: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const renew = async (): Promise<void> => {
    const rows = await database.transaction((query) => query(sql.renewLease, [sessionId, token]), RENEW_MS);
    if (rows.length === 0) onLost();
  };
  // A renewal that fails is followed by the next one, long before the lease is over.
  const timer = setInterval(() => void renew().catch(() => undefined), RENEW_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Pauses that grow, between two looks at something that another process does. */
export class Pauses {
  #next = FIRST_PAUSE;

  async pause(signal?: AbortSignal): Promise<void> {
    await sleep(this.#next, signal);
    this.#next = Math.min(2 * this.#next, LONGEST_PAUSE);
  }
}

/**
 * Waits until nobody closes the session's round; a closing whose lease is over is given up.
 *
 * @param since when the caller began to wait.
 * @throws StoreError if that is longer ago than the database's deadline.
 */
export async function awaitClosing(database: Database, sessionId: string, since: number): Promise<void> {
  const pauses = new Pauses();
  for (;;) {
    const [row] = await database.read(sql.readMoments, [[sessionId]]);
    const closing = row?.closing ?? null;
    if (row === undefined || closing === null) return;
    if (!row.leased) {
      await database.transaction((query) => query(sql.endStaleClosing, [sessionId, closing]));
      continue;
    }
    if (performance.now() - since > database.timeout) {
      const text = `database: round ${row.round} is being closed for longer than ${database.timeout} ms; nothing was acknowledged, try again`;
      throw new StoreError('ERR_SECAGG_STORE', text);
    }
    await pauses.pause();
  }
}
