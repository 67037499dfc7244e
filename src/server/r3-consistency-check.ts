// [BIK+17] Fig. 4, round 3 (ConsistencyCheck), server: collect the signatures of at least t users, U4, and pass them on.
import { neighborhoodsOf } from '../graph/graph.ts';
import { hasMember, membersOf, positions } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import type { ConsistencyMessage, SignaturesMessage } from '../session/messages.ts';
import { isEnough, requireNeighborhoods, requireThreshold, requireView, silent } from './attendance.ts';
import { union, type DirectoryRound } from './round-interface.ts';
import type { CollectingAnswers, CollectingSignatures, ServerContext } from './state.ts';

const round = 3;

export const consistencyCheck: DirectoryRound<CollectingSignatures, ConsistencyMessage> = {
  number: round,
  speakers: ({ u3 }) => u3,
  view: ({ view3 }) => view3,

  receive(_, { directory, view3, signatures }, position, { view, signature }) {
    // Passed on, a signature over another view would make every other user abort.
    requireView(view, view3, { round, userId: directory.userIdAt(position) });
    signatures.set(position, signature);
    return [];
  },

  heard: ({ signatures }) => signatures.keys(),

  ready({ parameters }, { directory, u2 }, heard) {
    return isEnough(parameters, directory, heard, u2);
  },

  close({ parameters }, state) {
    const { directory, u2, u3, signatures } = state;
    requireThreshold(signatures.size, parameters.threshold, round);
    const u4 = membersOf(signatures.keys(), directory.size);
    const graph = neighborhoodsOf(parameters.graph, directory.size);
    requireNeighborhoods(parameters, graph, { roster: directory, u2, present: u4, round });
    const next: CollectingAnswers = {
      ...state,
      phase: 'unmasking',
      u4,
      signatures: new Map(signatures),
      answers: new Map(),
    };
    return { state: next, dropped: silent(directory, positions(u3), signatures, { round, reason: 'no-signature' }) };
  },

  base: (_, { view3 }) => view3,
  part: ({ phase, signatures }) => ({ phase, signatures }),
  merged: (_, state, { signatures }) => ({ ...state, signatures: union(signatures, state.signatures) }),
};

/** Which holders of a user's shares are in U4, by their indices in the graph's list, and what they signed. */
export function signaturesFor(
  { parameters }: ServerContext,
  { directory, u4, signatures }: CollectingAnswers,
  position: Position,
): SignaturesMessage {
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
