// Quantiles of one number of each user, such as the median, with noise: a histogram of one event a user, and what is computed from it.
import type { Encoding } from '../encoding/encoding.ts';
import { checkNames, checkNumber, kindOf } from '../leaves/checks.ts';
import { countRelease } from './count-release.ts';
import { privateEncoding, type PrivateErrorBound, type ResultNoise } from './private-part.ts';
import { PRIVACY_NAMES, privacyTerms, type PrivacyPlan } from './privacy-terms.ts';
import { quantilesOf, type PrivateQuantile } from './quantiles.ts';
import { checkedScalar } from './scalar.ts';
import { randomSpan } from './span.ts';

/** What {@link privateQuantiles} is told. */
export type PrivateQuantilesPlan = PrivacyPlan & {
  /** The edges of the bins, ascending: bin i holds numbers from edge i to below edge i + 1, and the last bin its end too. */
  readonly edges: readonly number[];
  /** The quantiles that are asked for, ascending, above 0 and below 1: 0.5 is the median. */
  readonly probabilities: readonly number[];
};

/** Decoded private quantiles. */
export interface PrivateQuantiles {
  /**
   * The quantiles in the order of `probabilities`. With a probability of at least 99 %, each is between its `least` and its `most`: these
   * count the width of bins and the noise. Values outside the edges count as if they were at them.
   */
  readonly quantiles: readonly PrivateQuantile[];
  /** The counts of the bins, with noise. */
  readonly counts: Float64Array;
  /** How many users have a value: the sum of the counts. */
  readonly count: number;
  /** The noise in each of `counts`. */
  readonly noise: ResultNoise;
}

/** What the bounds on all quantiles of a result may be wrong with, together. */
const BOUND_PROBABILITY = 0.01;
const MOST_BINS = 2 ** 16;

/**
 * Plans quantiles of a number with differential privacy for each user. A user without a value gives `null`, and it stays hidden which users
 * have one.
 *
 * The noise moves the median of B bins by about s·√B/2 users, with s the standard deviation of the noise in a bin: more bins are finer, and
 * have more noise. `errorBound` is that of a bin's count.
 *
 * Cost of `decode`: bins times probabilities.
 *
 * @throws TypeError, RangeError that name the parameter; PrivacyError ERR_SECAGG_PRIVACY_TARGET if no noise meets the target.
 * @example
 * ```js
 * import { privateQuantiles } from 'secagg/dp';
 *
 * const edges = Array.from({ length: 25 }, (_, i) => 5 * i); // ages, in bins of five years
 * const target = { epsilon: 1, delta: 1e-6 };
 * const ages = privateQuantiles({ maxUsers: 1000, threshold: 667, edges, probabilities: [0.25, 0.5, 0.75], target });
 * const { vector, clipped } = ages.encode(34);
 * console.log(vector.length, clipped); // prints: 24 0
 * ```
 */
export function privateQuantiles(plan: PrivateQuantilesPlan): Encoding<number | null, PrivateQuantiles, PrivateErrorBound> {
  checkNames(plan, 'plan', [...PRIVACY_NAMES, 'edges', 'probabilities']);
  const terms = privacyTerms(plan);
  const edges = ascending(plan.edges, 'edges', { least: -(2 ** 500), most: 2 ** 500, from: 2, to: MOST_BINS + 1 });
  const limits = { least: 2 ** -30, most: 1 - 2 ** -30, from: 1, to: 1000 };
  const probabilities = ascending(plan.probabilities, 'probabilities', limits);
  const bins = edges.length - 1;
  const [lower, upper] = [edges[0] ?? 0, edges[bins] ?? 0];
  const release = countRelease(bins, { perBin: 1, bins: 1, events: 1 }, terms);
  const { steps, variance } = release.grid;
  return privateEncoding({
    description: ['privateQuantiles', { edges, probabilities }],
    release,
    flat: false,
    weighted: false,
    bound(data, _weight, path) {
      const values = new Float64Array(bins);
      if (data === null) return { values, clipped: 0 };
      const value = checkedScalar(data, path);
      values[binOf(value, edges)] = 1;
      return { values, clipped: value < lower || value > upper ? 1 : 0 };
    },
    read(counts, users, noise) {
      const total = release.noisesIn(users) * variance;
      const common = { mechanism: terms.mechanism, probability: BOUND_PROBABILITY, spread: 0 };
      // A weight w of at most 1 keeps the span of Skellam noise as well: cosh(wλ) − 1 ≤ w²·(cosh λ − 1).
      const bound = (squares: number): number =>
        randomSpan({ ...common, variance: total * squares, dimensions: bins * probabilities.length }) / steps;
      const quantiles = quantilesOf(counts, edges, probabilities, bound);
      const count = counts.reduce((sum, each) => sum + each, 0);
      return { result: { quantiles, counts, count, noise: { standardDeviation: noise } } };
    },
    divisor: () => 1,
  });
}

/** The bin of a value; the first or the last one for values beyond. */
function binOf(value: number, edges: readonly number[]): number {
  let [low, high] = [0, edges.length - 2];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((edges[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

interface ListLimits {
  readonly least: number;
  readonly most: number;
  /** Fewest and most elements. */
  readonly from: number;
  readonly to: number;
}

/** A copy of a list of ascending numbers. @throws TypeError, RangeError that name the element. */
function ascending(list: unknown, name: string, { least, most, from, to }: ListLimits): number[] {
  if (!Array.isArray(list)) throw new TypeError(`${name}: expected an array of numbers, got ${kindOf(list)}`);
  if (list.length < from || list.length > to)
    throw new RangeError(`${name}: expected ${from} to ${to} numbers, got ${list.length}`);
  const numbers = Array.from(list, (value: unknown, i) => checkNumber(value, `${name}[${i}]`, least, most));
  numbers.forEach((value, i) => {
    const last = numbers[i - 1] ?? -Infinity;
    if (!(value > last)) throw new RangeError(`${name}[${i}]: expected more than ${last}, got ${value}`);
  });
  return numbers;
}
