// The exact sum of users' bounded integers.
import { checkInteger, checkNames } from '../leaves/checks.ts';
import { context, users } from './checks.ts';
import { Encoding } from './encoding.ts';
import type { Sum } from './fixed-point.ts';
import { bigints, doubles, type Integers } from './integers.ts';
import { EncodingError } from './encoding-error.ts';
import type { ErrorBound, Reading } from './statistic.ts';
import { Layout, type Dimensions, type ValuesOf } from './tensors.ts';

/** The parameters of an exact sum. If the bounds are bigints, data and sums are bigints too. */
export type SumPlan = Dimensions & {
  /** Most users of a session, 1 to 1,000,000. */
  readonly maxUsers: number;
  /** Application context: task, model version, cohort. All parties must agree on it. Default empty. */
  readonly session?: string;
} & (
    | {
        /** Least value of a user. */
        readonly min: number;
        /** Largest value of a user. */
        readonly max: number;
      }
    | {
        /** Least value of a user. */
        readonly min: bigint;
        /** Largest value of a user. */
        readonly max: bigint;
      }
  );

/** The array of integers that a plan encodes: of numbers or bigints, as its bounds are. */
export type InputOf<Plan> = Plan extends { readonly max: bigint } ? ArrayLike<bigint> : ArrayLike<number>;
/** The array of integers that a plan decodes to. */
export type OutputOf<Plan> = Plan extends { readonly max: bigint } ? BigInt64Array : Float64Array;

/**
 * Plans the exact sum of integers in [min, max]. Values outside are clipped and counted.
 *
 * With numbers as bounds, data are numbers and sums a `Float64Array` of integers below 2^53; with bigints, data are
 * bigints and sums a `BigInt64Array`. `null` stands for zeros, if 0 is in the range.
 *
 * @throws TypeError, RangeError that name the parameter; RangeError with the numbers if no ring of up to 64 bits is wide enough.
 * @example
 * ```js
 * import { sum } from 'secagg/encoding';
 *
 * const clicks = sum({ maxUsers: 1000, length: 3, min: 0, max: 50 });
 * const { vector, clipped } = clicks.encode([3, 0, 80]);
 * console.log(clipped, clicks.decode(vector, { users: 1 }).sum); // prints: 1 Float64Array(3) [ 3, 0, 50 ]
 * ```
 */
export function sum<const Plan extends SumPlan>(
  plan: Plan,
): Encoding<ValuesOf<Plan, InputOf<Plan>> | null, Sum<ValuesOf<Plan, OutputOf<Plan>>>, ErrorBound> {
  checkNames(plan, 'plan', ['length', 'shapes', 'maxUsers', 'min', 'max', 'session']);
  const maxUsers = users(plan.maxUsers, 'maxUsers');
  const layout = new Layout(plan);
  const integers = integersOf(plan, maxUsers);
  const { min, max, session = '' } = plan;
  const range = { min: String(min), max: String(max) };
  return new Encoding({
    description: ['sum', { maxUsers, ...range, values: layout.description, session: context(session) }],
    maxUsers,
    span: BigInt(maxUsers) * integers.reach,
    fillsRing: false,
    weighted: false,
    correlated: false,
    noise: null,
    place: (placement) => ({
      length: layout.length,
      write(data, _terms, out): number {
        if (data !== null) return integers.write(layout.arrays(data, placement.path), placement.offset, out);
        integers.writeNothing(layout.length, placement, out);
        return 0;
      },
      read(total, n): Reading<Sum<ValuesOf<Plan, OutputOf<Plan>>>> {
        const values = integers.read(layout, placement, total, n) as ValuesOf<Plan, OutputOf<Plan>>;
        return { result: { sum: values }, nothing: null };
      },
      errorBound: () => ({ worst: 0, rms: 0 }),
    }),
  });
}

function integersOf({ min, max }: SumPlan, maxUsers: number): Integers {
  if (typeof max === 'bigint' && typeof min === 'bigint') {
    checkSums(min, max, maxUsers, 2n ** 63n - 1n);
    return bigints(min, max);
  }
  const least = checkInteger(min, 'min', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const most = checkInteger(max, 'max', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  checkSums(BigInt(least), BigInt(most), maxUsers, BigInt(Number.MAX_SAFE_INTEGER));
  return doubles(least, most);
}

function checkSums(min: bigint, max: bigint, maxUsers: number, limit: bigint): void {
  if (min >= max) throw new RangeError(`max: expected more than min, ${min}, got ${max}`);
  const farthest = BigInt(maxUsers) * (-min > max ? -min : max);
  if (farthest <= limit) return;
  const hint = limit < 2n ** 53n ? '; a plan with bigints has sums of up to 2^63 − 1' : '';
  throw new EncodingError(
    'ERR_SECAGG_RING_SIZE',
    `expected sums of up to ±${limit}, got ±${farthest} for ${maxUsers} users${hint}`,
    { element: 'plan', value: farthest, limits: [0n, limit] },
  );
}
