// Round 4: which masks are in the sum of the masked inputs, as the reconstructed secrets tell, and how to remove some of them.
import { agreementWith, importPublicKey, type PeerKey } from '../../crypto/agree.ts';
import { ProtocolError } from '../../leaves/errors.ts';
import { neighborhoodsOf } from '../../graph/graph.ts';
import type { UserId } from '../../leaves/ids.ts';
import type { Position } from '../../leaves/positions.ts';
import { applyMasks, type Mask } from '../../masking/mask-expansion.ts';
import type { Pace } from '../../masking/pace.ts';
import { ringOf, type Lanes } from '../../masking/ring.ts';
import { hasMember, positions } from '../../leaves/members.ts';
import { pairwiseMaskSeed, selfMaskKey } from '../../session/binding.ts';
import { maskSign } from '../../session/notation.ts';
import type { Secret } from './reconstruction.ts';
import type { CollectingAnswers, ServerContext } from '../state.ts';

/** A user, as far as its masks need it. */
interface Masker {
  readonly position: Position;
  readonly userId: UserId;
}

/**
 * Which masks are in a sum, as plain data that can be handed to another thread. CONTAINS SECRETS, those that round 4
 * reveals to the server.
 */
export interface Unmasking {
  readonly bits: number;
  readonly view2: Uint8Array;
  /** U3 with b_u. */
  readonly survivors: readonly (Masker & { readonly maskKey: Uint8Array; readonly selfMaskSeed: Uint8Array })[];
  /** U2∖U3 with s_u^SK, and the positions of the neighbors in U3 that masked with it. */
  readonly dropped: readonly (Masker & { readonly maskSecretKey: Uint8Array; readonly neighbors: readonly Position[] })[];
}

/** Masks of one sum in a fixed order: those from `from` up to but not including `to`. */
export interface MaskRange {
  readonly from: number;
  readonly to: number;
}

export function unmaskingOf(
  { parameters }: ServerContext,
  { directory, u2, u3, view2 }: CollectingAnswers,
  secrets: readonly Secret[],
): Unmasking {
  const secretOf = new Map(secrets.map(({ owner, secret }) => [owner, secret]));
  const all = positions(u2).map((position) => {
    const { userId, maskKey } = directory.line(position);
    return { position, userId, maskKey, secret: secretOf.get(position) ?? new Uint8Array() };
  });
  const graph = neighborhoodsOf(parameters.graph, directory.size);
  return {
    bits: parameters.bits,
    view2,
    survivors: all
      .filter(({ position }) => hasMember(u3, position))
      .map(({ secret, ...user }) => ({ ...user, selfMaskSeed: secret })),
    dropped: all
      .filter(({ position }) => !hasMember(u3, position))
      .map(({ position, userId, secret }) => ({
        position,
        userId,
        maskSecretKey: secret,
        neighbors: graph.neighbors(position).filter((neighbor) => hasMember(u3, neighbor)),
      })),
  };
}

/** |U3| self-masks and, on the complete graph, |U3| · |U2∖U3| pairwise masks. */
export function countMasks({ survivors, dropped }: Unmasking): number {
  return dropped.reduce((sum, { neighbors }) => sum + neighbors.length, survivors.length);
}

/**
 * [BIK+17] Fig. 4, round 4: z = Σ_{u ∈ U3} y_u − Σ_{u ∈ U3} p_u + Σ_{u ∈ U3, v ∈ U2∖U3} p_{v,u}.
 *
 * acc := acc − the masks of a range. Its cost is that of so many masks of the whole length, and an agreement for each that
 * is not a self-mask.
 *
 * @param onMask told after each mask that was made, before it is removed.
 */
export async function removeMasks(
  unmasking: Unmasking,
  range: MaskRange,
  acc: Lanes,
  pace: Pace,
  onMask?: () => void,
): Promise<void> {
  await applyMasks(ringOf(unmasking.bits), acc, masksIn(unmasking, range, onMask), pace);
}

async function* masksIn(
  { view2, survivors, dropped }: Unmasking,
  { from, to }: MaskRange,
  onMask?: () => void,
): AsyncGenerator<Mask> {
  for (const { userId, selfMaskSeed } of survivors.slice(from, to)) {
    yield { seed: selfMaskKey(selfMaskSeed, view2, userId), sign: -1 };
    onMask?.();
  }
  const peers = new Map(survivors.map((user) => [user.position, user]));
  // Imported when first needed: on a sparse graph, and in a range of the masks, few of them are.
  const maskKeys = new Map<Position, PeerKey>();
  let first = survivors.length;
  for (const { userId, maskSecretKey, neighbors } of dropped) {
    const chosen = neighbors.slice(Math.max(0, from - first), Math.max(0, to - first));
    first += neighbors.length;
    if (chosen.length === 0) continue;
    const agree = agreementWith(maskSecretKey);
    for (const neighbor of chosen) {
      const peer = peers.get(neighbor);
      const maskKey = maskKeys.get(neighbor) ?? (peer === undefined ? null : importPublicKey(peer.maskKey));
      const agreed = maskKey === null ? null : await agree(maskKey);
      if (peer === undefined || maskKey === null || agreed === null) {
        throw new ProtocolError('ERR_SECAGG_KEYS', `a mask key that user ${userId} agrees with has small order`, {
          round: 0,
        });
      }
      maskKeys.set(neighbor, maskKey);
      // What the neighbor in U3 added, Δ_{u,v} · PRG(s_{u,v}), with the other sign.
      const seed = pairwiseMaskSeed(agreed, view2, userId, peer.userId);
      agreed.fill(0);
      yield { seed, sign: maskSign(userId, peer.userId) };
      onMask?.();
    }
  }
}

/** Overwrites the secrets once the masks are gone. */
export function wipeUnmasking({ survivors, dropped }: Unmasking): void {
  for (const { selfMaskSeed } of survivors) selfMaskSeed.fill(0);
  for (const { maskSecretKey } of dropped) maskSecretKey.fill(0);
}
