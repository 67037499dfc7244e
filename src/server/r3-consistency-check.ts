// [BIK+17] Fig. 4, round 3 (ConsistencyCheck), server: collect the signatures of at least t users, U4, and pass them on.
import { neighborhoodsOf } from '../graph/graph.ts';
import { hasMember, membersOf, positions, type Members } from '../leaves/members.ts';
import type { DroppedUser } from '../leaves/progress.ts';
import { requireNeighborhoods, requireThreshold, requireView, silent } from './attendance.ts';
import type { CollectingAnswers, CollectingSignatures, ServerContext } from './state.ts';

const round = 3;

export function receiveSignature(
  state: CollectingSignatures,
  position: number,
  { view, signature }: { readonly view: Uint8Array; readonly signature: Uint8Array },
): void {
  // Passed on, a signature over another view would make every other user abort.
  requireView(view, state.view3, { round, userId: state.directory.userIdAt(position) });
  state.signatures.set(position, signature);
}

export function closeSignatures({ parameters }: ServerContext, state: CollectingSignatures): [CollectingAnswers, DroppedUser[]] {
  const { directory, binding, u2, u3, view2, view3, commitments, sum } = state;
  requireThreshold(state.signatures.size, parameters.threshold, round);
  const u4 = membersOf(state.signatures.keys(), directory.size);
  const graph = neighborhoodsOf(parameters.graph, directory.size);
  requireNeighborhoods(parameters, graph, { roster: directory, u2, present: u4, round });
  const answers = new Map<number, never>();
  const next: CollectingAnswers = {
    phase: 'unmasking',
    directory,
    binding,
    u2,
    u3,
    u4,
    view2,
    view3,
    commitments,
    sum,
    signatures: new Map(state.signatures),
    answers,
  };
  return [next, silent(directory, positions(u3), state.signatures, { round, reason: 'no-signature' })];
}

/** Which holders of a user's shares are in U4, by their indices in the graph's list, and what they signed. */
export function signaturesFor(
  { parameters }: ServerContext,
  { directory, u4, signatures }: CollectingAnswers,
  position: number,
): { signers: Members; signatures: Uint8Array[] } {
  const graph = neighborhoodsOf(parameters.graph, directory.size);
  const signing = graph.holders(position).flatMap((holder, i) => (hasMember(u4, holder) ? [{ holder, i }] : []));
  return {
    signers: membersOf(
      signing.map(({ i }) => i),
      graph.groupSize,
    ),
    signatures: signing.flatMap(({ holder }) => signatures.get(holder) ?? []),
  };
}
