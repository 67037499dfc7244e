// [BIK+17] Fig. 4, round 1 (ShareKeys), server: collect the deals of at least t users, U2, and route the ciphertexts.
import { concat } from '../leaves/bytes.ts';
import { ProtocolError } from '../leaves/errors.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import { zeroSum } from '../masking/pack.ts';
import { ringOf } from '../masking/ring.ts';
import { hasMember, membersOf } from '../leaves/members.ts';
import type { DroppedUser } from '../leaves/progress.ts';
import { RECORD_BYTES } from '../leaves/sizes.ts';
import { viewOfRound2 } from '../session/binding.ts';
import type { Deal } from '../session/notation.ts';
import { requireNeighborhoods, requireThreshold, requireView, silent } from './attendance.ts';
import type { CollectingDeals, CollectingInputs, ServerContext } from './state.ts';

const round = 1;

export function receiveDeal(
  { parameters }: ServerContext,
  { directory, binding, deals }: CollectingDeals,
  position: number,
  { view, deal }: { readonly view: Uint8Array; readonly deal: Deal },
): void {
  const userId = directory.userIdAt(position);
  requireView(view, binding, { round, userId });
  const neighbors = neighborhoodsOf(parameters.graph, directory.size).degree;
  if (deal.sealed.length !== neighbors * RECORD_BYTES) {
    const message = `shares: expected ${neighbors} records of ${RECORD_BYTES} bytes, got ${deal.sealed.length} bytes`;
    throw new ProtocolError('ERR_SECAGG_SET', message, { round, userIds: [userId] });
  }
  deals.set(position, deal); // copied: it is part of the message
}

export function closeDeals({ parameters }: ServerContext, state: CollectingDeals): [CollectingInputs, DroppedUser[]] {
  const { directory, binding, deals } = state;
  requireThreshold(deals.size, parameters.threshold, round);
  const u2 = membersOf(deals.keys(), directory.size);
  const graph = neighborhoodsOf(parameters.graph, directory.size);
  requireNeighborhoods(parameters, graph, { roster: directory, u2, present: u2, round });
  const everyone = directory.lines.map((_, position) => position);
  const next: CollectingInputs = {
    phase: 'masked-input',
    directory,
    binding,
    u2,
    view2: viewOfRound2(binding, u2),
    deals: new Map(deals),
    sum: zeroSum(ringOf(parameters.bits), parameters.vecLen),
    heard: new Set(),
  };
  return [next, silent(directory, everyone, deals, { round, reason: 'no-shares' })];
}

/** What the neighbors of a user dealt to it, those in U2, in the graph's order. */
export function sealedFor(
  { parameters }: ServerContext,
  { directory, u2, deals }: CollectingInputs,
  position: number,
): Uint8Array {
  const graph = neighborhoodsOf(parameters.graph, directory.size);
  const sealed: Uint8Array[] = [];
  for (const owner of graph.neighbors(position)) {
    if (!hasMember(u2, owner)) continue;
    const at = graph.neighborIndex(owner, position) * RECORD_BYTES;
    const deal = deals.get(owner);
    if (deal !== undefined) sealed.push(deal.sealed.subarray(at, at + RECORD_BYTES));
  }
  return concat(sealed);
}
