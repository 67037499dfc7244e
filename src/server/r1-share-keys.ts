// [BIK+17] Fig. 4, round 1 (ShareKeys), server: collect the deals of at least t users, U2, and route the ciphertexts.
import { neighborhoodsOf } from '../graph/graph.ts';
import { concat } from '../leaves/bytes.ts';
import { ProtocolError } from '../leaves/errors.ts';
import { membersOf } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import { RECORD_BYTES } from '../leaves/sizes.ts';
import { zeroSum } from '../masking/running-sum.ts';
import { ringOf } from '../masking/ring.ts';
import { viewOfRound2 } from '../session/binding.ts';
import type { Deal, ShareKeysMessage } from '../session/messages.ts';
import { isEnough, requireNeighborhoods, requireThreshold, requireView, silent } from './attendance.ts';
import { DealMap } from './deal-map.ts';
import { union, type DirectoryRound } from './round-interface.ts';
import type { CollectingDeals, CollectingInputs, ServerContext } from './state.ts';

const round = 1;

export const shareKeys: DirectoryRound<CollectingDeals, ShareKeysMessage> = {
  number: round,
  speakers: () => null,
  view: ({ directoryDigest }) => directoryDigest,

  receive({ parameters }, state, position, message) {
    const { directory, deals } = state;
    const userId = directory.userIdAt(position);
    requireView(message.directoryDigest, shareKeys.view(state, position), { round, userId });
    const { sealed } = message.deal;
    const neighbors = neighborhoodsOf(parameters.graph, directory.size).degree;
    if (sealed.length !== neighbors * RECORD_BYTES) {
      const text = `shares: expected ${neighbors} records of ${RECORD_BYTES} bytes, got ${sealed.length} bytes`;
      throw new ProtocolError('ERR_SECAGG_COUNT', text, { round, userIds: [userId] });
    }
    deals.set(position, message.deal); // copied: it is a view of the message
    return [];
  },

  heard: ({ deals }) => deals.keys(),

  ready({ parameters }, { directory }, heard) {
    return isEnough(parameters, directory, heard, null);
  },

  close({ parameters }, { directory, directoryDigest, deals }) {
    requireThreshold(deals.size, parameters.threshold, round);
    const u2 = membersOf(deals.keys(), directory.size);
    const graph = neighborhoodsOf(parameters.graph, directory.size);
    requireNeighborhoods(parameters, graph, { roster: directory, u2, present: u2, round });
    const state: CollectingInputs = {
      phase: 'masked-input',
      directory,
      directoryDigest,
      u2,
      view2: viewOfRound2(directoryDigest, u2),
      deals: new Map(deals),
      sum: zeroSum(ringOf(parameters.bits), parameters.vecLen),
      heard: new Set(),
    };
    return { state, dropped: silent(directory, directory.positions, deals, { round, reason: 'no-shares' }) };
  },

  base: (_, { directoryDigest }) => directoryDigest,
  part: ({ phase, deals }) => ({ phase, deals }),
  // Parts are of servers that hold their records.
  merged: (_, state, { deals }) => ({ ...state, deals: DealMap.of(union(deals, state.deals) as Map<Position, Deal>) }),
};

/** What the neighbors of a user dealt to it, those in U2, in the graph's order. */
export function sealedFor({ parameters }: ServerContext, { directory, deals }: CollectingInputs, position: Position): Uint8Array {
  const graph = neighborhoodsOf(parameters.graph, directory.size);
  const sealed: Uint8Array[] = [];
  for (const owner of graph.neighbors(position)) {
    const deal = deals.get(owner); // none of a user that is not in U2
    const start = graph.neighborIndex(owner, position) * RECORD_BYTES;
    if (deal !== undefined && 'sealed' in deal) sealed.push(deal.sealed.subarray(start, start + RECORD_BYTES));
  }
  return concat(sealed);
}
