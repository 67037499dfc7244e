// [BIK+17] Fig. 4, round 2 (MaskedInputCollection), user: open the shares that others dealt, mask the input.
import { agreementWith } from '../crypto/agree.ts';
import { open } from '../crypto/seal.ts';
import { secretCopyOf, wipe, wipedOnError } from '../leaves/bytes.ts';
import { ProtocolError } from '../leaves/errors.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import type { UserId } from '../leaves/ids.ts';
import { at } from '../leaves/lists.ts';
import type { AbortSignalLike } from '../leaves/signals.ts';
import { OpenMasks, type Mask } from '../masking/mask-expansion.ts';
import { Pace } from '../masking/pace.ts';
import { packMasked } from '../masking/bit-packing.ts';
import { ringOf, type Lanes } from '../masking/ring.ts';
import { hasMember } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import { RECORD_BYTES, SHARE_BYTES } from '../leaves/sizes.ts';
import { isShareOf, maskedInputView, pairwiseMaskSeed, sealData, selfMaskKey, viewOfRound2 } from '../session/binding.ts';
import { sealedAt, type SealedShares } from '../session/deals.ts';
import type { MaskedInputMessage, SharesMessage } from '../session/messages.ts';
import { maskSign, type HeldShares } from '../session/notation.ts';
import { requireOwnSet } from './attendance.ts';
import type { Step } from './step.ts';
import type { AwaitingSealedShares, AwaitingSurvivors, Holding, Peer, UserContext } from './state.ts';

const round = 2;

/** What a user masks, and a signal that calls the work off. */
export interface GivenInput {
  /** x_u as lanes; not changed. */
  readonly input: Lanes;
  /** Memory for y_u, ⌈vecLen · bits / 8⌉ bytes; what the step gives is this. */
  readonly vector: Uint8Array;
  readonly signal?: AbortSignalLike | undefined;
}

export async function maskInput(
  context: UserContext,
  state: AwaitingSealedShares,
  message: SharesMessage,
  { input, vector, signal }: GivenInput,
): Promise<Step<MaskedInputMessage, AwaitingSurvivors>> {
  const { u2 } = message;
  const { users, position, peers } = state;
  const graph = neighborhoodsOf(context.parameters.graph, users);
  const dealers = graph
    .neighbors(position)
    .map((dealer, i): Dealer => ({ position: dealer, ...at(peers, i) }))
    .filter((dealer) => hasMember(u2, dealer.position));
  checkSharers(context, state, message, dealers.length);

  const view2 = viewOfRound2(state.directoryDigest, u2);
  const pace = new Pace(signal);
  const holdings = await wipedOnError(async (note) => {
    const opened: Holding[] = [];
    for (const [i, dealer] of dealers.entries()) {
      const shares = openShares(dealer, context.userId, state.directoryDigest, sealedAt(message.sealed, i));
      if (shares !== null) note(shares.selfMask, shares.pairwiseKey);
      opened.push({ position: dealer.position, shares });
      await pace.maybePause();
    }
    await mask(context, state, { dealers, view2, input, vector, pace });
    return opened;
  });

  return {
    state: {
      phase: 'consistency-check',
      signSecretKey: state.signSecretKey,
      users,
      position,
      peers: peers.map(({ userId }) => userId),
      u2,
      view2,
      ownShare: state.ownShare,
      holdings,
    },
    out: { view: maskedInputView(view2, state.dealDigest), vector },
    // The shares are open and the input is masked, so the keys for both are not needed again.
    spent: [state.maskSecretKey, state.selfMaskSeed, ...peers.map(({ openingKey }) => openingKey)],
  };
}

/** A neighbor in U2. */
interface Dealer extends Peer {
  readonly position: Position;
}

/**
 * Checks that the message is for this user, that |U2| ≥ t, that the user and enough holders of its shares are in U2, and that
 * there is one pair of shares from each dealer. U2 ⊆ U1 holds for every set of positions.
 */
function checkSharers(context: UserContext, state: AwaitingSealedShares, message: SharesMessage, dealers: number): void {
  const { u2, receiver, sealed } = message;
  if (receiver !== context.userId) {
    // None of its records would open, and this user would report every honest dealer.
    const text = `shares: expected those for user ${context.userId}, got those for user ${receiver}`;
    throw new ProtocolError('ERR_SECAGG_RECIPIENT', text, { round });
  }
  requireOwnSet(context, state, u2, { round, of: 'shares', name: 'U2' });
  if (sealed.length !== dealers * RECORD_BYTES) {
    const text = `shares: expected sealed shares of ${dealers} users, got ${sealed.length} bytes`;
    throw new ProtocolError('ERR_SECAGG_COUNT', text, { round });
  }
}

/**
 * In [BIK+17] Fig. 4 a user opens the ciphertexts in round 4, and aborts if one does not open. DEVIATION: they are opened
 * here, and a deal that cannot be used is remembered and reported in round 4, so that one bad dealer does not stop its peers.
 */
function openShares(dealer: Dealer, holder: UserId, directoryDigest: Uint8Array, sealed: SealedShares): HeldShares | null {
  const owner = dealer.userId;
  const plaintext = open(dealer.openingKey, sealData(directoryDigest, owner, holder), sealed.ciphertext);
  if (plaintext === null) return null;
  const shares = {
    pairwiseKey: secretCopyOf(plaintext.subarray(0, SHARE_BYTES)),
    selfMask: secretCopyOf(plaintext.subarray(SHARE_BYTES)),
  };
  plaintext.fill(0);
  const matching =
    isShareOf(
      directoryDigest,
      'pairwise-key',
      { owner, holder, commitment: sealed.commitments.pairwiseKey },
      shares.pairwiseKey,
    ) && isShareOf(directoryDigest, 'self-mask', { owner, holder, commitment: sealed.commitments.selfMask }, shares.selfMask);
  if (matching) return shares;
  wipe([shares.pairwiseKey, shares.selfMask]);
  return null;
}

/** What a user's masks are made from. */
interface Masking {
  readonly dealers: readonly Dealer[];
  readonly view2: Uint8Array;
  readonly input: Lanes;
  readonly vector: Uint8Array;
  readonly pace: Pace;
}

/** [BIK+17] Fig. 4, round 2: y_u = x_u + p_u + Σ_{v ∈ U2} p_{u,v} mod R, p_{u,v} = Δ_{u,v} · PRG(s_{u,v}), p_u = PRG(b_u). */
async function mask(
  { parameters, userId }: UserContext,
  state: AwaitingSealedShares,
  { dealers, view2, input, vector, pace }: Masking,
): Promise<void> {
  const ring = ringOf(parameters.bits);
  const masks = await wipedOnError(async (note) => {
    const all: Mask[] = [];
    const push = (seed: Uint8Array, sign: Mask['sign']): void => {
      note(seed);
      all.push({ seed, sign });
    };
    push(selfMaskKey(state.selfMaskSeed, view2, userId), 1);
    const agree = agreementWith(state.maskSecretKey);
    for (const dealer of dealers) {
      const agreed = await agree(dealer.maskKey);
      if (agreed === null) throw new ProtocolError('ERR_SECAGG_KEYS', 'shares: a mask key has small order', { round });
      push(pairwiseMaskSeed(agreed, view2, userId, dealer.userId), maskSign(userId, dealer.userId));
      agreed.fill(0);
      await pace.maybePause();
    }
    return OpenMasks.of(ring, all, pace);
  });
  await packMasked(ring, input, masks, vector, pace);
}
