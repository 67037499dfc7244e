// The users' vectors and their plain sum. A vector is drawn again whenever it is needed, so that there are never two in memory.
import { Seeded } from './seeded.ts';

export type Vector = Int32Array | BigInt64Array;

export interface VectorShape {
  readonly vecLen: number;
  readonly bits: number;
}

/** A user's vector, uniform modulo 2^bits, so that every wrong addition shows in the sum. */
export function inputOf(seed: number, run: number, userId: number, { vecLen, bits }: VectorShape): Vector {
  const vector = bits <= 32 ? new Int32Array(vecLen) : new BigInt64Array(vecLen);
  new Uint8Array(vector.buffer).set(new Seeded(seed, 'input', run, userId).bytes(vector.byteLength));
  return vector;
}

function zero({ vecLen, bits }: VectorShape): Vector {
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

/** The components as signed integers of `bits` bits. */
function reduce(sum: Vector, bits: number): Vector {
  const unused = 32 - bits;
  return sum instanceof Int32Array
    ? sum.map((component) => (component << unused) >> unused)
    : sum.map((component) => BigInt.asIntN(bits, component));
}

/** The sum of some users' vectors, added up in the clear and without the library. */
export function plainSum(seed: number, run: number, userIds: readonly number[], shape: VectorShape): Vector {
  const sum = zero(shape);
  for (const id of userIds) add(sum, inputOf(seed, run, id, shape));
  return reduce(sum, shape.bits);
}

/** The first component in which two vectors differ; null if none does. */
export function firstDifference(a: Vector, b: Vector): number | null {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  const i = (a as ArrayLike<unknown> & Int32Array).findIndex((component, i) => component !== b[i]);
  return i === -1 ? null : i;
}
