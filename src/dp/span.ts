// How large a component of a noised sum gets. A wider sum than planned for wraps: it is wrong, but no less private.
import type { Mechanism } from './mechanism.ts';

/** What a component of a sum is made of. All lengths are in steps. */
export interface SpanTerms {
  readonly mechanism: Mechanism;
  /** Parameter σ² of the noises in the sum, added up. */
  readonly variance: number;
  /** Components in which the sum must not leave the span. */
  readonly dimensions: number;
  /** Most probability that any of them does. */
  readonly probability: number;
  /** The subgaussian parameter of what is random in a component besides the noise: of flattened vectors. 0 for others. */
  readonly spread: number;
}

/**
 * A magnitude that the random part of no component exceeds, except with the probability of the terms: by the union bound over both
 * signs of all components.
 *
 * The discrete Gaussian is subgaussian with its parameter σ² ([CKS20] 2004.00010), and so are its sums. For Skellam noise of
 * variance V the moment generating function is exp(V(cosh λ − 1)), and Chernoff's bound is minimized over λ.
 */
export function randomSpan({ mechanism, variance, dimensions, probability, spread }: SpanTerms): number {
  const exponent = Math.log((2 * dimensions) / probability);
  if (mechanism === 'discrete-gaussian') return Math.sqrt(2 * exponent * (spread ** 2 + variance));
  // (λ²·spread²/2 + V(cosh λ − 1) + exponent) / λ is quasiconvex in λ: a convex function over a positive linear one.
  const bound = (lambda: number): number =>
    ((lambda * spread) ** 2 / 2 + variance * 2 * Math.sinh(lambda / 2) ** 2 + exponent) / lambda;
  let [low, high] = [-60, 6]; // exponents of λ, to the base 2
  for (let i = 0; i < 200; i++) {
    const [left, right] = [low + (high - low) / 3, high - (high - low) / 3];
    if (bound(2 ** left) < bound(2 ** right)) high = right;
    else low = left;
  }
  return bound(2 ** ((low + high) / 2));
}
