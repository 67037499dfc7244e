// Which users are out of a session, and why, told from the rows of its rounds.
import type { DroppedUser, DropReason } from '../leaves/progress.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import type { Graph } from '../session/parameters.ts';
import * as sql from './message-statements.ts';
import { usersOf } from './pages.ts';
import type { Query } from './statement.ts';

/** Why a user is out that was not heard in a round, from round 1 on. */
const REASONS: readonly DropReason[] = ['no-shares', 'no-masked-input', 'no-signature', 'no-answer'];

/**
 * Those that are out, by round and then by id.
 *
 * @param closed number of rounds that are closed.
 * @param users |U1|; null in round 0.
 */
export async function readDropped(
  query: Query,
  sessionId: string,
  { graph, users, closed }: { readonly graph: Graph; readonly users: number | null; readonly closed: number },
): Promise<DroppedUser[]> {
  const dropped: DroppedUser[] = [];
  for (const [i, reason] of REASONS.entries()) {
    const round = i + 1;
    // A wrong share is found out when it comes.
    if (round === 4 && closed >= 4 && users !== null) {
      const { groupSize } = neighborhoodsOf(graph, users);
      const wrong = await usersOf(query, sql.usersWrong, [sessionId, groupSize]);
      dropped.push(...wrong.map((userId): DroppedUser => ({ userId, round, reason: 'wrong-share' })));
    }
    if (round >= closed) continue;
    const silent = await usersOf(query, sql.usersSilent, [sessionId, round]);
    dropped.push(...silent.map((userId): DroppedUser => ({ userId, round, reason })));
  }
  return dropped;
}
