// Less noise where the loss distribution can be computed: it gives a smaller ε than curves do, for the same noise.
import type { NoisedSum } from '../mechanism.ts';
import { isNarrow, lossDistributionEpsilon, type ComponentBounds } from './loss-distribution.ts';

/** Most components for which a plan computes loss distributions: about 20 ms each, and a few computations for a plan. */
const MOST_COMPONENTS = 4;
/** Computations, after which the least noise so far is taken. */
const MOST_STEPS = 8;
/** How near to the target ε is near enough. */
const PRECISION = 1e-3;

/**
 * A parameter σ² of each noise, at most that of `sum`, with which one release has an ε of at most `epsilon` by its loss distribution: the
 * least one, or one whose ε is within a thousandth of the target.
 *
 * @param sumOf the sum for a parameter σ². @param most a parameter that meets the target by curves.
 */
export function lessVariance(
  sumOf: (variance: number) => NoisedSum,
  bounds: ComponentBounds,
  { epsilon, delta, most }: { readonly epsilon: number; readonly delta: number; readonly most: number },
): number {
  if (bounds.components > MOST_COMPONENTS || !isNarrow(sumOf(most), bounds)) return most;
  const epsilonFor = (variance: number): number => lossDistributionEpsilon(sumOf(variance), bounds, { releases: 1, delta });
  let high = { variance: most, epsilon: epsilonFor(most) };
  let low: { readonly variance: number; readonly epsilon: number } | null = null;
  for (let step = 0; step < MOST_STEPS && high.epsilon < epsilon * (1 - PRECISION); step++) {
    // ε falls about as 1/σ. Between two values it is taken for a power of σ².
    const power = low === null ? -1 / 2 : Math.log(high.epsilon / low.epsilon) / Math.log(high.variance / low.variance);
    const guess = Math.ceil(high.variance * (high.epsilon / (epsilon * (1 - PRECISION / 2))) ** (-1 / power));
    const variance = Math.min(Math.max(guess, (low?.variance ?? 0) + 1), high.variance - 1);
    if (variance <= (low?.variance ?? 0)) break;
    const tried = { variance, epsilon: epsilonFor(variance) };
    if (tried.epsilon <= epsilon) high = tried;
    else low = tried;
  }
  return high.variance;
}
