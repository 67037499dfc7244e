// [BIK+17] Fig. 4, round 3 (ConsistencyCheck), user: check U3 and sign it, with all that led to it.
import { ProtocolError } from '../leaves/errors.ts';
import { isSubset, type Members } from '../leaves/members.ts';
import { viewOfRound3 } from '../session/binding.ts';
import { requireOwnSet } from './attendance.ts';
import type { Step } from './step.ts';
import type { AwaitingSignatures, AwaitingSurvivors, UserContext } from './state.ts';

const round = 3;

/** The state to go on with, and the view to sign. */
export function checkConsistency(
  context: UserContext,
  state: AwaitingSurvivors,
  u3: Members,
): Step<Uint8Array, AwaitingSignatures> {
  if (!isSubset(u3, state.u2)) {
    throw new ProtocolError('ERR_SECAGG_SUBSET', 'survivors: U3 has users that are not in U2', { round });
  }
  // A user gives its signature only once, so it is not given for a set that can never be unmasked.
  requireOwnSet(context, state, u3, { round, of: 'survivors', name: 'U3' });
  // [BIK+17] Fig. 4, round 3: σ'_u ← SIG.sign(d_u^SK, U3); here over the digest of directory, U2 and U3.
  const view3 = viewOfRound3(state.view2, u3);
  const { signSecretKey, users, position, peers, u2, ownShare, holdings } = state;
  return {
    state: { phase: 'unmasking', signSecretKey, users, position, peers, u2, u3, view3, ownShare, holdings },
    out: view3,
    spent: [],
  };
}
