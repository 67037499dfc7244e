// Looks for sessions that hold what nobody needs any more, a page at a time, and drops that, each in a transaction of its own.
import type { Database } from './database.ts';
import { expireSession } from './session-end.ts';
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

/** @param endedBefore sessions that ended before are removed, in seconds since 1970; null removes none. */
export async function sweepSessions(database: Database, endedBefore: number | null): Promise<Swept> {
  const expired = await forEachSession(database, sql.sessionsToExpire, [], expireSession);
  const tidied = await forEachSession(database, sql.sessionsToTidy, [TIDY_AFTER_SECONDS], async (query, sessionId) => {
    const rows = await query(sql.tidySession, [sessionId]);
    await query(sql.deleteOutgoing, [sessionId]);
    return rows.length > 0;
  });
  if (endedBefore === null) return { expired, tidied, removed: 0 };
  const removed = await forEachSession(database, sql.sessionsToRemove, [endedBefore], async (query, sessionId) => {
    const rows = await query(sql.deleteSession, [sessionId]);
    return rows.length > 0;
  });
  return { expired, tidied, removed };
}

/** Before every session of every page. */
const START = { at: -Infinity, session_id: '00000000-0000-0000-0000-000000000000' };

/**
 * Runs `work` on each session that the statement finds, once, with the session locked. Returns for how many of them it
 * returned true. A session that somebody else holds is left for the next sweep.
 */
async function forEachSession(
  database: Database,
  findPage: typeof sql.sessionsToExpire,
  values: readonly unknown[],
  work: (query: Query, sessionId: string, row: StatusRow) => Promise<boolean>,
): Promise<number> {
  let done = 0;
  let last = START;
  for (;;) {
    const page = await database.read(findPage, [last.at, last.session_id, PAGE, ...values]);
    for (const { session_id: sessionId } of page) {
      const isDone = await database.transaction(async (query) => {
        const [row] = await query(sql.lockToSweep, [sessionId]);
        return row !== undefined && work(query, sessionId, row);
      });
      if (isDone) done++;
    }
    // Each page begins after the one before, so a session that is left is not found again.
    last = page.at(-1) ?? last;
    if (page.length < PAGE) return done;
  }
}
