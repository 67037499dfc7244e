// [BIK+17] Fig. 4, round 2 (MaskedInputCollection), server: add up the masked inputs of at least t users, U3.
import { neighborhoodsOf } from '../graph/graph.ts';
import { StateError } from '../leaves/errors.ts';
import { membersOf, positions } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import { ringOf } from '../masking/ring.ts';
import { addLanes, addPacked } from '../masking/running-sum.ts';
import { digestOfDeal, maskedInputView, viewOfRound3 } from '../session/binding.ts';
import { commitmentsOf } from '../session/deals.ts';
import type { MaskedInputMessage } from '../session/messages.ts';
import { isEnough, requireNeighborhoods, requireThreshold, requireView, silent } from './attendance.ts';
import type { DirectoryRound } from './round-interface.ts';
import type { CollectingInputs, CollectingSignatures, DealtCommitments, FiledDeal } from './state.ts';

const round = 2;

const NOTHING = new Uint8Array();

export const maskedInput: DirectoryRound<CollectingInputs, MaskedInputMessage> = {
  number: round,
  speakers: ({ u2 }) => u2,

  /** An input that was masked for another U2 or another deal would make the sum noise. */
  view({ directoryDigest, view2, deals }, position) {
    const deal = deals.get(position);
    if (deal === undefined) return NOTHING;
    return maskedInputView(view2, 'digest' in deal ? deal.digest : digestOfDeal(directoryDigest, deal));
  },

  /** The codec has checked that the vector is bit-packed and has the session's length. */
  receive({ parameters }, state, position, { view, vector }) {
    requireView(view, maskedInput.view(state, position), { round, userId: state.directory.userIdAt(position) });
    // All checks have passed: from here on nothing throws, so that the sum and who is in it stay together.
    addPacked(ringOf(parameters.bits), state.sum, vector);
    state.heard.add(position);
    return [];
  },

  heard: ({ heard }) => heard,

  ready({ parameters }, { directory, u2 }, heard) {
    return isEnough(parameters, directory, heard, u2);
  },

  close({ parameters }, { directory, directoryDigest, u2, view2, deals, sum, heard }) {
    requireThreshold(heard.size, parameters.threshold, round);
    const u3 = membersOf(heard, directory.size);
    // If too few holders of a user's shares remain, the masks of its input can never be removed from the sum.
    const graph = neighborhoodsOf(parameters.graph, directory.size);
    requireNeighborhoods(parameters, graph, { roster: directory, u2, present: u3, round });
    const commitments = new Map<Position, DealtCommitments | FiledDeal>();
    for (const [position, deal] of deals) {
      if ('digest' in deal) commitments.set(position, deal);
      else {
        const { seedCommitment, ownShareCommitment, sealed } = deal;
        commitments.set(position, { seedCommitment, ownShareCommitment, shares: commitmentsOf(sealed) });
      }
    }
    const view3 = viewOfRound3(view2, u3);
    const state: CollectingSignatures = {
      phase: 'consistency-check',
      directory,
      directoryDigest,
      u2,
      u3,
      view2,
      view3,
      commitments,
      sum,
      signatures: new Map(),
    };
    return { state, dropped: silent(directory, positions(u2), heard, { round, reason: 'no-masked-input' }) };
  },

  base: (_, { view2 }) => view2,
  part: ({ phase, heard, sum }) => ({ phase, heard, sum }),

  merged({ parameters }, state, part) {
    if (part.sum.length !== state.sum.length) {
      throw new StateError(`part: expected a sum of ${state.sum.length} bytes, got ${part.sum.length}`);
    }
    const sum = new Uint8Array(state.sum);
    addLanes(ringOf(parameters.bits), sum, part.sum);
    return { ...state, sum, heard: new Set([...state.heard, ...part.heard]) };
  },
};
