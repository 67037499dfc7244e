// Round 4: from the sum of the masked inputs and the reconstructed secrets to the sum of the inputs.
import { agreementWith } from '../../crypto/agree.ts';
import { ProtocolError } from '../../errors.ts';
import { completeGraph } from '../../graph/complete.ts';
import { at } from '../../lists.ts';
import { applyMask, type Mask } from '../../masking/expand.ts';
import { ringOf, type Lanes } from '../../masking/ring.ts';
import { hasMember } from '../../members.ts';
import { pairwiseMaskSeed, selfMaskKey } from '../binding.ts';
import { maskSign } from '../notation.ts';
import type { Secret } from './reconstruction.ts';
import type { CollectingAnswers, ServerContext } from './state.ts';

/**
 * [BIK+17] Fig. 4, round 4: z = Σ_{u ∈ U3} y_u − Σ_{u ∈ U3} p_u + Σ_{u ∈ U3, v ∈ U2∖U3} p_{v,u}. Works on a copy: where
 * it ends early, the state is as it was. Costs |U3| + |U3| · |U2∖U3| masks of the whole length.
 */
export async function removeMasks(
  { parameters }: ServerContext,
  state: CollectingAnswers,
  secrets: readonly Secret[],
): Promise<Lanes> {
  const ring = ringOf(parameters.bits);
  const sum = Uint8Array.from(state.sum);
  for (const { owner, secret } of secrets) {
    const masks = hasMember(state.u3, owner) ? [selfMask(state, owner, secret)] : pairwiseMasks(state, owner, secret);
    for await (const mask of masks) {
      await applyMask(ring, sum, mask);
      mask.seed.fill(0);
    }
    secret.fill(0);
  }
  return sum;
}

function selfMask({ directory, view2 }: CollectingAnswers, owner: number, selfMaskSeed: Uint8Array): Mask {
  return { seed: selfMaskKey(selfMaskSeed, view2, at(directory, owner).userId), sign: -1 };
}

/** What each neighbour in U3 added for a user that is not in U3: Δ_{u,v} · PRG(s_{u,v}), here with the other sign. */
async function* pairwiseMasks(
  { directory, view2, u3 }: CollectingAnswers,
  dropped: number,
  maskSecretKey: Uint8Array,
): AsyncGenerator<Mask> {
  const agree = agreementWith(maskSecretKey);
  const { userId } = at(directory, dropped);
  for (const survivor of completeGraph(directory.length).neighbours(dropped)) {
    if (!hasMember(u3, survivor)) continue;
    const peer = at(directory, survivor);
    const agreed = await agree(peer.maskKey);
    if (agreed === null) {
      throw new ProtocolError('ERR_SECAGG_KEYS', `user ${String(peer.userId)} advertised a key of small order`, { round: 0 });
    }
    yield { seed: pairwiseMaskSeed(agreed, view2, userId, peer.userId), sign: maskSign(dropped, survivor) };
    agreed.fill(0);
  }
}
