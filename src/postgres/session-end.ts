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
  const created = await whenFree(database, async (query) => {
    const [row] = await query(sql.lockToClose, [sessionId]);
    if (row?.status === 'aborted') return row.created;
    const live = requireLive(row, sessionId);
    await requireNotFailed(query, sessionId, live);
    if (live.status === 'finished') throw new UsageError('ERR_SECAGG_USAGE', `session ${sessionId}: finished, see result()`);
    // PostgreSQL stores no zero characters.
    await endSession(query, sessionId, 'aborted', reason.replaceAll('\0', '').slice(0, MOST_REASON_CHARACTERS));
    return live.created;
  });
  await tidySession(database, sessionId, created);
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

/**
 * Deletes what a session was collected in, which has ended; its members and its result stay.
 *
 * @param created which session of this id: it may have been removed and created again meanwhile.
 * @returns whether it was there.
 */
export async function tidySession(database: Database, sessionId: string, created: string): Promise<boolean> {
  const [row] = await database.read(sql.readMoments, [[sessionId]]);
  if (row?.created !== created) return false;
  await deletePages(database, COLLECTED, [sessionId, created]);
  await deletePages(database, [chunks.deleteOtherChunks], [sessionId, created, resultsOf(row)]);
  const tidied = await database.transaction((query) => query(sql.tidySession, [sessionId, created]));
  return tidied.length > 0;
}

/** The sets that a session keeps for good. */
function resultsOf({ status, closings }: { readonly status: SessionStatus; readonly closings: string }): readonly string[] {
  return status === 'finished' || status === 'failed' ? closingsOf({ closings }).slice(-1) : [];
}

/**
 * Removes a session with all that belongs to it; without one, rows of this id that belong to none.
 *
 * @param only which session of this id, by when it was created; null for the one that is there.
 * @returns whether there was one.
 */
export async function removeSession(database: Database, sessionId: string, only: string | null = null): Promise<boolean> {
  // Nobody adds rows to a session that has ended, and nobody looks for the rows of one that was aborted.
  const created = await whenFree(database, async (query) => {
    const [row] = await query(sql.lockToClose, [sessionId]);
    if (only !== null && row?.created !== only) return only;
    if (isThere(row)) await endSession(query, sessionId, 'aborted', 'it is being removed');
    return row?.created ?? null;
  });
  await deletePages(database, [...COLLECTED, chunks.deleteMembers, chunks.deleteChunks], [sessionId, created]);
  const removed = await database.transaction((query) => query(sql.deleteSession, [sessionId, created]));
  return removed.length > 0;
}

const COLLECTED = [
  chunks.deleteMessages,
  chunks.deleteKeys,
  chunks.deleteTiles,
  chunks.deleteDeals,
  chunks.deletePartsPage,
  chunks.deleteUnmaskTasks,
];
