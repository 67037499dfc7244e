// Visits long arrays in blocks of doubles that stay in the cache. Each step is then a plain loop over doubles, which costs the
// same for every kind of array, and nothing is allocated for an element.
import { kindOf } from '../leaves/checks.ts';
import type { SumVector } from '../masking/vector.ts';
import { load } from './components.ts';
import type { Named } from './tensors.ts';

const BLOCK = 16_384;

/**
 * Visits copies of the values of all arrays in turn. `name` and `from` are the array and the index of the first value, `position` is
 * its index among all values.
 *
 * @throws TypeError that names an element that is no number.
 */
export function visitValues(
  arrays: readonly Named[],
  visit: (values: Float64Array, name: string, from: number, position: number) => void,
): void {
  const scratch = new Float64Array(BLOCK);
  let position = 0;
  for (const { name, data, length } of arrays) {
    for (let from = 0; from < length; from += BLOCK) {
      const values = scratch.subarray(0, Math.min(BLOCK, length - from));
      copy(data, from, values, name);
      visit(values, name, from, position + from);
    }
    position += length;
  }
}

/** Visits as many zeros as a user has values, for one that contributes nothing. `position` is that of the first of them. */
export function visitZeros(length: number, visit: (values: Float64Array, position: number) => void): void {
  const scratch = new Float64Array(Math.min(BLOCK, length));
  for (let position = 0; position < length; position += BLOCK) {
    visit(scratch.subarray(0, Math.min(BLOCK, length - position)).fill(0), position);
  }
}

function copy(data: ArrayLike<unknown>, from: number, values: Float64Array, name: string): void {
  if (data instanceof Float32Array || data instanceof Float64Array || data instanceof Int32Array) {
    values.set(data.subarray(from, from + values.length));
    return;
  }
  for (let i = 0; i < values.length; i++) {
    const value = data[from + i];
    if (typeof value !== 'number') throw new TypeError(`${name}[${from + i}]: expected a number, got ${kindOf(value)}`);
    values[i] = value;
  }
}

/** Visits copies of `length` components of a sum from `offset` on. */
export function visitSum(
  sum: SumVector,
  offset: number,
  length: number,
  visit: (values: Float64Array, from: number) => void,
): void {
  const scratch = new Float64Array(BLOCK);
  for (let from = 0; from < length; from += BLOCK) {
    const values = scratch.subarray(0, Math.min(BLOCK, length - from));
    load(sum, offset + from, values);
    visit(values, from);
  }
}
