// Count, mean and variance of one number of each user, with noise.
import type { Encoding } from '../encoding/encoding.ts';
import { checkNames, checkNumber } from '../leaves/checks.ts';
import { vectorGrid } from './grid.ts';
import { privateEncoding, type PrivateErrorBound, type ResultNoise } from './private-part.ts';
import { PRIVACY_NAMES, privacyTerms, type PrivacyPlan } from './privacy-terms.ts';
import { Release } from './release.ts';
import { checkedScalar } from './scalar.ts';

/** What {@link privateMoments} is told. */
export type PrivateMomentsPlan = PrivacyPlan & {
  /** The least value; lower ones count as this. */
  readonly lower: number;
  /** The largest value; higher ones count as this. */
  readonly upper: number;
};

/** Decoded private moments. */
export interface PrivateMoments {
  /** How many users have a value, with noise. */
  readonly count: number;
  /** The mean of their values, within the range of the plan. */
  readonly mean: number;
  /** The variance of their values, 0 or more. */
  readonly variance: number;
  /** The noise in `count`. */
  readonly noise: ResultNoise;
}

/** 1, y and y² for y in [−1, 1]. */
const COMPONENTS = 3;

/**
 * Plans the count, the mean and the variance of a number with differential privacy for each user. A user without a value gives `null`,
 * and it stays hidden which users have one.
 *
 * A user with a value sends 1, y and y² for its value moved to y in [−1, 1].
 *
 * @throws TypeError, RangeError that name the parameter; PrivacyError ERR_SECAGG_PRIVACY_TARGET if no noise meets the target.
 * @example
 * ```js
 * import { privateMoments } from 'secagg/dp';
 *
 * const target = { epsilon: 1, delta: 1e-6 };
 * const age = privateMoments({ maxUsers: 1000, threshold: 667, lower: 0, upper: 120, target });
 * const { vector, clipped } = age.encode(34);
 * console.log(vector.length, clipped); // prints: 3 0
 * ```
 */
export function privateMoments(plan: PrivateMomentsPlan): Encoding<number | null, PrivateMoments, PrivateErrorBound> {
  checkNames(plan, 'plan', [...PRIVACY_NAMES, 'lower', 'upper']);
  const terms = privacyTerms(plan);
  const lower = checkNumber(plan.lower, 'lower', -(2 ** 500), 2 ** 500);
  const upper = checkNumber(plan.upper, 'upper', -(2 ** 500), 2 ** 500);
  if (!(upper > lower)) throw new RangeError(`upper: expected more than lower, ${lower}, got ${upper}`);
  const [middle, half] = [(lower + upper) / 2, (upper - lower) / 2];
  const grid = vectorGrid({ dimensions: COMPONENTS, clip: Math.sqrt(COMPONENTS), block: null }, terms);
  const release = new Release(terms, grid, COMPONENTS, null);
  return privateEncoding({
    description: ['privateMoments', { lower, upper }],
    release,
    flat: false,
    weighted: false,
    bound(data, _weight, path) {
      if (data === null) return { values: new Float64Array(COMPONENTS), clipped: 0 };
      const value = checkedScalar(data, path);
      const y = Math.min(Math.max((value - middle) / half, -1), 1);
      return { values: Float64Array.of(1, y, y * y), clipped: value < lower || value > upper ? 1 : 0 };
    },
    read([count = 0, sum = 0, squares = 0], _users, noise) {
      // With less than one user left beside the noise, mean and variance are those of one user in the middle.
      const present = Math.max(count, 1);
      const y = Math.min(Math.max(sum / present, -1), 1);
      const variance = Math.min(Math.max(squares / present - y * y, 0), 1);
      const result = { count, mean: middle + half * y, variance: half ** 2 * variance, noise: { standardDeviation: noise } };
      return { result };
    },
    divisor: () => 1,
  });
}
