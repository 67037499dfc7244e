// Which users are out of a session, and why. The closing of each round writes who was silent in it.
import { u64s } from '../leaves/bytes.ts';
import type { DroppedUser, DropReason } from '../leaves/progress.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import type { Graph } from '../session/parameters.ts';
import { readString, type ChunkKind } from './chunks.ts';
import { idsOf } from './directory.ts';
import * as sql from './message-statements.ts';
import { usersOf } from './pages.ts';
import type { Query } from './statement.ts';
import { closingOf, type LiveRow } from './stored-session.ts';

/** Why a user is out that was not heard in rounds 1 to 3. */
const REASONS: readonly DropReason[] = ['no-shares', 'no-masked-input', 'no-signature'];

/** What closing a round writes of those who were silent in it. */
export function silentString(dropped: readonly DroppedUser[]): [ChunkKind, Uint8Array] {
  return ['silent', u64s(dropped.map(({ userId }) => userId))];
}

/** Those that are out by what was closed and heard so far, in the order in which it was found out; wrong shares by id. */
export async function readDropped(query: Query, sessionId: string, row: LiveRow, graph: Graph): Promise<DroppedUser[]> {
  const dropped: DroppedUser[] = [];
  for (const [i, reason] of REASONS.entries()) {
    const round = i + 1;
    if (round >= row.round) break;
    const silent = idsOf(await readString(query, sessionId, { set: closingOf(row, round), kind: 'silent' }, null));
    dropped.push(...silent.map((userId): DroppedUser => ({ userId, round, reason })));
  }
  if (row.round !== 4) return dropped;
  const { groupSize } = neighborhoodsOf(graph, row.admitted);
  const wrong = await usersOf(query, sql.usersWrong, [sessionId, groupSize]);
  return [...dropped, ...wrong.map((userId): DroppedUser => ({ userId, round: 4, reason: 'wrong-share' }))];
}
