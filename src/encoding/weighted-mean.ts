// The weighted mean of users' floats. Nobody learns a user's weight: its vector is [w, w · x].
import { checkNames } from '../leaves/checks.ts';
import { magnitude } from './checks.ts';
import { Encoding } from './encoding.ts';
import type { EncodingError } from './encoding-error.ts';
import {
  floatErrorBound,
  floatParameters,
  MEAN_NAMES,
  quantizationRange,
  reachOf,
  stepsFor,
  type FloatArrayOf,
  type MeanPlan,
} from './floats.ts';
import { nameOf, type ErrorBound, type Reading } from './statistic.ts';
import { dequantize, quantize, quantizeNothing } from './quantize.ts';
import type { ValuesOf } from './tensors.ts';
import { WeightDigits } from './weight-digits.ts';

/** What {@link weightedMean} is told. */
export type WeightedMeanPlan = MeanPlan & {
  /** The largest weight of a user, up to 2^53 − 1; default 1000. */
  readonly maxWeight?: number;
};

/** A decoded weighted mean. */
export interface WeightedMean<Values> {
  /**
   * The weighted mean over the users, value by value. If `totalWeight` is 0, which happens in a combination only, there is none:
   * reading it throws EncodingError `ERR_SECAGG_ZERO_WEIGHT`.
   */
  readonly mean: Values;
  /** The sum of the users' weights. */
  readonly totalWeight: number;
}

/**
 * Plans the weighted mean of floats.
 *
 * A user's values x are clipped to ±clippingRange and then sent as w · x · s rounded to integers. maxWeight · clippingRange · s is
 * the largest component of which `maxUsers` can be added without a wrap. The weight w is sent exactly, in as many components as its
 * digits need. The mean is Σ / (s · Σw).
 *
 * Integers up to maxWeight are exact as weights, and so are the other multiples of maxWeight · 2^−52. A user with the weight 0
 * contributes nothing, and what it sends looks like what others send. Its values may be `null`, and are not read otherwise.
 *
 * @throws TypeError, RangeError that name the parameter; RangeError with the numbers if no ring of up to 64 bits is wide enough.
 * @example
 * ```js
 * import { weightedMean } from 'secagg/encoding';
 *
 * const update = weightedMean({ maxUsers: 100, shapes: { kernel: [2, 2], bias: [2] } });
 * const tensors = { kernel: { shape: [2, 2], data: [1, 2, 3, 4] }, bias: { shape: [2], data: [0.5, 9] } };
 * const { vector, clipped } = update.encode(tensors, 60); // 60 examples
 * const { mean, totalWeight } = update.decode(vector, { users: 1 });
 * console.log(clipped, totalWeight, mean.kernel.data[3].toFixed(2), mean.bias.data[1].toFixed(2)); // prints: 1 60 4.00 8.00
 * ```
 */
export function weightedMean<const Plan extends WeightedMeanPlan>(
  plan: Plan,
): Encoding<ValuesOf<Plan, ArrayLike<number>> | null, WeightedMean<ValuesOf<Plan, FloatArrayOf<Plan>>>, ErrorBound> {
  checkNames(plan, 'plan', [...MEAN_NAMES, 'maxWeight']);
  const parameters = floatParameters(plan);
  const { maxUsers, clip, type, rounder, layout } = parameters;
  const range = quantizationRange(plan);
  const maxWeight = magnitude(plan.maxWeight ?? 1000, 'maxWeight', Number.MAX_SAFE_INTEGER);
  return new Encoding({
    description: ['weightedMean', { ...parameters.description, quantizationRange: range, maxWeight }],
    maxUsers,
    span: BigInt(maxUsers) * reachOf(range),
    fillsRing: true,
    weighted: true,
    correlated: parameters.rounding === 'correlated',
    noise: null,
    place(placement) {
      const weights = new WeightDigits(maxWeight, maxUsers, placement);
      const values = { ...placement, offset: placement.offset + weights.count };
      const scale = stepsFor(clip * maxWeight, placement.bits, maxUsers);
      return {
        length: weights.count + layout.length,
        write(data, { weight, strata }, out): number {
          const units = weights.units(weight);
          weights.write(units, out);
          const round = rounder(values.offset, strata);
          if (units === 0) {
            // Values without a weight are not read: they are often NaN, as a mean over no examples is, and 0 · NaN is NaN.
            if (data !== null) layout.arrays(data, values.path);
            quantizeNothing(layout.length, values.offset, round, out);
            return 0;
          }
          // Values are multiplied with the rounded weight, which is sent, so that the answer is a mean whatever that rounding is.
          return quantize(layout, values, data, { clip, scale: units * weights.unit * scale, round }, out);
        },
        read(sum, users): Reading<WeightedMean<ValuesOf<Plan, FloatArrayOf<Plan>>>> {
          const totalWeight = weights.read(sum, users);
          if (totalWeight === 0) {
            dequantize(layout, values, sum, { divisor: 1, reach: 0, type }); // users without a weight send zeros
            return { result: withoutMean(() => weights.zeroWeight()), nothing: weights.zeroWeight() };
          }
          const divisor = totalWeight * scale;
          const inverse = { divisor, reach: divisor * clip * (1 + 2 ** -40) + users, type };
          const mean = dequantize(layout, values, sum, inverse) as ValuesOf<Plan, FloatArrayOf<Plan>>;
          return { result: { mean, totalWeight }, nothing: null };
        },
        errorBound({ users, cohorts, totalWeight }): ErrorBound {
          if (totalWeight === 0) return { worst: Infinity, rms: Infinity };
          const most = users * maxWeight * (1 + 2 ** -40); // the caller may have added up doubles
          const total = magnitude(totalWeight, nameOf('totalWeight', placement.path), most);
          const { worst, rms } = floatErrorBound(parameters, { users, cohorts, step: 1 / (total * scale), size: clip });
          // A weight is off by at most one unit, which moves the mean by at most that share of the whole range.
          const ofWeights = (users * weights.unit * 2 * clip) / total;
          return { worst: worst + ofWeights, rms: rms + ofWeights };
        },
      };
    },
  });
}

/** The result if all weights are zero. The mean is not enumerable, so that copying or printing a combination's results throws nothing. */
function withoutMean<Values>(zeroWeight: () => EncodingError): WeightedMean<Values> {
  const get = (): never => {
    throw zeroWeight();
  };
  return Object.defineProperty({ totalWeight: 0 }, 'mean', { get }) as WeightedMean<Values>;
}
