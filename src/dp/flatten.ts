// Spreads the energy of a vector evenly over its components by a randomized Hadamard transform, so that a sum of flattened vectors fits a
// much smaller ring ([KLS21] 2102.06387, section 4.2). Everybody may know the signs.
//
// DEVIATION from [KLS21]: a length that is no power of two is not padded to the next one, which would cost noise in up to twice as many
// components. Two transforms of 2^k components overlap instead, the first at the beginning and the second at the end of the vector. Both
// are orthonormal, so that the L2 norm stays. With fresh random signs for each, every component of the result is a sum of independent signs
// times the components of a vector no longer than the input, over 2^(k/2): it is subgaussian with parameter ‖x‖₂ / 2^(k/2).
import { fingerprint } from '../crypto/digest.ts';
import { concat, u32, utf8 } from '../leaves/bytes.ts';

/** Components of each of the transforms: the largest power of two up to `length`. */
export function blockOf(length: number): number {
  return 2 ** Math.floor(Math.log2(length));
}

/** Flattens in place. @param seed the same for all parties of a session, and another in each session. */
export function flatten(values: Float64Array, seed: Uint8Array): void {
  const block = blockOf(values.length);
  for (const [transform, part] of blocks(values, block).entries()) {
    flipSigns(part, seed, transform);
    hadamard(part);
  }
}

/** Undoes {@link flatten} in place. */
export function unflatten(values: Float64Array, seed: Uint8Array): void {
  const block = blockOf(values.length);
  for (const [transform, part] of [...blocks(values, block).entries()].reverse()) {
    hadamard(part);
    flipSigns(part, seed, transform);
  }
}

function blocks(values: Float64Array, block: number): Float64Array[] {
  const first = values.subarray(0, block);
  return block === values.length ? [first] : [first, values.subarray(values.length - block)];
}

const SIGNS_PER_DIGEST = 256;

function flipSigns(values: Float64Array, seed: Uint8Array, transform: number): void {
  for (let from = 0; from < values.length; from += SIGNS_PER_DIGEST) {
    const bits = fingerprint(concat([utf8('secagg/dp signs'), u32(transform), u32(from / SIGNS_PER_DIGEST), seed]));
    const end = Math.min(from + SIGNS_PER_DIGEST, values.length);
    for (let i = from; i < end; i++) {
      const bit = ((bits[(i - from) >> 3] ?? 0) >> (i & 7)) & 1;
      values[i] = (values[i] ?? 0) * (1 - 2 * bit);
    }
  }
}

/** The orthonormal Walsh–Hadamard transform in place, which is its own inverse. The length is a power of two. */
function hadamard(values: Float64Array): void {
  for (let half = 1; half < values.length; half *= 2) {
    for (let start = 0; start < values.length; start += 2 * half) {
      for (let i = start; i < start + half; i++) {
        const a = values[i] ?? 0;
        const b = values[i + half] ?? 0;
        values[i] = a + b;
        values[i + half] = a - b;
      }
    }
  }
  const scale = 1 / Math.sqrt(values.length);
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * scale;
}
