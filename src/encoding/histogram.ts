// How many users, or how many of their events, fall into each bin.
import { checkInteger, checkNames, checkObject, kindOf } from '../leaves/checks.ts';
import { context, exactNames, users } from './checks.ts';
import { Encoding } from './encoding.ts';
import { EncodingError } from './encoding-error.ts';
import { doubles } from './integers.ts';
import { nameOf, type ErrorBound, type Reading } from './statistic.ts';
import { arrayOf, Layout, type Named } from './tensors.ts';

/** What {@link histogram} is told. */
export interface HistogramPlan {
  /** Most users of a session, 1 to 1,000,000. */
  readonly maxUsers: number;
  /** Number of bins. */
  readonly bins: number;
  /** Most events of one user in one bin; more are clipped. Default 1. */
  readonly maxCount?: number;
  /** Application context: task, model version, cohort. All parties must agree on it. Default empty. */
  readonly session?: string;
}

/** A user's events as the bins they fall into, in any order; or already counted, bin by bin. */
export type HistogramData =
  | {
      /** For each event the index of its bin, from 0 on. */
      readonly indices: ArrayLike<number>;
    }
  | {
      /** For each bin the number of events. */
      readonly counts: ArrayLike<number>;
    };

/** A decoded histogram. */
export interface Histogram {
  /** How many events fall into each bin. */
  readonly counts: Float64Array;
}

/**
 * Plans a histogram. A user without events gives `null`, which is the same as no indices.
 *
 * @throws TypeError, RangeError that name the parameter; RangeError with the numbers if no ring of up to 64 bits is wide enough.
 * @example
 * ```js
 * import { histogram } from 'secagg/encoding';
 *
 * const ages = histogram({ maxUsers: 500, bins: 4, maxCount: 10 });
 * const { vector } = ages.encode({ indices: [0, 2, 2] }); // the same as { counts: [1, 0, 2, 0] }
 * console.log(ages.bits, ages.decode(vector, { users: 1 }).counts); // prints: 13 Float64Array(4) [ 1, 0, 2, 0 ]
 * ```
 */
export function histogram(plan: HistogramPlan): Encoding<HistogramData | null, Histogram, ErrorBound> {
  checkNames(plan, 'plan', ['maxUsers', 'bins', 'maxCount', 'session']);
  const maxUsers = users(plan.maxUsers, 'maxUsers');
  const bins = checkInteger(plan.bins, 'bins', 1, 2 ** 32 - 1);
  const maxCount = checkInteger(plan.maxCount ?? 1, 'maxCount', 1, Math.floor(Number.MAX_SAFE_INTEGER / maxUsers));
  const layout = new Layout({ length: bins });
  const integers = doubles(0, maxCount);
  return new Encoding({
    description: ['histogram', { maxUsers, bins, maxCount, session: context(plan.session ?? '') }],
    maxUsers,
    span: BigInt(maxUsers) * integers.reach,
    fillsRing: false,
    weighted: false,
    correlated: false,
    noise: null,
    place: (placement) => ({
      length: bins,
      write(data, _terms, out): number {
        if (data !== null) return integers.write([countsOf(data, bins, placement.path)], placement.offset, out);
        integers.writeNothing(bins, placement, out);
        return 0;
      },
      read(sum, n): Reading<Histogram> {
        return { result: { counts: integers.read(layout, placement, sum, n) as Float64Array }, nothing: null };
      },
      errorBound: () => ({ worst: 0, rms: 0 }),
    }),
  });
}

export function countsOf(data: unknown, bins: number, path: readonly string[]): Named {
  const root = nameOf('data', path);
  const given = 'counts' in checkObject(data, root) ? 'counts' : 'indices';
  const name = `${root}.${given}`;
  const { [given]: values } = exactNames(data, [given], root);
  if (given === 'counts') return { name, data: arrayOf(values, name, bins), length: bins };
  const indices = arrayOf(values, name);
  const counts = new Float64Array(bins);
  for (let i = 0; i < indices.length; i++) {
    const bin = indices[i];
    if (typeof bin !== 'number') throw new TypeError(`${name}[${i}]: expected a number, got ${kindOf(bin)}`);
    if (!(Number.isInteger(bin) && bin >= 0 && bin < bins)) {
      const details = { element: `${name}[${i}]`, index: i, value: bin, limits: [0, bins - 1] } as const;
      throw new EncodingError('ERR_SECAGG_VALUE', `expected the index of a bin, 0 to ${bins - 1}, got another number`, details);
    }
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { name, data: counts, length: bins };
}
