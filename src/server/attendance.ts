// Who may speak in a round, who was silent, and whether those that were heard are enough, in all and around each user.
import { neighborhoodsOf } from '../graph/graph.ts';
import type { Neighborhoods } from '../graph/neighborhoods.ts';
import { equalBytes } from '../leaves/bytes.ts';
import { ProtocolError, ThresholdError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import { hasMember, membersOf, positions, type Members } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import type { DropReason, DroppedUser } from '../leaves/progress.ts';
import type { Round } from '../session/notation.ts';
import { shareThresholdOf, type Parameters } from '../session/parameters.ts';
import type { Roster } from './roster.ts';

/** Those of `expected` that were not heard, each with the reason why it is out. */
export function silent(
  roster: Roster,
  expected: readonly Position[],
  heard: ReadonlySet<Position> | ReadonlyMap<Position, unknown>,
  dropped: { readonly round: Round; readonly reason: DropReason },
): DroppedUser[] {
  const quiet = expected.filter((position) => !heard.has(position));
  return quiet.map((position) => ({ userId: roster.userIdAt(position), ...dropped }));
}

/**
 * Refuses a message that was made for something else than what the server sent. Its sender is not named: it may have been
 * shown something else on the way, or somebody else may have sent a message of an earlier session again.
 */
export function requireView(
  view: Uint8Array,
  expected: Uint8Array,
  { round, userId }: { readonly round: Round; readonly userId: UserId },
): void {
  if (equalBytes(view, expected)) return;
  const message = `round ${round}: the message of user ${userId} was made for another view of the session`;
  throw new ProtocolError('ERR_SECAGG_VIEW', message, { round });
}

/** [BIK+17] Fig. 4: in every round the server waits for at least t users, and aborts otherwise. */
export function requireThreshold(have: number, need: number, round: Round): void {
  if (have >= need) return;
  const message = `round ${round}: expected messages of at least ${need} users, got ${have}`;
  throw new ThresholdError(message, { have, need, round });
}

/**
 * Users of U2 of whose holders fewer than the share threshold are in a set. Their masks would stay in the sum. On the complete
 * graph all users hold shares of all, and the session's threshold is enough.
 */
function unopenable(parameters: Parameters, graph: Neighborhoods, u2: Members, present: Members): Position[] {
  if (parameters.graph === 'complete') return [];
  const need = shareThresholdOf(parameters);
  const holders = graph.holdersIn(present);
  return positions(u2).filter((owner) => holders(owner) < need);
}

/** Whether some users are enough around each user of U2; in round 1 U2 is those users themselves. */
export function isEnough(
  parameters: Parameters,
  roster: Pick<Roster, 'size'>,
  heard: Iterable<Position>,
  u2: Members | null,
): boolean {
  const present = membersOf(heard, roster.size);
  const graph = neighborhoodsOf(parameters.graph, roster.size);
  return unopenable(parameters, graph, u2 ?? present, present).length === 0;
}

/**
 * DEVIATION from [BBGLR20], whose server goes on without users that have lost their neighbors. Then the graph would decide who
 * is left out, but the bound on survivors falling apart assumes that users drop out independently of the graph.
 *
 * @throws ThresholdError that names the users whose neighborhood has become too small.
 */
export function requireNeighborhoods(
  parameters: Parameters,
  graph: Neighborhoods,
  { roster, u2, present, round }: { roster: Roster; u2: Members; present: Members; round: Round },
): void {
  const lost = unopenable(parameters, graph, u2, present);
  if (lost.length === 0) return;
  const need = shareThresholdOf(parameters);
  const holders = graph.holdersIn(present);
  const have = lost.reduce((least, owner) => Math.min(least, holders(owner)), need);
  const message = `round ${round}: expected messages of at least ${need} neighbors of each user, got as few as ${have} around ${lost.length} users`;
  throw new ThresholdError(message, { have, need, round, userIds: roster.userIds(lost) });
}

/**
 * The position of a sender that takes part in a round: it is in U1, and not out since.
 *
 * @param members who may speak in the round; null for all of U1.
 * @throws ProtocolError ERR_SECAGG_UNKNOWN_USER, ERR_SECAGG_LATE.
 */
export function speakerAt(roster: Roster, members: Members | null, sender: UserId, round: Round): Position {
  const position = roster.positionOf(sender);
  if (position === null) {
    const message = `round ${round}: user ${sender} advertised no keys in this session`;
    throw new ProtocolError('ERR_SECAGG_UNKNOWN_USER', message, { round });
  }
  if (members !== null && !hasMember(members, position)) {
    const message = `round ${round}: user ${sender} missed an earlier round`;
    throw new ProtocolError('ERR_SECAGG_LATE', message, { round });
  }
  return position;
}
