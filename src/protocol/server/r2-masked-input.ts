// [BIK+17] Fig. 4, round 2 (MaskedInputCollection), server: add up the masked inputs of at least t users, U3.
import { equalBytes } from '../../bytes.ts';
import { ProtocolError } from '../../errors.ts';
import { unpack } from '../../masking/pack.ts';
import { accumulate, ringOf } from '../../masking/ring.ts';
import { membersOf, positions } from '../../members.ts';
import type { DroppedUser } from '../../progress.ts';
import { dealDigest, maskedInputView, viewOfRound3 } from '../binding.ts';
import { commitmentsOf } from '../deals.ts';
import { requireThreshold, silent, userIdAt } from './roster.ts';
import type { CollectingInputs, CollectingSignatures, DealtCommitments, ServerContext } from './state.ts';

const round = 2;

/** @param vector bit-packed and of the session's length, as the codec has checked. */
export function receiveMaskedInput(
  { parameters }: ServerContext,
  state: CollectingInputs,
  position: number,
  { view, vector }: { readonly view: Uint8Array; readonly vector: Uint8Array },
): void {
  const deal = state.deals.get(position);
  if (deal === undefined || !equalBytes(view, maskedInputView(state.view2, dealDigest(deal)))) {
    // Its masks would not cancel, or be masks that no shares can remove: the sum would be noise.
    const userId = userIdAt(state.directory, position);
    const message = `masked input: user ${String(userId)} made it for another directory, U2 or deal`;
    throw new ProtocolError('ERR_SECAGG_VIEW', message, { round, userIds: [userId] });
  }
  // All checks have passed: from here on nothing throws, so that the sum and who is in it stay together.
  const ring = ringOf(parameters.bits);
  accumulate(ring, state.sum, unpack(ring, vector, parameters.vecLen), 1);
  state.heard.add(position);
}

export function closeMaskedInputs({ parameters }: ServerContext, state: CollectingInputs): [CollectingSignatures, DroppedUser[]] {
  const { directory, binding, u2, view2, deals, heard } = state;
  requireThreshold(heard.size, parameters.threshold, round);
  const u3 = membersOf(heard, directory.length);
  const commitments = new Map<number, DealtCommitments>();
  for (const [position, { seedCommitment, ownShareCommitment, sealed }] of deals) {
    commitments.set(position, { seedCommitment, ownShareCommitment, shares: commitmentsOf(sealed) });
  }
  const next: CollectingSignatures = {
    phase: 'consistency-check',
    directory,
    binding,
    u2,
    u3,
    view2,
    view3: viewOfRound3(view2, u3),
    commitments,
    sum: state.sum,
    signatures: new Map(),
  };
  return [next, silent(directory, positions(u2), heard, { round, reason: 'no-masked-input' })];
}
