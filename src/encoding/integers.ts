// Exact sums of bounded integers. Values are sent as their distance from the middle of their range, which takes one bit less if
// the range is on one side of zero.
import { kindOf } from '../leaves/checks.ts';
import type { SumVector } from '../masking/vector.ts';
import { fillExact, loadExact, store, storeExact } from './components.ts';
import { EncodingError, outOfRange } from './encoding-error.ts';
import { nameOf, type Placement } from './statistic.ts';
import { visitSum, visitValues } from './blocks.ts';
import type { Layout, Named } from './tensors.ts';

/** Writes the integers of one user, and reads those of a sum. */
export interface Integers {
  /** Largest distance from the middle of the range. */
  readonly reach: bigint;
  /** Writes a user's values from `offset` on; returns how many were outside the range and were moved to its edge. */
  write(arrays: readonly Named[], offset: number, out: SumVector): number;
  /** Writes the zeros of a user that contributes nothing. @throws TypeError that names the data if 0 is out of the range. */
  writeNothing(length: number, placement: Placement, out: SumVector): void;
  /** The exact sums of `users`, under the plan's names. */
  read(layout: Layout, placement: Placement, sum: SumVector, users: number): unknown;
}

const middleOf = (min: bigint, max: bigint): bigint => (min + max) >> 1n;

/** Integers in [min, max] as doubles. The caller has made sure that their sums are below 2^53. */
export function doubles(min: number, max: number): Integers {
  const middle = Number(middleOf(BigInt(min), BigInt(max)));
  return {
    reach: BigInt(max) - BigInt(middle),
    write(arrays, offset, out): number {
      let clipped = 0;
      visitValues(arrays, (values, name, from, position) => {
        for (let i = 0; i < values.length; i++) {
          const value = values[i] ?? 0;
          if (!Number.isInteger(value)) throw noInteger(name, from + i, value);
          if (value < min || value > max) clipped++;
          values[i] = Math.min(Math.max(value, min), max) - middle;
        }
        store(out, offset + position, values);
      });
      return clipped;
    },
    writeNothing: (length, placement, out) => {
      writeZeros({ min, max, middle: BigInt(middle) }, length, placement, out);
    },
    read(layout, { offset, path }, sum, users): unknown {
      // The sum of one session is below 2^53; that of many cohorts may not be.
      if (users * Math.max(-min, max) > Number.MAX_SAFE_INTEGER)
        throw tooMany(users, '2^53 (a plan with bigints has a limit of 2^63)');
      return layout.restore((start, length) => {
        const result = new Float64Array(length);
        visitSum(sum, offset + start, length, (values, from) => {
          for (let i = 0; i < values.length; i++) {
            const value = (values[i] ?? 0) + users * middle;
            if (value < users * min || value > users * max) {
              const { element, index } = layout.elementAt(start + from + i, path);
              throw outOfRange(element, value, [users * min, users * max], index);
            }
            result[from + i] = value;
          }
        });
        return result;
      });
    },
  };
}

/** Integers in [min, max] as bigints, up to 64 bits. */
export function bigints(min: bigint, max: bigint): Integers {
  const middle = middleOf(min, max);
  return {
    reach: max - middle,
    write(arrays, offset, out): number {
      let clipped = 0;
      let position = offset;
      for (const { name, data, length } of arrays) {
        for (let i = 0; i < length; i++) {
          const value = data[i];
          if (typeof value !== 'bigint') throw new TypeError(`${name}[${i}]: expected a bigint, got ${kindOf(value)}`);
          const kept = value < min ? min : value > max ? max : value;
          if (kept !== value) clipped++;
          storeExact(out, position++, kept - middle);
        }
      }
      return clipped;
    },
    writeNothing: (length, placement, out) => {
      writeZeros({ min, max, middle }, length, placement, out);
    },
    read(layout, { offset, path }, sum, users): unknown {
      const n = BigInt(users);
      if (n * (-min > max ? -min : max) >= 2n ** 63n) throw tooMany(users, '2^63');
      return layout.restore((start, length) => {
        const result = new BigInt64Array(length);
        for (let i = 0; i < length; i++) {
          const value = loadExact(sum, offset + start + i) + n * middle;
          if (value < n * min || value > n * max) {
            const { element, index } = layout.elementAt(start + i, path);
            throw outOfRange(element, value, [n * min, n * max], index);
          }
          result[i] = value;
        }
        return result;
      });
    },
  };
}

interface Range {
  readonly min: number | bigint;
  readonly max: number | bigint;
  readonly middle: bigint;
}

function writeZeros({ min, max, middle }: Range, length: number, { offset, path }: Placement, out: SumVector): void {
  if (min > 0 || max < 0) {
    throw new TypeError(`${nameOf('data', path)}: expected values, as 0 is not in [${min}, ${max}], got null`);
  }
  fillExact(out, offset, length, -middle);
}

function noInteger(name: string, index: number, value: number): EncodingError {
  // A number that is no number at all may be told, a value may not.
  const kind = Number.isFinite(value) ? 'a fraction' : value;
  const element = `${name}[${index}]`;
  return new EncodingError('ERR_SECAGG_VALUE', `expected an integer, got ${kind}`, { element, index, value });
}

function tooMany(users: number, limit: string): RangeError {
  return new RangeError(`users: expected so few that their sums stay below ${limit}, got ${users}`);
}
