// The users' vectors, and what their sum must be. Drawn anew whenever they are needed, so that no two are in memory at a time.
import { Seeded } from './seeded.ts';

export type Vector = Int32Array | BigInt64Array;

export interface Shape {
  readonly vecLen: number;
  readonly bits: number;
}

/** Uniform modulo 2^bits: whatever is added up wrongly shows. */
export function inputOf(seed: number, run: number, userId: number, { vecLen, bits }: Shape): Vector {
  const vector = bits <= 32 ? new Int32Array(vecLen) : new BigInt64Array(vecLen);
  new Uint8Array(vector.buffer).set(new Seeded(seed, 'input', run, userId).bytes(vector.byteLength));
  return vector;
}

function zero({ vecLen, bits }: Shape): Vector {
  return bits <= 32 ? new Int32Array(vecLen) : new BigInt64Array(vecLen);
}

/** Adds to a sum, modulo 2^32 or 2^64. */
function add(sum: Vector, vector: Vector): void {
  if (sum instanceof Int32Array && vector instanceof Int32Array) {
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (vector[i] ?? 0);
  } else if (sum instanceof BigInt64Array && vector instanceof BigInt64Array) {
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0n) + (vector[i] ?? 0n);
  } else throw new TypeError('expected vectors of one width');
}

/** As signed integers of `bits` bits. */
function reduce(sum: Vector, bits: number): Vector {
  const unused = 32 - bits;
  return sum instanceof Int32Array
    ? sum.map((component) => (component << unused) >> unused)
    : sum.map((component) => BigInt.asIntN(bits, component));
}

/** Added up in the clear, without anything of the library. */
export function plainSum(seed: number, run: number, userIds: readonly number[], shape: Shape): Vector {
  const sum = zero(shape);
  for (const id of userIds) add(sum, inputOf(seed, run, id, shape));
  return reduce(sum, shape.bits);
}

/** The first component in which two vectors differ; null where none does. */
export function firstDifference(a: Vector, b: Vector): number | null {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  const i = (a as ArrayLike<unknown> & Int32Array).findIndex((component, i) => component !== b[i]);
  return i === -1 ? null : i;
}
