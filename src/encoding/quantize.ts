// Turns reals into integers on a grid of `scale` steps a unit, and sums of these back into reals.
import type { SumVector } from '../masking/vector.ts';
import { store } from './components.ts';
import { EncodingError, outOfRange } from './encoding-error.ts';
import type { FloatType } from './floats.ts';
import type { Placement } from './statistic.ts';
import type { Round } from './rounding.ts';
import { visitSum, visitValues, visitZeros } from './blocks.ts';
import type { Layout } from './tensors.ts';

export interface Grid {
  /** Values beyond ±clip become ±clip. */
  readonly clip: number;
  /** Steps a unit. clip · scale is at most the largest magnitude of a component. */
  readonly scale: number;
  readonly round: Round;
}

/** Writes the integers of a user's values into the vector. @returns how many values were clipped. */
export function quantize(layout: Layout, { offset, path }: Placement, data: unknown, grid: Grid, out: SumVector): number {
  let clipped = 0;
  visitValues(layout.arrays(data, path), (values, name, from, position) => {
    clipped += clipAndScale(values, grid, name, from);
    grid.round(values);
    store(out, offset + position, values);
  });
  return clipped;
}

/**
 * Writes zeros for a user that contributes nothing. They are rounded like values, so that encoding takes about as long as it does
 * for others. Every rounding gives 0 for 0.
 */
export function quantizeNothing(length: number, offset: number, round: Round, out: SumVector): void {
  visitZeros(length, (values, position) => {
    round(values);
    store(out, offset + position, values);
  });
}

function clipAndScale(values: Float64Array, { clip, scale }: Grid, name: string, from: number): number {
  let clipped = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value >= -clip && value <= clip) {
      values[i] = value * scale;
      continue;
    }
    if (!Number.isFinite(value)) {
      const element = `${name}[${from + i}]`;
      throw new EncodingError('ERR_SECAGG_VALUE', `expected a finite number, got ${value}`, { element, index: from + i, value });
    }
    values[i] = (value > 0 ? clip : -clip) * scale;
    clipped++;
  }
  return clipped;
}

/** How a sum of such integers is turned into reals. */
export interface Inverse {
  /** The number that a sum is divided by. */
  readonly divisor: number;
  /** The largest magnitude of a sum that honest users make. */
  readonly reach: number;
  readonly type: FloatType;
}

/** The reals of a sum, in arrays of the plan's type and under its names. */
export function dequantize(layout: Layout, { offset, path }: Placement, sum: SumVector, inverse: Inverse): unknown {
  const { divisor, reach, type } = inverse;
  return layout.restore((start, length) => {
    const result = type === 'float64' ? new Float64Array(length) : new Float32Array(length);
    visitSum(sum, offset + start, length, (values, from) => {
      for (let i = 0; i < values.length; i++) {
        const value = values[i] ?? 0;
        if (value > reach || value < -reach) {
          const { element, index } = layout.elementAt(start + from + i, path);
          throw outOfRange(element, value, [0 - reach, reach], index);
        }
        values[i] = value / divisor;
      }
      result.set(values, from);
    });
    return result;
  });
}
