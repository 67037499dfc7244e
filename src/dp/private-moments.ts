// Count, mean and variance of one number of each user, with noise.
import type { Encoding } from '../encoding/encoding.ts';
import { checkNames, checkNumber } from '../leaves/checks.ts';
import { componentGrid, type ComponentShape, type Grid } from './grid.ts';
import type { Adjacency } from './mechanism.ts';
import { privateEncoding, type PrivateErrorBound, type ResultNoise } from './private-part.ts';
import { PRIVACY_NAMES, privacyTerms, type PrivacyPlan, type PrivacyTerms } from './privacy-terms.ts';
import { Release } from './release.ts';
import { checkedScalar } from './scalar.ts';
import type { Sensitivity } from './sensitivity.ts';

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
/** The fewest steps of a unit, unless noise of so many is too wide: rounding is then a small part of every result. */
const LEAST_STEPS = 100;

/**
 * How far two vectors of a user lie apart on a grid of R steps: (R, a, b), with Ry and Ry² rounded to a and b, or zeros.
 *
 * - From zeros: (R, ±R, R) is the furthest, by √3·R.
 * - Two vectors with values: a and a′ differ by 2R only if y > 1 − 1/R and y′ < −1 + 1/R, or the other way around. Then Ry² > R − 2 for
 *   both, so that b and b′ differ by at most 2, and the square of the distance is at most 4R² + 4. If a and a′ differ by 2R − k, then
 *   b and b′ are at least R − 2(k + 1): (2R − k)² + 4(k + 1)² is no more for 5k ≤ 4R − 8, and (2R − k)² + R² is no more for larger k.
 * - The L1 norm is 3R from zeros, and no more between two with values: (2R − k) + min(R, 2k + 2).
 */
export function momentsDistance(steps: number, adjacency: Adjacency): Sensitivity {
  return { l2Squared: adjacency === 'zero-out' ? 3 * steps ** 2 : 4 * steps ** 2 + 4, l1: 3 * steps };
}

function momentsGrid(terms: PrivacyTerms): Grid {
  const { adjacency } = terms;
  const distances = (steps: number): ReturnType<ComponentShape['distances']> => ({
    fromZero: momentsDistance(steps, 'zero-out'),
    sensitivity: momentsDistance(steps, adjacency),
    bounds: adjacency === 'zero-out' ? { components: COMPONENTS, shift: steps } : null,
  });
  return componentGrid({ dimensions: COMPONENTS, largest: 1, leastSteps: LEAST_STEPS, distances }, terms);
}

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
  const [middle, half] = [(lower + upper) / 2, (upper - lower) / 2];
  // Half of the least double is 0, and 0/0 no value.
  if (!(half > 0)) throw new RangeError(`upper: expected more than lower, ${lower}, got ${upper}`);
  const release = new Release(terms, momentsGrid(terms), COMPONENTS);
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
