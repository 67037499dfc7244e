// Whether a set that the server announces has enough users to go on, in all and around this user.
import { neighborhoodsOf } from '../graph/graph.ts';
import { ProtocolError, ThresholdError } from '../leaves/errors.ts';
import { countMembers, hasMember, type Members } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import type { Round } from '../session/notation.ts';
import { shareThresholdOf } from '../session/parameters.ts';
import type { UserContext } from './state.ts';

/** What is counted: `of` begins the message of an error, and `what` says what there must be enough of. */
interface Counted {
  readonly round: Round;
  readonly of: string;
  readonly what: string;
  readonly userIds?: readonly number[];
}

/** [BIK+17] Fig. 4: in every round a user checks that at least t users take part. @throws ThresholdError. */
export function requireAtLeast(need: number, have: number, { round, of, what, userIds = [] }: Counted): void {
  if (have >= need) return;
  throw new ThresholdError(`${of}: expected at least ${need} ${what}, got ${have}`, { have, need, round, userIds });
}

/**
 * Refuses a set that lacks this user, that is too small, or that lacks too many of the holders of its shares: with so few of
 * them nobody could ever remove its masks, so an honest server would not go on.
 *
 * @param set U2 in round 2, U3 in round 3.
 * @throws ThresholdError, ProtocolError ERR_SECAGG_NOT_INCLUDED.
 */
export function requireOwnSet(
  { parameters, userId }: UserContext,
  { users, position }: { readonly users: number; readonly position: Position },
  set: Members,
  { round, of, name }: { readonly round: Round; readonly of: string; readonly name: 'U2' | 'U3' },
): void {
  if (!hasMember(set, position))
    throw new ProtocolError('ERR_SECAGG_NOT_INCLUDED', `${of}: this user is not in ${name}`, { round });
  requireAtLeast(parameters.threshold, countMembers(set), { round, of, what: `users in ${name}` });
  const holders = neighborhoodsOf(parameters.graph, users).holdersIn(set)(position);
  const what = `holders of this user's shares in ${name}`;
  requireAtLeast(shareThresholdOf(parameters), holders, { round, of, what, userIds: [userId] });
}
