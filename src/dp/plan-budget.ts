// The budget of a ledger for one plan: its target, kept at the order by which the planned releases fit.
import { budgetFor } from './ledger/cost-budget.ts';
import type { LedgerOptions } from './ledger/terms.ts';
import { PrivacyError } from './privacy-error.ts';
import { releasesOf, worstCostOf, type AnyPrivateEncoding } from './receipt.ts';

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
  if (parts.length > 1)
    throw new TypeError(`plan: expected one part with noise, whose target is that of all, got ${parts.length}`);
  if (terms.strength.kind !== 'target') throw new TypeError('plan: expected one with a target, got one with a noise multiplier');
  const { releases, ...target } = terms.strength.target;
  const budget = budgetFor(worstCostOf(plan), releases, target);
  if (budget !== null) return budget;
  throw new PrivacyError(
    'ERR_SECAGG_PRIVACY_TARGET',
    `target: by curves, which ledgers add up, ${releases} releases do not fit; a plan for at least two, or for a larger ε, would do`,
  );
}
