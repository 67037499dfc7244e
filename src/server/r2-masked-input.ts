// [BIK+17] Fig. 4, round 2 (MaskedInputCollection), server: add up the masked inputs of at least t users, U3.
import { neighborhoodsOf } from '../graph/graph.ts';
import { accumulatePacked } from '../masking/pack.ts';
import { ringOf } from '../masking/ring.ts';
import { membersOf, positions } from '../leaves/members.ts';
import type { DroppedUser } from '../leaves/progress.ts';
import { dealDigest, maskedInputView, viewOfRound3 } from '../session/binding.ts';
import { commitmentsOf } from '../session/deals.ts';
import { requireNeighborhoods, requireThreshold, requireView, silent } from './attendance.ts';
import type { CollectingInputs, CollectingSignatures, DealtCommitments, ServerContext } from './state.ts';

const round = 2;

const NOTHING = new Uint8Array();

/** @param vector bit-packed and of the session's length, as the codec has checked. */
export function receiveMaskedInput(
  { parameters }: ServerContext,
  state: CollectingInputs,
  position: number,
  { view, vector }: { readonly view: Uint8Array; readonly vector: Uint8Array },
): void {
  // Made for another U2 its masks would not cancel; made for another deal no shares could remove them: the sum would be
  // noise.
  const deal = state.deals.get(position);
  const made = deal === undefined ? NOTHING : maskedInputView(state.view2, dealDigest(state.binding, deal));
  requireView(view, made, { round, userId: state.directory.userIdAt(position) });
  // All checks have passed: from here on nothing throws, so that the sum and who is in it stay together.
  const ring = ringOf(parameters.bits);
  accumulatePacked(ring, state.sum, vector);
  state.heard.add(position);
}

export function closeMaskedInputs({ parameters }: ServerContext, state: CollectingInputs): [CollectingSignatures, DroppedUser[]] {
  const { directory, binding, u2, view2, deals, heard } = state;
  requireThreshold(heard.size, parameters.threshold, round);
  const u3 = membersOf(heard, directory.size);
  // An input is in the sum for good: if too few of those who could open its mask are left, no sum will ever come.
  const graph = neighborhoodsOf(parameters.graph, directory.size);
  requireNeighborhoods(parameters, graph, { roster: directory, u2, present: u3, round });
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
