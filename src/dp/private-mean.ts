// The mean of users' real vectors, with noise: each user counts once, or by a weight.
import { magnitude } from '../encoding/checks.ts';
import type { Encoding } from '../encoding/encoding.ts';
import { EncodingError } from '../encoding/encoding-error.ts';
import type { FloatArrayOf } from '../encoding/floats.ts';
import { nameOf, type Weights } from '../encoding/statistic.ts';
import type { ValuesOf } from '../encoding/tensors.ts';
import { kindOf } from '../leaves/checks.ts';
import { privateEncoding, type PrivateErrorBound, type ResultNoise } from './private-part.ts';
import {
  boundedVector,
  noiseAndClipping,
  restored,
  VECTOR_NAMES,
  vectorParts,
  type ClippingResult,
  type VectorPlan,
} from './vector-plan.ts';

/** A decoded private mean. */
export interface PrivateMean<Values> {
  /** The mean over the users, value by value, with noise. */
  readonly mean: Values;
  /** The noise in each value. */
  readonly noise: ResultNoise;
}

/** A decoded private mean of users with weights. */
export interface PrivateWeightedMean<Values> extends PrivateMean<Values> {
  /** The users' total weight, with noise. */
  readonly totalWeight: number;
}

/** What {@link privateWeightedMean} is told. */
export type WeightedVectorPlan = VectorPlan & {
  /** Largest weight of a user. Default 1000. */
  readonly maxWeight?: number;
};

/**
 * Plans the mean of real vectors with differential privacy for each user. The number of users is public. It counts every user: one
 * that has nothing to add gives `null`, which counts as zeros.
 *
 * @throws TypeError, RangeError that name the parameter; PrivacyError ERR_SECAGG_PRIVACY_TARGET if no noise meets the target;
 * EncodingError ERR_SECAGG_RING_SIZE if no ring of up to 64 bits is wide enough.
 * @example
 * ```js
 * import { privateMean } from 'secagg/dp';
 *
 * const target = { epsilon: 8, delta: 1e-6, releases: 100 };
 * const update = privateMean({ maxUsers: 100, threshold: 67, shapes: { kernel: [8, 8], bias: [8] }, l2Clip: 1, target });
 * console.log(update.vecLen, update.options.minHonest); // prints: 72 66
 * ```
 */
export function privateMean<const Plan extends VectorPlan>(
  plan: Plan,
): Encoding<
  ValuesOf<Plan, ArrayLike<number>> | null,
  PrivateMean<ValuesOf<Plan, FloatArrayOf<Plan>>> & ClippingResult<Plan>,
  PrivateErrorBound
> {
  const parts = vectorParts(plan, VECTOR_NAMES);
  const { release, flat, description } = parts;
  return privateEncoding({
    description: ['privateMean', description],
    release,
    flat,
    weighted: false,
    bound: (data, _weight, path) => boundedVector(parts, data, path),
    read: (values, users, noise) => ({
      result: {
        mean: restored<Plan>(parts, values, users) as ValuesOf<Plan, FloatArrayOf<Plan>>,
        ...noiseAndClipping<Plan>(parts, values, { users, noise, divisor: users }),
      },
    }),
    divisor: ({ users }) => users,
  });
}

/**
 * Plans the mean of real vectors in which users have weights, such as their numbers of examples, with differential privacy for each
 * user, its weight included.
 *
 * A user sends w/maxWeight times its clipped vector, and beside it w/maxWeight times a constant κ, as one vector of the L2 norm
 * √(l2Clip² + κ²). The error of the mean is least for κ = l2Clip / ⁴√d, if the mean is as long as the clip: it is then in proportion to
 * (1 + κ²/l2Clip²)·(d + l2Clip²/κ²). Both sums have noise, and so has their ratio.
 *
 * @throws As {@link privateMean}.
 * @example
 * ```js
 * import { privateWeightedMean } from 'secagg/dp';
 *
 * const terms = { maxUsers: 100, threshold: 67, noiseMultiplier: 0.7 };
 * const update = privateWeightedMean({ ...terms, length: 64, l2Clip: 1, maxWeight: 500 });
 * const { vector } = update.encode(new Array(64).fill(0.1), 120); // 120 examples
 * console.log(vector.length); // prints: 65
 * ```
 */
export function privateWeightedMean<const Plan extends WeightedVectorPlan>(
  plan: Plan,
): Encoding<
  ValuesOf<Plan, ArrayLike<number>> | null,
  PrivateWeightedMean<ValuesOf<Plan, FloatArrayOf<Plan>>> & ClippingResult<Plan>,
  PrivateErrorBound
> {
  const parts = vectorParts(plan, [...VECTOR_NAMES, 'maxWeight'], (dimensions) => ({
    components: 1,
    squared: dimensions ** (-1 / 2),
  }));
  const { layout, clipping, release, flat, description } = parts;
  const maxWeight = magnitude(plan.maxWeight ?? 1000, 'maxWeight', Number.MAX_SAFE_INTEGER);
  const constant = clipping.norm * layout.length ** (-1 / 4);
  return privateEncoding({
    description: ['privateWeightedMean', { ...description, maxWeight }],
    release,
    flat,
    weighted: true,
    bound(data, weight, path) {
      const share = checkedWeight(weight, maxWeight, path) / maxWeight;
      // Values without a weight are not read: they are often NaN, as a mean over no examples is.
      if (share === 0 && data !== null) layout.arrays(data, path);
      if (share === 0) return boundedVector(parts, null, path);
      if (data === null) throw new TypeError(`${nameOf('data', path)}: expected values beside a weight above 0, got null`);
      const bounded = boundedVector(parts, data, path);
      for (let i = 0; i < layout.length; i++) bounded.values[i] = (bounded.values[i] ?? 0) * share;
      bounded.values[layout.length] = constant * share;
      return bounded;
    },
    read(values, users, noise) {
      const shares = (values[layout.length] ?? 0) / constant;
      const nothing = shares > 0 ? null : noWeight(shares * maxWeight);
      const mean = restored<Plan>(parts, values, shares) as ValuesOf<Plan, FloatArrayOf<Plan>>;
      const clipping = noiseAndClipping<Plan>(parts, values, { users, noise, divisor: shares });
      return { result: { mean, totalWeight: shares * maxWeight, ...clipping }, nothing };
    },
    divisor({ users, totalWeight }) {
      return magnitude(totalWeight, 'totalWeight', users * maxWeight * (1 + 2 ** -40)) / maxWeight;
    },
  });
}

function checkedWeight(weight: Weights | undefined, maxWeight: number, path: readonly string[]): number {
  const name = nameOf('weight', path);
  if (typeof weight !== 'number') throw new TypeError(`${name}: expected a number, got ${kindOf(weight)}`);
  if (weight >= 0 && weight <= maxWeight) return weight;
  const limits = [0, maxWeight] as const;
  throw new EncodingError('ERR_SECAGG_WEIGHT', `expected a number in [${limits.join(', ')}]`, {
    element: name,
    value: weight,
    limits,
  });
}

function noWeight(total: number): EncodingError {
  const message = `expected a total weight above 0, got ${total}: the noise is larger than the weights`;
  return new EncodingError('ERR_SECAGG_ZERO_WEIGHT', message, { element: 'sum', value: total });
}
