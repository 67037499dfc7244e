// Bounds on the Rényi divergence of noised sums: what two neighboring inputs tell apart, at one order. docs/privacy-accounting.md has the
// derivations.
import { checkInteger, checkNumber, checkObject, checkOneOf } from '../../leaves/checks.ts';
import { MAX_VARIANCE, type NoisedSum } from '../mechanism.ts';
import { convolutionTau } from './convolution.ts';

/** A bound on the Rényi divergence at an order above 1, in nats. */
export type Divergence = (order: number) => number;

/**
 * A bound on the Rényi divergence between the laws of a noised sum for two neighboring inputs, in both directions, for all orders above
 * 1. The total variation of the sampler is not in it.
 *
 * @throws TypeError, RangeError if the sum is not well formed.
 */
export function divergenceOf(sum: NoisedSum): Divergence {
  return uncheckedDivergence(checkNoisedSum(sum));
}

/** As {@link divergenceOf}, also for parameters σ² that are no integers. */
export function uncheckedDivergence(sum: NoisedSum): Divergence {
  if (sum.l2Squared === 0) return () => 0; // neighbors have the same sum
  const exact = sum.mechanism === 'skellam' ? skellam(sum) : discreteGaussian(sum);
  return (order) => {
    if (!(order > 1)) throw new RangeError(`order: expected more than 1, got ${order}`);
    return exact(order);
  };
}

/**
 * A bound on |ln| of the ratio between the law of one component as it is drawn and the law that it is accounted for. Convolving does not
 * raise max divergence, so that the noises add up.
 */
export function componentRatio({ noises, samplerError: { logRatio, totalVariation } }: NoisedSum): number {
  // A tail that is cut shifts its mass, at most the total variation, to the rest: the law that is kept is scaled by as much.
  return noises * (logRatio - Math.log1p(-totalVariation));
}

/**
 * What a change of the laws of both neighbors by `ratio` adds to a divergence at an order: e^((α-1)D) is a sum of P^α·Q^(1-α), each term
 * of which grows by at most e^(α·ratio)·e^((α-1)·ratio).
 */
function raisedBy(ratio: number, order: number): number {
  return ratio === 0 ? 0 : (ratio * (2 * order - 1)) / (order - 1);
}

function discreteGaussian(sum: NoisedSum): Divergence {
  const { variance, noises, dimensions, l1, l2Squared } = sum;
  const total = noises * variance; // s²
  const tau = convolutionTau(variance, noises);
  const ratio = componentRatio(sum);
  // [CKS20] (2004.00010) Prop. 5, for one noise: D_α ≤ α·Δ₂²/(2s²).
  const gaussian = l2Squared / (2 * total);
  // A metric on concentrated divergence: if D_α(P, P') ≤ α·a²/2 and so on, the roots add up ([BS16] (1605.02658) Lemma 5.2 with the best
  // split). The sum is within ratio + τ/2 of a discrete Gaussian on each side, which is α·(ratio + τ/2)²/2 ([BS16] Prop. 3.3). So component j
  // has α·(|Δ_j|/s + τ + 2·ratio)²/2, and all together:
  const step = tau + 2 * ratio;
  const concentrated = (l2Squared / total + (2 * l1 * step) / Math.sqrt(total) + dimensions * step * step) / 2;
  return (order) => {
    // [KLS21] (2102.06387) Prop. 14: α·Δ₂²/(2s²) + τ·d. With P, Q the laws of the sums and P', Q' discrete Gaussians around the same points,
    // ln(P/Q) ≤ ln(P'/Q') + τ in each component, and ln(P'/Q') is linear. Its exponential moments under P are those of a sum of discrete
    // Gaussians, at most those of a Gaussian of variance s². Hence τ, and not (2α-1)/(α-1)·τ/2, which the triangle inequality gives.
    const additive = order * gaussian + dimensions * (tau + raisedBy(ratio, order));
    return Math.min(additive, order * concentrated);
  };
}

/** The bound of [AKL21] (2110.04995) Thm 3.5, which is for integer orders from 2 on. @throws RangeError for other orders. */
export function skellamDivergence(
  { l1, l2Squared }: Pick<NoisedSum, 'l1' | 'l2Squared'>,
  /** μ, the variance of all noises together. */
  total: number,
  order: number,
): number {
  if (!Number.isInteger(order) || order < 2) throw new RangeError(`order: expected an integer of at least 2, got ${order}`);
  const quadratic = ((2 * order - 1) * l2Squared + 6 * l1) / (4 * total * total);
  return (order * l2Squared) / (2 * total) + Math.min(quadratic, (3 * l1) / (2 * total));
}

function skellam(sum: NoisedSum): Divergence {
  const total = sum.noises * sum.variance; // a sum of Skellam noises is Skellam noise of the summed variance
  const ratio = componentRatio(sum);
  const proven = (order: number): number => skellamDivergence(sum, total, order);
  return (order) => interpolated(proven, order) + sum.dimensions * raisedBy(ratio, order);
}

/** A bound at any order above 1 from bounds at integers: (α - 1)·D_α is convex in α and 0 at 1 ([EH14] (1206.2459) Cor. 2). */
function interpolated(proven: Divergence, order: number): number {
  if (order <= 2) return proven(2);
  const below = Math.floor(order);
  return below === order ? proven(order) : between(order, [below, proven(below)], [below + 1, proven(below + 1)]);
}

/** A bound at an order from bounds at an order below and one above, by convexity of (α - 1)·D_α. */
export function between(order: number, below: readonly [number, number], above: readonly [number, number]): number {
  const weight = (order - below[0]) / (above[0] - below[0]);
  return ((1 - weight) * (below[0] - 1) * below[1] + weight * (above[0] - 1) * above[1]) / (order - 1);
}

/** @throws TypeError, RangeError unless a value is a noised sum. */
export function checkNoisedSum(sum: NoisedSum): NoisedSum {
  checkObject(sum, 'sum');
  checkOneOf(sum.mechanism, 'sum.mechanism', ['discrete-gaussian', 'skellam']);
  checkInteger(sum.variance, 'sum.variance', 1, MAX_VARIANCE);
  checkInteger(sum.noises, 'sum.noises', 1, 2 ** 32);
  checkInteger(sum.dimensions, 'sum.dimensions', 1, 2 ** 32);
  checkInteger(sum.l2Squared, 'sum.l2Squared', 0, Number.MAX_SAFE_INTEGER);
  checkNumber(sum.l1, 'sum.l1', 0, Number.MAX_SAFE_INTEGER);
  // Components are integers, so that no square is less than its root. For one component both are equal, except for the rounding of the root.
  if (sum.l1 ** 2 * (1 + 2 ** -50) < sum.l2Squared) throw new RangeError('sum.l1: expected at least the L2 sensitivity');
  checkObject(sum.samplerError, 'sum.samplerError');
  checkNumber(sum.samplerError.logRatio, 'sum.samplerError.logRatio', 0, 1);
  checkNumber(sum.samplerError.totalVariation, 'sum.samplerError.totalVariation', 0, 0.5);
  return sum;
}
