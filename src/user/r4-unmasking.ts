// [BIK+17] Fig. 4, round 4 (Unmasking), user: check that t users signed the same view, on a sparse graph t of its neighbors, then
// reveal for each user of U2 whose shares it holds that of b_v or of s_v^SK, never both.
import { fingerprint } from '../crypto/digest.ts';
import { firstForged } from '../crypto/sign.ts';
import { AuthenticationError, ProtocolError } from '../leaves/errors.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import type { Neighborhoods } from '../graph/neighborhoods.ts';
import type { UserId } from '../leaves/ids.ts';
import { at } from '../leaves/lists.ts';
import { hasMember } from '../leaves/members.ts';
import { shareThresholdOf } from '../session/parameters.ts';
import { signedBytes } from '../session/binding.ts';
import type { SignaturesMessage, UnmaskMessage, UnmaskShare } from '../session/messages.ts';
import { requireAtLeast } from './attendance.ts';
import type { Step } from './step.ts';
import { ownShareOf, sharesOf, type AwaitingSignatures, type Finished, type UserContext } from './state.ts';

const round = 4;

/** Reveals one share of each user of U2 whose shares this user holds. */
export async function revealShares(
  context: UserContext,
  state: AwaitingSignatures,
  message: SignaturesMessage,
): Promise<Step<UnmaskMessage, Finished>> {
  const { users, position: own, u2, u3 } = state;
  const graph = neighborhoodsOf(context.parameters.graph, users);
  await checkSigners(context, state, graph, message);
  const held = new Map(state.holdings.map(({ position, shares }) => [position, shares]));

  // [BIK+17] Fig. 4, round 4: send b_{v,u} for v ∈ U3 and s^SK_{v,u} for v ∈ U2∖U3, the own share of b_u among them.
  const owners = graph.holders(own).filter((position) => hasMember(u2, position));
  const answer = owners.map((position): UnmaskShare => {
    if (position === own && state.ownShare !== null) return { kind: 'self-mask', share: state.ownShare };
    const shares = held.get(position);
    if (shares === undefined || shares === null) return { kind: 'reported' };
    return hasMember(u3, position)
      ? { kind: 'self-mask', share: shares.selfMask }
      : { kind: 'pairwise-key', share: shares.pairwiseKey };
  });
  return {
    state: { phase: 'finished', users, position: own, u2, u3 },
    out: { view: state.view3, answer },
    spent: [state.signSecretKey, ...ownShareOf(state), ...state.holdings.flatMap(sharesOf)],
  };
}

/**
 * U4 ⊆ U3, |U4| ≥ t, and every signature verifies over this user's own view. On a sparse graph all three are about its neighbors:
 * for them it would open its neighborhood, and that t of them saw the same view is what keeps two views apart.
 */
async function checkSigners(
  { parameters, tag, userId, publicKeys }: UserContext,
  { position: own, peers, u3, view3 }: AwaitingSignatures,
  graph: Neighborhoods,
  { signers, signatures }: SignaturesMessage,
): Promise<void> {
  const holders = graph.holders(own).filter((_, i) => hasMember(signers, i));
  if (!holders.every((holder) => hasMember(u3, holder))) {
    throw new ProtocolError('ERR_SECAGG_SUBSET', 'signatures: U4 has users that are not in U3', { round });
  }
  const have = holders.length;
  requireAtLeast(shareThresholdOf(parameters), have, { round, of: 'signatures', what: 'users in U4' });
  if (signatures.length !== have) {
    const message = `signatures: expected ${have}, got ${signatures.length}`;
    throw new ProtocolError('ERR_SECAGG_COUNT', message, { round });
  }
  // [BIK+17] Fig. 4, round 4: SIG.ver(d_v^PK, U3, σ'_v) = 1 for all v ∈ U4
  const bodyDigest = fingerprint(view3);
  const signerAt = (i: number): UserId => {
    const holder = at(holders, i);
    return holder === own ? userId : at(peers, graph.neighborIndex(own, holder));
  };
  const forged = await firstForged(have, (i) => {
    const signer = signerAt(i);
    const message = signedBytes(tag, 3, signer, bodyDigest);
    return { publicKey: publicKeys.get(signer), message, signature: at(signatures, i) };
  });
  if (forged === -1) return;
  throw new AuthenticationError(`signatures: user ${signerAt(forged)} did not sign this user's view`, { round });
}
