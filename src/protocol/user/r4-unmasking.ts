// [BIK+17] Fig. 4, round 4 (Unmasking), user: check that t users signed the same view, then reveal for each user of U2
// its share of b_v or of s_v^SK, never both.
import { fingerprint } from '../../crypto/digest.ts';
import { verify } from '../../crypto/sign.ts';
import { AuthenticationError, ProtocolError, ThresholdError } from '../../errors.ts';
import { at } from '../../lists.ts';
import { countMembers, hasMember, isSubset, positions, type Members } from '../../members.ts';
import { signedBytes } from '../binding.ts';
import type { UnmaskShare } from '../notation.ts';
import type { Step } from '../step.ts';
import { sharesOf, type AwaitingSignatures, type Finished, type UserContext } from './state.ts';

const round = 4;

/** The server's message: who signed, and their signatures of round 3, ascending. */
export interface Signatures {
  readonly u4: Members;
  readonly signatures: readonly Uint8Array[];
}

/** What is revealed, and the view that was signed. */
export interface Revealed {
  readonly view: Uint8Array;
  /** About each user of U2, ascending. */
  readonly answer: readonly UnmaskShare[];
}

export async function unmask(
  context: UserContext,
  state: AwaitingSignatures,
  message: Signatures,
): Promise<Step<Finished, Revealed>> {
  await checkSigners(context, state, message);
  const own = state.userIds.indexOf(context.userId);
  const held = new Map(state.holdings.map(({ position, shares }) => [position, shares]));

  // [BIK+17] Fig. 4, round 4: send b_{v,u} for v ∈ U3 and s^SK_{v,u} for v ∈ U2∖U3, the own share of b_u among them.
  const answer = positions(state.u2).map((position): UnmaskShare => {
    if (position === own) return { kind: 'self-mask', share: state.ownShare };
    const shares = held.get(position);
    if (shares === undefined || shares === null) return { kind: 'reported' };
    return hasMember(state.u3, position)
      ? { kind: 'self-mask', share: shares.selfMask }
      : { kind: 'pairwise-key', share: shares.pairwiseKey };
  });
  return {
    state: { phase: 'finished', userIds: state.userIds, u2: state.u2, u3: state.u3 },
    out: { view: state.view3, answer },
    spent: [state.signSecretKey, state.ownShare, ...state.holdings.flatMap(sharesOf)],
  };
}

/** U4 ⊆ U3, |U4| ≥ t, and every signature verifies over this user's own view. */
async function checkSigners(
  { parameters, tag, publicKeys }: UserContext,
  state: AwaitingSignatures,
  { u4, signatures }: Signatures,
): Promise<void> {
  if (!isSubset(u4, state.u3)) {
    throw new ProtocolError('ERR_SECAGG_SET', 'signatures: U4 has users that are not in U3', { round });
  }
  const users = countMembers(u4);
  const { threshold } = parameters;
  if (users < threshold) {
    const message = `signatures: expected at least ${String(threshold)} users in U4, got ${String(users)}`;
    throw new ThresholdError(message, { have: users, need: threshold, round });
  }
  if (signatures.length !== users) {
    const message = `signatures: expected ${String(users)}, got ${String(signatures.length)}`;
    throw new ProtocolError('ERR_SECAGG_SET', message, { round });
  }
  // [BIK+17] Fig. 4, round 4: SIG.ver(d_v^PK, U3, σ'_v) = 1 for all v ∈ U4
  const bodyDigest = fingerprint(state.view3);
  for (const [i, position] of positions(u4).entries()) {
    const signer = at(state.userIds, position);
    const signPublicKey = publicKeys.get(signer);
    const signed = signedBytes(tag, 3, signer, bodyDigest);
    if (signPublicKey === undefined || !(await verify(signPublicKey, signed, at(signatures, i)))) {
      const message = `signatures: user ${String(signer)} did not sign this user's view`;
      throw new AuthenticationError(message, { round });
    }
  }
}
