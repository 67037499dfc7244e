// [BIK+17] Fig. 4, round 3 (ConsistencyCheck), user: check U3 and sign it, with all that led to it.
import { ProtocolError, ThresholdError } from '../leaves/errors.ts';
import { countMembers, hasMember, isSubset, type Members } from '../leaves/members.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import { shareThresholdOf } from '../session/parameters.ts';
import { viewOfRound3 } from '../session/binding.ts';
import type { Step } from './step.ts';
import type { AwaitingSignatures, AwaitingSurvivors, UserContext } from './state.ts';

const round = 3;

/** The state to go on with, and the view to sign. */
export function checkConsistency(
  { parameters, userId }: UserContext,
  state: AwaitingSurvivors,
  u3: Members,
): Step<Uint8Array, AwaitingSignatures> {
  if (!isSubset(u3, state.u2)) {
    throw new ProtocolError('ERR_SECAGG_SUBSET', 'survivors: U3 has users that are not in U2', { round });
  }
  if (!hasMember(u3, state.position)) {
    throw new ProtocolError('ERR_SECAGG_NOT_INCLUDED', 'survivors: this user is not in U3', { round });
  }
  const have = countMembers(u3);
  const need = parameters.threshold;
  if (have < need) {
    throw new ThresholdError(`survivors: expected at least ${need} users in U3, got ${have}`, {
      have,
      need,
      round,
    });
  }
  const holders = neighborhoodsOf(parameters.graph, state.users).holdersIn(u3)(state.position);
  const share = shareThresholdOf(parameters);
  if (holders < share) {
    // So few holders could never confirm this view to the user in round 4, so it does not give its signature, which it can
    // give only once.
    const message = `survivors: expected at least ${share} holders of this user's shares in U3, got ${holders}`;
    throw new ThresholdError(message, { have: holders, need: share, round, userIds: [userId] });
  }
  // [BIK+17] Fig. 4, round 3: σ'_u ← SIG.sign(d_u^SK, U3); here over the digest of directory, U2 and U3.
  const view3 = viewOfRound3(state.view2, u3);
  const { signSecretKey, users, position, peers, u2, ownShare, holdings } = state;
  return {
    state: { phase: 'unmasking', signSecretKey, users, position, peers, u2, u3, view3, ownShare, holdings },
    out: view3,
    spent: [],
  };
}
