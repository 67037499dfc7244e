// From Rényi divergence to (ε, δ) and back, as dp_accounting 0.6.0 does it.
import { checkNumber } from '../../leaves/checks.ts';
import { at } from '../../leaves/lists.ts';
import { checkCurve, type Curve } from './curve.ts';

/** An ε, and the order whose divergence gives it; null if no order gives one. */
export interface EpsilonAtOrder {
  /** The least ε over the orders. */
  readonly epsilon: number;
  /** The order that gives it. */
  readonly order: number | null;
}

/** Times that ε is raised for the total variation of samplers until δ suffices. It takes two unless δ is nearly used up. */
const MAX_RAISES = 100;

/** The ε that a divergence at one order gives for a δ. Not negative. */
export function epsilonAtOrder(order: number, divergence: number, delta: number): number {
  if (divergence === 0) return 0;
  if (delta === 0) return Infinity;
  // Bretagnolle and Huber: the total variation is at most √(1 - e^-KL), and KL ≤ D_α. If it is at most δ, so is δ(ε = 0).
  if (delta * delta + Math.expm1(-divergence) > 0) return 0;
  // [CKS20] (2004.00010) Prop. 12: δ = e^((α-1)(D - ε))/α · (1 - 1/α)^(α-1), solved for ε.
  return Math.max(0, divergence + Math.log1p(-1 / order) - Math.log(delta * order) / (order - 1));
}

/** The δ that a divergence at one order gives for an ε. At most 1. */
export function deltaAtOrder(order: number, divergence: number, epsilon: number): number {
  if (divergence === 0) return 0;
  const least = Math.log(-Math.expm1(-divergence)) / 2;
  const tail = (order - 1) * (divergence - epsilon + Math.log1p(-1 / order)) - Math.log(order);
  return Math.exp(Math.min(least, tail, 0));
}

/** The divergence at one order at which ε is reached for a δ. Not negative. */
export function divergenceAtOrder(order: number, epsilon: number, delta: number): number {
  return Math.max(0, epsilon - Math.log1p(-1 / order) + Math.log(delta * order) / (order - 1));
}

/**
 * The ε of a curve for a δ, and the order that gives it.
 *
 * @param delta in [0, 1].
 * @returns ε is Infinity if the curve has no order, or if the samplers' total variation uses up δ.
 * @throws TypeError, RangeError if the curve is none, or δ out of range.
 * @example
 * ```js
 * import { epsilonOf } from 'secagg/dp';
 *
 * // Gaussian noise of three times the sensitivity: a divergence of α/18 at the order α.
 * const orders = [2, 4, 8, 16, 32];
 * const curve = { orders, values: orders.map((order) => order / 18), totalVariation: 0 };
 * const { epsilon, order } = epsilonOf(curve, 1e-6);
 * console.log(epsilon.toFixed(2), order); // prints: 1.56 16
 * ```
 */
export function epsilonOf(curve: Curve, delta: number): EpsilonAtOrder {
  checkCurve(curve);
  checkNumber(delta, 'delta', 0, 1);
  let found = leastEpsilon(curve, delta);
  if (curve.totalVariation === 0) return found;
  // δ must cover (1 + e^ε)·TV too: both neighbors' laws move by TV, one of them behind e^ε. ε rises from a value that is too small to the
  // least that suffices.
  for (let raises = 0; raises < MAX_RAISES && found.epsilon < Infinity; raises++) {
    const left = delta - (1 + Math.exp(found.epsilon)) * curve.totalVariation;
    const next = left > 0 ? leastEpsilon(curve, left) : null;
    if (next === null) break;
    if (next.epsilon <= found.epsilon) return found;
    found = next;
  }
  return { epsilon: Infinity, order: null };
}

function leastEpsilon({ orders, values }: Curve, delta: number): EpsilonAtOrder {
  let best: EpsilonAtOrder = { epsilon: Infinity, order: null };
  for (const [i, order] of orders.entries()) {
    const epsilon = epsilonAtOrder(order, at(values, i), delta);
    if (epsilon < best.epsilon) best = { epsilon, order };
  }
  return best;
}

/**
 * The δ of a curve for an ε: the least over its orders, and the samplers' total variation.
 *
 * @param epsilon not negative.
 * @returns at most 1.
 */
export function deltaOf(curve: Curve, epsilon: number): number {
  checkCurve(curve);
  checkNumber(epsilon, 'epsilon', 0, Number.MAX_VALUE);
  const least = curve.orders.reduce((best, order, i) => Math.min(best, deltaAtOrder(order, at(curve.values, i), epsilon)), 1);
  const moved = curve.totalVariation === 0 ? 0 : (1 + Math.exp(epsilon)) * curve.totalVariation;
  return Math.min(1, least + moved);
}
