// Draws from a small table in constant time: counts the thresholds that a uniform number of 120 bits reaches, and looks at every one.

/** Bits of a threshold, and of the number that is compared with it. */
export const THRESHOLD_BITS = 120;
/** 32-bit words of a threshold, each with 30 bits of it: differences of such words fit the small integers of every engine. */
export const WORDS = 4;
const WORD_MASK = 0x3fff_ffffn;

const SCALE = 1n << BigInt(THRESHOLD_BITS);

/**
 * The thresholds of the law that has these weights for 0, 1, …: ⌊2^120 · (w₀ + … + w_i) / Σw⌋, for all but the last value.
 *
 * If U is uniform in [0, 2^120), the number of thresholds that are at most U has this law, up to rounding. A threshold is wrong by
 * less than one unit, and by e more if the sums of weights are wrong by e units, and moves at most 2^-120 · (1 + e) of the probability
 * from one value to the next.
 */
export function thresholdsOf(weights: readonly bigint[]): bigint[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  let sum = 0n;
  return weights.slice(0, -1).map((weight) => {
    sum += weight;
    return (sum * SCALE) / total;
  });
}

/** Thresholds as words, the lowest word first. What is stored is one less, so that a borrow tells that the threshold is reached. */
export function wordsOf(thresholds: readonly bigint[]): Int32Array {
  const words = new Int32Array(WORDS * thresholds.length);
  thresholds.forEach((threshold, i) => {
    if (threshold < 1n || threshold > SCALE) throw new RangeError(`threshold ${i}: expected 1 to 2^${THRESHOLD_BITS}`);
    for (let j = 0; j < WORDS; j++) words[WORDS * i + j] = Number(((threshold - 1n) >> BigInt(30 * j)) & WORD_MASK);
  });
  return words;
}

/** Thresholds of a table, and how far the number of those that are reached is shifted. */
export interface Place {
  readonly from: number;
  readonly to: number;
  readonly shift: number;
}

/**
 * Draws from the thresholds between two words of a table, for each element of `out`: adds the number of thresholds that a uniform number
 * reaches, shifted. The uniform numbers stand in the random words from `at` on, four for each element. There is an even number of elements.
 *
 * The operations and addresses depend on the lengths only: four subtractions with borrow for each threshold, about 2 ns. Two draws share
 * the loads. Constants are written out: engines load those of other modules anew each time.
 */
export function addReached(out: Int32Array, table: Int32Array, { from, to, shift }: Place, random: Int32Array, at: number): void {
  for (let k = 0; k < out.length; k += 2) {
    const first = at + 4 * k;
    const a0 = (random[first] ?? 0) & 0x3fff_ffff;
    const a1 = (random[first + 1] ?? 0) & 0x3fff_ffff;
    const a2 = (random[first + 2] ?? 0) & 0x3fff_ffff;
    const a3 = (random[first + 3] ?? 0) & 0x3fff_ffff;
    const b0 = (random[first + 4] ?? 0) & 0x3fff_ffff;
    const b1 = (random[first + 5] ?? 0) & 0x3fff_ffff;
    const b2 = (random[first + 6] ?? 0) & 0x3fff_ffff;
    const b3 = (random[first + 7] ?? 0) & 0x3fff_ffff;
    let a = 0;
    let b = 0;
    for (let i = from; i < to; i += 4) {
      const t0 = table[i] ?? 0;
      const t1 = table[i + 1] ?? 0;
      const t2 = table[i + 2] ?? 0;
      const t3 = table[i + 3] ?? 0;
      // The sign of a difference is −1 if it borrows.
      a -= (t3 - a3 + ((t2 - a2 + ((t1 - a1 + ((t0 - a0) >> 31)) >> 31)) >> 31)) >> 31;
      b -= (t3 - b3 + ((t2 - b2 + ((t1 - b1 + ((t0 - b0) >> 31)) >> 31)) >> 31)) >> 31;
    }
    out[k] = (out[k] ?? 0) + (a << shift);
    out[k + 1] = (out[k + 1] ?? 0) + (b << shift);
  }
}
