// The weighted mean of users' floats. Nobody learns a user's weight: its vector is [w, w · x].
import { checkNames } from '../leaves/checks.ts';
import { magnitude } from './checks.ts';
import { Encoding } from './encoding.ts';
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
import { nameOf, type ErrorBound } from './statistic.ts';
import { dequantize, quantize } from './quantize.ts';
import type { ValuesOf } from './tensors.ts';
import { WeightDigits } from './weight-digits.ts';

/** What {@link weightedMean} is told. */
export type WeightedMeanPlan = MeanPlan & {
  /** The largest weight of a user, up to 2^53 − 1; default 1000. */
  readonly maxWeight?: number;
};

/** A decoded weighted mean. */
export interface WeightedMean<Values> {
  /** The weighted mean over the users, value by value. */
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
 * Integers up to maxWeight are exact as weights, and so are the other multiples of maxWeight · 2^−52.
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
): Encoding<ValuesOf<Plan, ArrayLike<number>>, WeightedMean<ValuesOf<Plan, FloatArrayOf<Plan>>>, ErrorBound> {
  checkNames(plan, 'plan', [...MEAN_NAMES, 'maxWeight']);
  const parameters = floatParameters(plan);
  const { maxUsers, clip, type, rounder, layout } = parameters;
  const range = quantizationRange(plan);
  const maxWeight = magnitude(plan.maxWeight ?? 1000, 'maxWeight', Number.MAX_SAFE_INTEGER);
  return new Encoding({
    description: ['weightedMean', { ...parameters.description, quantizationRange: range, maxWeight }],
    maxUsers,
    reach: reachOf(range),
    fillsRing: true,
    weighted: true,
    correlated: parameters.rounding === 'correlated',
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
          // Values are multiplied with the rounded weight, which is sent, so that the answer is a mean whatever that rounding is.
          return quantize(layout, values, data, { clip, scale: units * weights.unit * scale, round }, out);
        },
        read(sum, users): WeightedMean<ValuesOf<Plan, FloatArrayOf<Plan>>> {
          const totalWeight = weights.read(sum, users);
          const divisor = totalWeight * scale;
          const inverse = { divisor, reach: divisor * clip * (1 + 2 ** -40) + users, type };
          return { mean: dequantize(layout, values, sum, inverse) as ValuesOf<Plan, FloatArrayOf<Plan>>, totalWeight };
        },
        errorBound({ users, cohorts, totalWeight }): ErrorBound {
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
