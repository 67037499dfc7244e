// Sums of floats on a grid that the caller chooses. Values on the grid are summed exactly.
import { checkInteger, checkNames } from '../leaves/checks.ts';
import { Encoding } from './encoding.ts';
import { FLOAT_NAMES, floatErrorBound, floatParameters, type FloatArrayOf, type FloatPlan } from './floats.ts';
import type { ErrorBound, Reading } from './statistic.ts';
import { dequantize, quantize, quantizeNothing } from './quantize.ts';
import type { ValuesOf } from './tensors.ts';

/** What {@link fixedPoint} is told. */
export type FixedPointPlan = FloatPlan & {
  /** Binary digits after the point, −400 to 400: the grid is 2^−fractionBits. Default 16. */
  readonly fractionBits?: number;
};

/** A decoded sum. */
export interface Sum<Values> {
  /** The sum over the users, value by value. */
  readonly sum: Values;
}

/**
 * Plans the sum of floats in fixed point.
 *
 * A value x, clipped to ±clippingRange, is sent as x · 2^fractionBits rounded to an integer. The sum of values that are
 * multiples of 2^−fractionBits is exact, as far as the type of the result can hold it. `null` stands for zeros.
 *
 * @throws TypeError, RangeError that name the parameter; RangeError with the numbers if no ring of up to 64 bits is wide enough.
 * @example
 * ```js
 * import { fixedPoint } from 'secagg/encoding';
 *
 * const watts = fixedPoint({ maxUsers: 1000, length: 2, clippingRange: 20_000, fractionBits: 2, type: 'float64' });
 * const { vector, clipped } = watts.encode([1250.75, 30_000]);
 * console.log(clipped, watts.decode(vector, { users: 1 }).sum); // prints: 1 Float64Array(2) [ 1250.75, 20000 ]
 * ```
 */
export function fixedPoint<const Plan extends FixedPointPlan>(
  plan: Plan,
): Encoding<ValuesOf<Plan, ArrayLike<number>> | null, Sum<ValuesOf<Plan, FloatArrayOf<Plan>>>, ErrorBound> {
  checkNames(plan, 'plan', [...FLOAT_NAMES, 'fractionBits']);
  const parameters = floatParameters(plan);
  const { maxUsers, clip, type, rounder, layout } = parameters;
  const fractionBits = checkInteger(plan.fractionBits ?? 16, 'fractionBits', -400, 400);
  const scale = 2 ** fractionBits;
  const largest = Math.ceil(clip * scale);
  return new Encoding({
    description: ['fixedPoint', { ...parameters.description, fractionBits }],
    maxUsers,
    span: BigInt(maxUsers) * BigInt(largest),
    fillsRing: false,
    weighted: false,
    correlated: parameters.rounding === 'correlated',
    noise: null,
    place: (placement) => ({
      length: layout.length,
      write(data, { strata }, out): number {
        const round = rounder(placement.offset, strata);
        if (data === null) {
          quantizeNothing(layout.length, placement.offset, round, out);
          return 0;
        }
        return quantize(layout, placement, data, { clip, scale, round }, out);
      },
      read(sum, users): Reading<Sum<ValuesOf<Plan, FloatArrayOf<Plan>>>> {
        const values = dequantize(layout, placement, sum, { divisor: scale, reach: users * largest, type });
        return { result: { sum: values as ValuesOf<Plan, FloatArrayOf<Plan>> }, nothing: null };
      },
      errorBound: ({ users, cohorts }) => floatErrorBound(parameters, { users, cohorts, step: 1 / scale, size: users * clip }),
    }),
  });
}
