// Long arrays are worked on in stretches that stay in the cache, each step a plain loop over doubles: the cost is the same
// whatever kind of array the values come in, and nothing is allocated for an element.
import { kindOf } from '../leaves/checks.ts';
import { load, type Components } from './components.ts';
import type { Named } from './tensors.ts';

const STRETCH = 16_384;

/**
 * Visits copies of the values of all arrays in turn: `name` and `from` tell where they come from, `position` where they
 * are among all values.
 *
 * @throws TypeError that names the element that is no number.
 */
export function visitValues(
  arrays: readonly Named[],
  visit: (values: Float64Array, name: string, from: number, position: number) => void,
): void {
  const scratch = new Float64Array(STRETCH);
  let position = 0;
  for (const { name, data } of arrays) {
    for (let from = 0; from < data.length; from += STRETCH) {
      const values = scratch.subarray(0, Math.min(STRETCH, data.length - from));
      copy(data, from, values, name);
      visit(values, name, from, position + from);
    }
    position += data.length;
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

/** Visits `length` components of a sum from `offset` on. */
export function visitSum(
  sum: Components,
  offset: number,
  length: number,
  visit: (values: Float64Array, from: number) => void,
): void {
  const scratch = new Float64Array(STRETCH);
  for (let from = 0; from < length; from += STRETCH) {
    const values = scratch.subarray(0, Math.min(STRETCH, length - from));
    load(sum, offset + from, values);
    visit(values, from);
  }
}
