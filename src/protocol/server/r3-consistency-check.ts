// [BIK+17] Fig. 4, round 3 (ConsistencyCheck), server: collect the signatures of at least t users, U4, and pass them on.
import { membersOf, positions } from '../../members.ts';
import type { DroppedUser } from '../../progress.ts';
import { requireThreshold, requireView, silent, userIdAt } from './roster.ts';
import type { CollectingAnswers, CollectingSignatures, ServerContext } from './state.ts';

const round = 3;

export function receiveSignature(
  state: CollectingSignatures,
  position: number,
  { view, signature }: { readonly view: Uint8Array; readonly signature: Uint8Array },
): void {
  // Passed on, a signature over another view would make every other user abort.
  requireView(view, state.view3, { round, userId: userIdAt(state.directory, position) });
  state.signatures.set(position, signature);
}

export function closeSignatures({ parameters }: ServerContext, state: CollectingSignatures): [CollectingAnswers, DroppedUser[]] {
  const { directory, binding, u2, u3, view2, commitments, sum } = state;
  requireThreshold(state.signatures.size, parameters.threshold, round);
  const signatures = [...state.signatures].sort(([a], [b]) => a - b).map(([, signature]) => signature);
  const u4 = membersOf(state.signatures.keys(), directory.length);
  const answers = new Map<number, never>();
  const next: CollectingAnswers = {
    phase: 'unmasking',
    directory,
    binding,
    u2,
    u3,
    u4,
    view2,
    commitments,
    sum,
    signatures,
    answers,
  };
  return [next, silent(directory, positions(u3), state.signatures, { round, reason: 'no-signature' })];
}
