// Plain computations to compare encodings with: sums in bigints, means in doubles, and seeded random bits.
import { expect } from 'chai';
import type { Encoding } from '../../src/encoding/index.ts';

export type Vector = Int32Array | BigInt64Array;

/** Bytes that a seed repeats (mulberry32). */
export function seeded(seed: number): (length: number) => Uint8Array {
  let state = seed >>> 0;
  return (length) => {
    const words = new Uint32Array(Math.ceil(length / 4));
    for (let i = 0; i < words.length; i++) {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      words[i] = (t ^ (t >>> 14)) >>> 0;
    }
    return new Uint8Array(words.buffer, 0, length);
  };
}

/** Doubles in [0, 1). */
export function uniform(seed: number): () => number {
  const random = seeded(seed);
  return () => new Uint32Array(random(4).buffer)[0]! / 2 ** 32;
}

/** The sum as the rounds give it; none of its components may reach 2^(bits − 1). */
export function addUp(
  { bits, vecLen }: Pick<Encoding<never, unknown, unknown>, 'bits' | 'vecLen'>,
  vectors: readonly Vector[],
): Vector {
  const totals = new Array<bigint>(vecLen).fill(0n);
  for (const vector of vectors) {
    expect(vector).to.have.length(vecLen);
    vector.forEach((component: number | bigint, j: number) => (totals[j]! += BigInt(component)));
  }
  for (const total of totals) expect(total < 1n << BigInt(bits - 1) && -total < 1n << BigInt(bits - 1)).to.equal(true);
  return bits <= 32 ? Int32Array.from(totals, Number) : BigInt64Array.from(totals);
}

export const clip = (x: number, range: number): number => Math.max(-range, Math.min(range, x));

/** Largest distance of two arrays' elements. */
export function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).to.equal(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}
