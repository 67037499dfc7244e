// [BIK+17] Fig. 4, round 1 (ShareKeys), server: collect the deals of at least t users, U2, and route the ciphertexts.
import { concat } from '../../bytes.ts';
import { ProtocolError } from '../../errors.ts';
import { completeGraph } from '../../graph/complete.ts';
import { ringOf, zeroLanes } from '../../masking/ring.ts';
import { hasMember, membersOf } from '../../members.ts';
import type { DroppedUser } from '../../progress.ts';
import { RECORD_BYTES } from '../../sizes.ts';
import { viewOfRound2 } from '../binding.ts';
import type { Deal } from '../notation.ts';
import { requireThreshold, requireView, silent, userIdAt } from './roster.ts';
import type { CollectingDeals, CollectingInputs, ServerContext } from './state.ts';

const round = 1;

export function receiveDeal(
  { directory, binding, deals }: CollectingDeals,
  position: number,
  { view, deal }: { readonly view: Uint8Array; readonly deal: Deal },
): void {
  requireView(view, binding, { round, userId: userIdAt(directory, position) });
  const neighbours = completeGraph(directory.length).neighbours(position).length;
  if (deal.sealed.length !== neighbours * RECORD_BYTES) {
    const message = `shares: expected ${String(neighbours)} records of ${String(RECORD_BYTES)} bytes, got ${String(deal.sealed.length)} bytes`;
    throw new ProtocolError('ERR_SECAGG_SET', message, { round, userIds: [userIdAt(directory, position)] });
  }
  deals.set(position, deal);
}

export function closeDeals({ parameters }: ServerContext, state: CollectingDeals): [CollectingInputs, DroppedUser[]] {
  const { directory, binding, deals } = state;
  requireThreshold(deals.size, parameters.threshold, round);
  const u2 = membersOf(deals.keys(), directory.length);
  const everyone = directory.map((_, position) => position);
  const next: CollectingInputs = {
    phase: 'masked-input',
    directory,
    binding,
    u2,
    view2: viewOfRound2(binding, u2),
    deals: new Map(deals),
    sum: zeroLanes(ringOf(parameters.bits), parameters.vecLen),
    heard: new Set(),
  };
  return [next, silent(directory, everyone, deals, { round, reason: 'no-shares' })];
}

/** What the neighbours of a user dealt to it, those in U2, ascending. */
export function sealedFor({ directory, u2, deals }: CollectingInputs, position: number): Uint8Array {
  const graph = completeGraph(directory.length);
  const sealed: Uint8Array[] = [];
  for (const owner of graph.neighbours(position)) {
    if (!hasMember(u2, owner)) continue;
    const at = graph.neighbourIndex(owner, position) * RECORD_BYTES;
    const deal = deals.get(owner);
    if (deal !== undefined) sealed.push(deal.sealed.subarray(at, at + RECORD_BYTES));
  }
  return concat(sealed);
}
