// The budget of a ledger for one plan: its target, kept at the order by which the planned releases fit.
import { divergenceAtOrder } from './accounting/conversion.ts';
import { valueAt } from './accounting/curve.ts';
import { addedDelta } from './ledger/costs.ts';
import type { LedgerOptions } from './ledger/terms.ts';
import { PrivacyError } from './privacy-error.ts';
import { releasesOf, worstCostOf, type AnyPrivateEncoding } from './receipt.ts';

/** More than what adding up charges in doubles may be off by, relatively. */
const ROUNDING = 2 ** -30;

/**
 * Options of a ledger in which the releases that a plan was made for fit at their worst case, and no more: the ε and δ of its target, the
 * order that is best for its noise, and of δ only as much for chance and samplers as they need. A plan is fixed before there are results, so
 * that a ledger may be made for it; releases of other plans are charged as in any ledger.
 *
 * @throws TypeError unless one part of the plan carries noise and has a target; PrivacyError ERR_SECAGG_PRIVACY_TARGET if the target is met by
 * a loss distribution, which ledgers do not add up: for one release of few components. Plan at least two releases.
 * @example
 * ```js
 * import { budgetOf, Ledger, privateMean, worstCostOf } from 'secagg/dp';
 *
 * const target = { epsilon: 4, delta: 1e-6, releases: 3 };
 * const planFor = (round) => privateMean({ maxUsers: 100, threshold: 67, length: 10, l2Clip: 1, target, session: `round ${round}` });
 * const ledger = new Ledger({ ...budgetOf(planFor(1)), subject: 'participant' });
 * let rounds = 0;
 * while (!ledger.wouldExceed(worstCostOf(planFor(rounds + 1)))) {
 *   rounds++;
 *   ledger.reserve({ id: `round ${rounds}`, ...worstCostOf(planFor(rounds)) });
 * }
 * console.log(rounds); // prints: 3
 * ```
 */
export function budgetOf(plan: AnyPrivateEncoding): Omit<LedgerOptions, 'subject'> {
  const { terms, parts } = releasesOf(plan);
  const { adjacency, strength } = terms;
  if (parts.length > 1)
    throw new TypeError(`plan: expected one part with noise, whose target is that of all, got ${parts.length}`);
  if (strength.kind !== 'target') throw new TypeError('plan: expected one with a target, got one with a noise multiplier');
  const { epsilon, delta, releases } = strength.target;
  const worst = worstCostOf(plan);
  const additiveDelta = Math.min(releases * addedDelta(worst, epsilon) * (1 + ROUNDING), delta / 2);
  const room = (order: number): number =>
    divergenceAtOrder(order, epsilon, delta - additiveDelta) / valueAt(worst.curve, order) / releases;
  const order = worst.curve.orders.reduce((best, each) => (room(each) > room(best) ? each : best), 2);
  if (!(room(order) >= 1)) {
    throw new PrivacyError(
      'ERR_SECAGG_PRIVACY_TARGET',
      `target: by curves ${releases} releases do not fit, only ${room(order).toPrecision(6)} of them; a plan for at least two releases would do`,
    );
  }
  return { epsilon, delta, adjacency, order, additiveDelta };
}
