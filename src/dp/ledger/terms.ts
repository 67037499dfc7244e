// The terms of a ledger, which are fixed at its creation: the budget, the one order at which it is kept, the adjacency.
import { checkNames, checkNumber, checkOneOf, checkPositive } from '../../leaves/checks.ts';
import { divergenceAtOrder } from '../accounting/conversion.ts';
import { ORDERS } from '../accounting/curve.ts';
import type { Adjacency } from '../mechanism.ts';
import { PrivacyError } from '../privacy-error.ts';

/** Whose losses a ledger adds up. `'participant'`: one user's own. `'server'`: those of every user, of which the largest counts. */
export type Subject = 'participant' | 'server';

/**
 * The options of a ledger. With its defaults it is for releases of any plans. Of those that a target with the same ε and δ was made for, it takes
 * fewer (none of one, 9 of 10, 198 of 200): `budgetOf(plan)` gives the order and the part of δ with which all of them fit.
 */
export interface LedgerOptions {
  /** The ε of the budget, more than 0. */
  readonly epsilon: number;
  /** The δ of the budget, in (0, 1). */
  readonly delta: number;
  /** What counts as a neighbor; receipts of another one are refused. */
  readonly adjacency: Adjacency;
  /** Whose losses are added up. Default: `'participant'`. */
  readonly subject?: Subject;
  /**
   * The order of Rényi divergence at which the budget is kept, above 1. Default: the order at which releases whose divergence grows
   * linearly with the order, as that of Gaussian noise does, fit in most often.
   */
  readonly order?: number;
  /**
   * The part of δ for what adds to δ and not to ε: sessions on sparse graphs and in cohorts that may protect less with a small
   * probability, and samplers with a total variation. Default: a tenth of δ.
   */
  readonly additiveDelta?: number;
}

/** Options with all defaults, and what follows from them. */
export interface LedgerTerms {
  /** The ε of the budget. */
  readonly epsilon: number;
  /** The δ of the budget. */
  readonly delta: number;
  /** The part of δ that is kept for what is added to it. */
  readonly additiveDelta: number;
  /** What counts as a neighbor. */
  readonly adjacency: Adjacency;
  /** Whose losses are added up. */
  readonly subject: Subject;
  /** The order at which the budget is kept. */
  readonly order: number;
  /** The orders at which charges are written down, ascending; `order` is one of them. The others only inform. */
  readonly orders: readonly number[];
}

/** The orders that only inform: some of those of curves. */
const INFORMATIVE = [
  1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 41, 53, 65, 97, 129, 257, 513, 1025, 4097,
] as const;

/** @throws TypeError, RangeError; PrivacyError ERR_SECAGG_PRIVACY_TARGET if no order leaves anything of the budget. */
export function resolveTerms(options: LedgerOptions): LedgerTerms {
  checkNames(options, 'options', ['epsilon', 'delta', 'adjacency', 'subject', 'order', 'additiveDelta']);
  const epsilon = checkPositive(options.epsilon, 'epsilon');
  const delta = checkPositive(options.delta, 'delta', 1);
  const additiveDelta = checkNumber(options.additiveDelta ?? delta / 10, 'additiveDelta', 0, delta);
  if (additiveDelta === delta) throw new RangeError('additiveDelta: expected less than delta');
  const adjacency = checkOneOf(options.adjacency, 'adjacency', ['zero-out', 'replace-one']);
  const subject = checkOneOf(options.subject ?? 'participant', 'subject', ['participant', 'server']);
  const order = options.order ?? bestOrder(epsilon, delta - additiveDelta);
  if (checkNumber(order, 'order', 1, 2 ** 32) === 1) throw new RangeError('order: expected more than 1');
  const orders = [...new Set([...INFORMATIVE, order])].sort((a, b) => a - b);
  const terms = { epsilon, delta, additiveDelta, adjacency, subject, order, orders };
  if (divergenceBudget(terms) === 0) {
    throw new PrivacyError('ERR_SECAGG_PRIVACY_TARGET', `epsilon: ${epsilon} is too little at order ${order} and delta ${delta}`);
  }
  return terms;
}

/**
 * The same terms with another budget. What is kept for what adds to δ stays the same if it is at most a tenth of the other δ, and is as large a
 * part of it else.
 *
 * @throws TypeError, RangeError.
 */
export function termsWith(terms: LedgerTerms, budget: { readonly epsilon: number; readonly delta: number }): LedgerTerms {
  checkNames(budget, 'budget', ['epsilon', 'delta']);
  const delta = checkPositive(budget.delta, 'budget.delta', 1);
  const part = Math.max(delta / 10, terms.additiveDelta * (delta / terms.delta));
  const additiveDelta = Math.min(terms.additiveDelta, part);
  return { ...terms, epsilon: checkPositive(budget.epsilon, 'budget.epsilon'), delta, additiveDelta };
}

/** The divergence at the ledger's order that gives ε for the part of δ that conversion may use. */
export function divergenceBudget({ order, epsilon, delta, additiveDelta }: LedgerTerms): number {
  return divergenceAtOrder(order, epsilon, delta - additiveDelta);
}

/** The order at which most releases of divergence α·ρ fit: the largest budget per order. */
function bestOrder(epsilon: number, delta: number): number {
  const fits = (order: number): number => divergenceAtOrder(order, epsilon, delta) / order;
  return ORDERS.reduce((best, order) => (fits(order) > fits(best) ? order : best), 2);
}
