// Looks for sessions that hold what nobody needs any more, a page at a time, and drops that, each in a transaction of its own.
import type { Database } from './database.ts';
import { expireSession } from './session-end.ts';
import type { Query, Statement } from './statement.ts';
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

/** Runs `work` on each session that the statement finds. Returns for how many of them it returned true. */
async function forEachSession(
  database: Database,
  findPage: Statement<{ readonly session_id: string }>,
  values: readonly unknown[],
  work: (query: Query, sessionId: string) => Promise<boolean>,
): Promise<number> {
  let done = 0;
  for (;;) {
    const rows = await database.read(findPage, [...values, PAGE]);
    let doneOfPage = 0;
    for (const { session_id: sessionId } of rows) {
      if (await database.transaction((query) => work(query, sessionId))) doneOfPage++;
    }
    done += doneOfPage;
    // If other processes have done all of a page, they do the rest too.
    if (rows.length < PAGE || doneOfPage === 0) return done;
  }
}
