// Rounds a vector to integers without bias, and again if the result is too long. The norm is tested in integers: the privacy of a vector
// depends on the integers that it became and on nothing before ([KLS21] 2102.06387, Algorithm 1).
import type { RandomSource } from '../crypto/random.ts';

/**
 * Most tries. Each is refused with a probability of at most e^(−½), so that all are refused with one of 2e-14 at most. How many were made
 * shows in the time that encoding takes.
 */
const MAX_TRIES = 64;

/**
 * Rounds each value to a neighboring integer, in place, such that ‖v‖₂² ≤ `l2Squared`. If all tries are refused it rounds toward zero, which
 * makes no vector longer.
 *
 * @param l2Squared an integer below 2^53, as the squares of such integers are then added exactly.
 */
export function roundConditionally(values: Float64Array, l2Squared: number, random: RandomSource): void {
  const exact = values.slice();
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (roundAtRandom(exact, values, random) <= l2Squared) {
      exact.fill(0);
      return;
    }
  }
  let norm = 0;
  for (let i = 0; i < values.length; i++) {
    const value = Math.trunc(exact[i] ?? 0);
    values[i] = value;
    norm += value * value;
  }
  exact.fill(0);
  // Doubles may have made the vector longer than its radius by some rounding errors. NaN would leave without noise: no norm of it is kept.
  if (!(norm <= l2Squared)) values.fill(0);
}

const BLOCK = 16_384;

/** @returns the square of the L2 norm; exact if it is below 2^53. */
function roundAtRandom(exact: Float64Array, rounded: Float64Array, random: RandomSource): number {
  let norm = 0;
  for (let from = 0; from < exact.length; from += BLOCK) {
    const end = Math.min(from + BLOCK, exact.length);
    const bytes = random(8 * (end - from));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = from; i < end; i++) {
      const value = exact[i] ?? 0;
      const floor = Math.floor(value);
      const at = 8 * (i - from);
      // 53 bits, so that no rounding makes it 1: an integer stays what it is.
      const uniform = view.getUint32(at, true) * 2 ** -32 + (view.getUint32(at + 4, true) >>> 11) * 2 ** -53;
      const integer = floor + Math.floor(value - floor + uniform);
      rounded[i] = integer;
      norm += integer * integer;
    }
  }
  return norm;
}
