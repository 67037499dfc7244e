// The terms of a ledger in which releases of one cost fit most often. They are fixed before there are results, as those of any ledger.
import { leastHolding } from '../../leaves/bisection.ts';
import { SPARE, withSpare } from '../accounting/calibration.ts';
import { divergenceAtOrder, epsilonOf } from '../accounting/conversion.ts';
import { repeated, valueAt } from '../accounting/curve.ts';
import { addedDelta, type ReleaseCost } from './costs.ts';
import type { EpsilonDelta } from './ledger.ts';
import type { LedgerOptions } from './terms.ts';
import { MAX_RELEASES } from '../mechanism.ts';

/** The ε that so many releases of a cost have together at δ, as plans are calibrated: with the part to spare that a ledger's sums need. */
export function plannedEpsilon({ curve, failureProbability = 0 }: ReleaseCost, releases: number, delta: number): number {
  const left = delta - releases * failureProbability * (1 + SPARE);
  return left > 0 ? epsilonOf(withSpare(repeated(curve, releases)), left).epsilon : Infinity;
}

/**
 * Options of a ledger in which so many releases of a cost fit: the order that is best for them, and of δ only as much as they add to it.
 *
 * @returns null if they do not fit.
 */
export function budgetFor(
  cost: ReleaseCost,
  releases: number,
  { epsilon, delta }: EpsilonDelta,
): Omit<LedgerOptions, 'subject'> | null {
  const { adjacency, curve } = cost;
  // What samplers add to δ grows with e^ε, so that a budget of a very large ε is used as a smaller one only: the ε that the releases have.
  const budgets = [epsilon, Math.min(epsilon, plannedEpsilon(cost, releases, delta))].map((each) => {
    const additiveDelta = releases * addedDelta(cost, each) * (1 + SPARE / 2);
    const left = Math.max(0, delta - additiveDelta);
    const room = (order: number): number => divergenceAtOrder(order, each, left) / valueAt(curve, order) / releases;
    const order = curve.orders.reduce((best, other) => (room(other) > room(best) ? other : best), 2);
    return { fits: room(order) >= 1, budget: { epsilon: each, delta, adjacency, order, additiveDelta } };
  });
  return budgets.find(({ fits }) => fits)?.budget ?? null;
}

/** Options of a ledger in which as many releases of a cost fit as a budget allows by curves, up to 2^32; null if none fits. */
export function largestBudget(cost: ReleaseCost, budget: EpsilonDelta): Omit<LedgerOptions, 'subject'> | null {
  const tooMany = leastHolding(0, MAX_RELEASES + 1, (releases) => budgetFor(cost, releases, budget) === null);
  return tooMany === 1 ? null : budgetFor(cost, tooMany - 1, budget);
}
