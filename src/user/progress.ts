// Where a user stands, told from its state.
import { neighborhoodsOf } from '../graph/graph.ts';
import { colludersBorne } from '../graph/policy.ts';
import { at } from '../leaves/lists.ts';
import { countMembers } from '../leaves/members.ts';
import type { UserProgress } from '../leaves/progress.ts';
import { errorOf } from '../session/failure.ts';
import { ROUND_OF_PHASE } from '../session/notation.ts';
import type { Parameters } from '../session/parameters.ts';
import type { UserSnapshot, UserState } from './state.ts';

export function userProgress({ state, revision, input, context }: UserSnapshot): UserProgress {
  const round = state.phase === 'failed' ? null : ROUND_OF_PHASE[state.phase];
  const users = sizesOf(state);
  return {
    round,
    revision,
    needsVector: round !== null && round <= 2 && input === null,
    needsPublicKeys: round !== null && round <= 1 && context.publicKeys === null,
    users,
    unusableDeals: unusableDeals(context.parameters, state),
    colludersBorne: users[0] === undefined ? null : colludersBorne(context.parameters, context.policy, users[0]),
    error: state.phase === 'failed' ? errorOf(state) : null,
  };
}

/** |U1|, |U2|, |U3|, as far as they are known. */
function sizesOf(state: UserState): number[] {
  if (!('users' in state)) return [];
  const sets = ['u2' in state ? state.u2 : null, 'u3' in state ? state.u3 : null];
  return [state.users, ...sets.flatMap((set) => (set === null ? [] : [countMembers(set)]))];
}

/** The users whose shares this user could not use, ascending. */
function unusableDeals({ graph }: Parameters, state: UserState): number[] {
  if (!('holdings' in state)) return [];
  const around = neighborhoodsOf(graph, state.users);
  const unusable = state.holdings.filter(({ shares }) => shares === null);
  return unusable.map(({ position }) => at(state.peers, around.neighborIndex(state.position, position))).sort((a, b) => a - b);
}
