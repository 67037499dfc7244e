// The end of a session without a result: the application aborts it, or its time is over. And what goes with the end of any session:
// its rows, which are deleted in pages, for all of them together may take long.
import { UsageError } from '../leaves/errors.ts';
import type { Database } from './database.ts';
import { deletePages } from './deletion.ts';
import { requireNotFailed } from './end.ts';
import { whenFree } from './held-sessions.ts';
import { isThere, requireLive, type SessionStatus } from './session-status.ts';
import { writeOne, type Query } from './statement.ts';
import * as chunks from './chunk-statements.ts';
import { notifyChange } from './channel.ts';
import * as sql from './statements.ts';
import { closingsOf } from './stored-session.ts';

const MOST_REASON_CHARACTERS = 1_000;

/** Aborts a session; does nothing if it was aborted before. @throws UsageError if it has ended otherwise. */
export async function abortSession(database: Database, sessionId: string, reason: string): Promise<void> {
  await whenFree(database, async (query) => {
    const [row] = await query(sql.lockToClose, [sessionId]);
    if (row?.status === 'aborted') return;
    const live = requireLive(row, sessionId);
    await requireNotFailed(query, sessionId, live);
    if (live.status === 'finished') throw new UsageError('ERR_SECAGG_USAGE', `session ${sessionId}: finished, see result()`);
    // PostgreSQL stores no zero characters.
    await endSession(query, sessionId, 'aborted', reason.replaceAll('\0', '').slice(0, MOST_REASON_CHARACTERS));
  });
  await tidySession(database, sessionId);
}

/** Ends a session, which the caller has locked. From then on nobody adds rows that count. */
export async function endSession(
  query: Query,
  sessionId: string,
  status: 'aborted' | 'expired',
  reason: string | null,
): Promise<void> {
  await writeOne(query, sql.dropSession, [sessionId, status, reason]);
  await query(notifyChange, [sessionId]);
}

/** Deletes what a session was collected in, if it has ended; its members and its result stay. @returns whether it was there. */
export async function tidySession(database: Database, sessionId: string): Promise<boolean> {
  const [row] = await database.read(sql.readMoments, [[sessionId]]);
  if (row === undefined) return false;
  await deletePages(database, COLLECTED, [sessionId]);
  await deletePages(database, [chunks.deleteOtherChunks], [sessionId, resultsOf(row)]);
  const tidied = await database.transaction((query) => query(sql.tidySession, [sessionId]));
  return tidied.length > 0;
}

/** The sets that a session keeps for good. */
function resultsOf({ status, closings }: { readonly status: SessionStatus; readonly closings: string }): readonly string[] {
  return status === 'finished' || status === 'failed' ? closingsOf({ closings }).slice(-1) : [];
}

/** Removes a session with all that belongs to it. @returns whether there was one. */
export async function removeSession(database: Database, sessionId: string): Promise<boolean> {
  // Nobody adds rows to a session that has ended, and nobody looks for the rows of one that was aborted.
  await whenFree(database, async (query) => {
    const [row] = await query(sql.lockToClose, [sessionId]);
    if (isThere(row)) await endSession(query, sessionId, 'aborted', 'it is being removed');
  });
  await deletePages(database, [...COLLECTED, chunks.deleteMembers, chunks.deleteChunks], [sessionId]);
  const removed = await database.transaction((query) => query(sql.deleteSession, [sessionId]));
  return removed.length > 0;
}

const COLLECTED = [
  chunks.deleteMessages,
  chunks.deleteKeys,
  chunks.deleteTiles,
  chunks.deleteDeals,
  chunks.deleteParts,
  chunks.deleteUnmaskTasks,
];
