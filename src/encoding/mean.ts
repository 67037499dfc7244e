// The mean of users' floats, in which all users have the same weight.
import { checkNames } from '../leaves/checks.ts';
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
import type { ErrorBound, Reading } from './statistic.ts';
import { dequantize, quantize } from './quantize.ts';
import type { ValuesOf } from './tensors.ts';

/** A decoded mean. */
export interface Mean<Values> {
  /** The mean over the users, value by value. */
  readonly mean: Values;
}

/**
 * Plans the mean of floats.
 *
 * A value x, clipped to ±clippingRange, is sent as x · s rounded to an integer. s · clippingRange is the largest component of
 * which `maxUsers` can be added without a wrap. The mean is Σ / (users · s). It counts every user: if some may have no value, plan a
 * {@link weightedMean} with the weights 0 and 1.
 *
 * @throws TypeError, RangeError that name the parameter; RangeError with the numbers if no ring of up to 64 bits is wide enough.
 * @example
 * ```js
 * import { mean } from 'secagg/encoding';
 *
 * const loss = mean({ maxUsers: 100, length: 1, clippingRange: 10, type: 'float64' });
 * const { vector } = loss.encode([0.25]);
 * console.log(loss.bits, loss.decode(vector, { users: 1 }).mean[0].toFixed(4)); // prints: 29 0.2500
 * ```
 */
export function mean<const Plan extends MeanPlan>(
  plan: Plan,
): Encoding<ValuesOf<Plan, ArrayLike<number>>, Mean<ValuesOf<Plan, FloatArrayOf<Plan>>>, ErrorBound> {
  checkNames(plan, 'plan', MEAN_NAMES);
  const parameters = floatParameters(plan);
  const { maxUsers, clip, type, rounder, layout } = parameters;
  const range = quantizationRange(plan);
  return new Encoding({
    description: ['mean', { ...parameters.description, quantizationRange: range }],
    maxUsers,
    span: BigInt(maxUsers) * reachOf(range),
    fillsRing: true,
    weighted: false,
    correlated: parameters.rounding === 'correlated',
    noise: null,
    place(placement) {
      const scale = stepsFor(clip, placement.bits, maxUsers);
      return {
        length: layout.length,
        write(data, { strata }, out): number {
          const round = rounder(placement.offset, strata);
          return quantize(layout, placement, data, { clip, scale, round }, out);
        },
        read(sum, users): Reading<Mean<ValuesOf<Plan, FloatArrayOf<Plan>>>> {
          const inverse = { divisor: users * scale, reach: users * (clip * scale + 1), type };
          const values = dequantize(layout, placement, sum, inverse) as ValuesOf<Plan, FloatArrayOf<Plan>>;
          return { result: { mean: values }, nothing: null };
        },
        errorBound: ({ users, cohorts }) =>
          floatErrorBound(parameters, { users, cohorts, step: 1 / (users * scale), size: clip }),
      };
    },
  });
}
