// Looks for sessions that hold what nobody needs any more, a page at a time, and drops that.
import type { Database } from './database.ts';
import { endSession, removeSession, tidySession } from './session-end.ts';
import type { StatusRow } from './session-status.ts';
import type { Query } from './statement.ts';
import * as sql from './statements.ts';

/** What a sweep did, in numbers of sessions. */
export interface Swept {
  /** Sessions whose time was over: what was collected is gone. */
  readonly expired: number;
  /** Sessions that ended an hour ago or earlier: the messages for their users are gone, the result is kept. */
  readonly tidied: number;
  /** Sessions that ended before `endedBefore`: nothing of them is left. */
  readonly removed: number;
}

const TIDY_AFTER_SECONDS = 3_600;
const PAGE = 100;

/** What a sweep does with a session. */
interface Sweeping {
  /** Runs with the session locked. @returns whether to go on. */
  readonly locked: (query: Query, sessionId: string, row: StatusRow) => Promise<boolean>;
  /** Runs afterwards, in transactions of its own. @returns whether it has done anything. */
  readonly then: (database: Database, sessionId: string, created: string) => Promise<boolean>;
}

const EXPIRE: Sweeping = {
  async locked(query, sessionId, { expired }) {
    if (expired) await endSession(query, sessionId, 'expired', null);
    return expired;
  },
  async then(database, sessionId, created) {
    await tidySession(database, sessionId, created);
    return true;
  },
};
const isThere = (): Promise<boolean> => Promise.resolve(true);
const TIDY: Sweeping = { locked: isThere, then: tidySession };
const REMOVE: Sweeping = { locked: isThere, then: removeSession };

/** @param endedBefore sessions that ended before are removed, in seconds from now, which are negative; null removes none. */
export async function sweepSessions(database: Database, endedBefore: number | null): Promise<Swept> {
  const expired = await forEachSession(database, sql.sessionsToExpire, [], EXPIRE);
  const tidied = await forEachSession(database, sql.sessionsToTidy, [TIDY_AFTER_SECONDS], TIDY);
  if (endedBefore === null) return { expired, tidied, removed: 0 };
  const removed = await forEachSession(database, sql.sessionsToRemove, [endedBefore], REMOVE);
  return { expired, tidied, removed };
}

/** Before every session of every page. */
const START = { at: '-Infinity', session_id: '00000000-0000-0000-0000-000000000000' };

/**
 * Does this with each session that the statement finds, once. Returns with how many of them it had something to do. A session that
 * somebody else holds is left for the next sweep.
 */
async function forEachSession(
  database: Database,
  findPage: typeof sql.sessionsToExpire,
  values: readonly unknown[],
  { locked, then }: Sweeping,
): Promise<number> {
  let done = 0;
  let last = START;
  for (;;) {
    const page = await database.read(findPage, [last.at, last.session_id, PAGE, ...values]);
    for (const { session_id: sessionId, created } of page) {
      const goesOn = await database.transaction(async (query) => {
        const [row] = await query(sql.lockToSweep, [sessionId, created]);
        return row !== undefined && locked(query, sessionId, row);
      });
      if (goesOn && (await then(database, sessionId, created))) done++;
    }
    // Each page begins after the one before, so a session that is left is not found again.
    last = page.at(-1) ?? last;
    if (page.length < PAGE) return done;
  }
}
