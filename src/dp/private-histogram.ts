// How many users, or how many of their events, fall into each bin, with noise.
import type { Encoding } from '../encoding/encoding.ts';
import { EncodingError } from '../encoding/encoding-error.ts';
import { countsOf, type HistogramData } from '../encoding/histogram.ts';
import type { Named } from '../encoding/tensors.ts';
import { checkInteger, checkNames, kindOf } from '../leaves/checks.ts';
import { capContribution, type Caps } from './contribution.ts';
import { countRelease } from './count-release.ts';
import { privateEncoding, type PrivateErrorBound, type ResultNoise } from './private-part.ts';
import { PRIVACY_NAMES, privacyTerms, type PrivacyPlan } from './privacy-terms.ts';

/** What {@link privateHistogram} is told. */
export type PrivateHistogramPlan = PrivacyPlan & {
  /** Number of bins. */
  readonly bins: number;
  /** Most events of one user in one bin; more are left out. Default 1. */
  readonly maxCount?: number;
  /** Most bins in which a user's events count; others are left out at random. Default: all. */
  readonly maxBins?: number;
  /** Most events of one user in all; others are left out at random. Default: `maxBins · maxCount`. */
  readonly maxEvents?: number;
};

/** A decoded private histogram. */
export interface PrivateHistogram {
  /** The counts of all users, with noise: they may be fractions, and below zero. */
  readonly counts: Float64Array;
  /** The noise in each value. */
  readonly noise: ResultNoise;
}

/**
 * Plans a histogram with differential privacy for each user. A user without events gives `null`. The fewer bins one user may count in, the
 * less noise is needed.
 *
 * @throws TypeError, RangeError that name the parameter; PrivacyError ERR_SECAGG_PRIVACY_TARGET if no noise meets the target;
 * EncodingError ERR_SECAGG_RING_SIZE if no ring of up to 64 bits is wide enough.
 * @example
 * ```js
 * import { privateHistogram } from 'secagg/dp';
 *
 * const target = { epsilon: 1, delta: 1e-6 };
 * const ages = privateHistogram({ maxUsers: 500, threshold: 300, bins: 10, maxBins: 1, target });
 * const { vector, clipped } = ages.encode({ indices: [3, 4] }); // two bins, one of which is left out
 * console.log(vector.length, clipped); // prints: 10 1
 * ```
 */
export function privateHistogram(
  plan: PrivateHistogramPlan,
): Encoding<HistogramData | null, PrivateHistogram, PrivateErrorBound> {
  checkNames(plan, 'plan', [...PRIVACY_NAMES, 'bins', 'maxCount', 'maxBins', 'maxEvents']);
  const terms = privacyTerms(plan);
  const dimensions = checkInteger(plan.bins, 'bins', 1, 2 ** 32 - 1);
  const perBin = checkInteger(plan.maxCount ?? 1, 'maxCount', 1, 2 ** 20);
  const bins = checkInteger(plan.maxBins ?? dimensions, 'maxBins', 1, dimensions);
  const events = checkInteger(plan.maxEvents ?? bins * perBin, 'maxEvents', 1, bins * perBin);
  const caps: Caps = { perBin: Math.min(perBin, events), bins: Math.min(bins, events), events };
  const release = countRelease(dimensions, caps, terms);
  return privateEncoding({
    description: ['privateHistogram', { dimensions, caps }],
    release,
    flat: false,
    weighted: false,
    bound(data, _weight, path) {
      if (data === null) return { values: new Float64Array(dimensions), clipped: 0 };
      const values = checkedCounts(countsOf(data, dimensions, path));
      return { values, clipped: capContribution(values, caps, terms.random) };
    },
    read: (counts, _users, noise) => ({ result: { counts, noise: { standardDeviation: noise } } }),
    divisor: () => 1,
  });
}

/** A copy of a user's counts. */
function checkedCounts({ name, data, length }: Named): Float64Array {
  const counts = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const count = data[i];
    if (typeof count !== 'number') throw new TypeError(`${name}[${i}]: expected a number, got ${kindOf(count)}`);
    if (!(Number.isSafeInteger(count) && count >= 0)) {
      const details = { element: `${name}[${i}]`, index: i, value: count };
      throw new EncodingError('ERR_SECAGG_VALUE', 'expected a count, 0 or more', details);
    }
    counts[i] = count;
  }
  return counts;
}
