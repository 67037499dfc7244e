// Skellam noise, exactly, by inversion: a uniform real is drawn bit by bit until it is known between which two values of the distribution
// function it lies. These are computed as precisely as it takes. The time that a draw takes depends on what is drawn.
import type { RandomWords } from './random-words.ts';
import { skellamMasses, skellamReach } from './skellam-law.ts';

/** Bits of the first comparison, which is nearly always enough: its integers are exact in doubles. */
const FIRST_BITS = 53;
/** Bits to which the distribution function is computed at first, for the table of the first comparison too. */
const TABLE_BITS = 128;

/** Draws Skellam noise of a variance. */
export class ExactSkellam {
  readonly #variance: number;
  /** ⌊2^53 · P(|x| ≤ i)⌋ less at most one, ascending, as long as it is below 2^53 − 1. */
  readonly #table: Float64Array;

  constructor(variance: number) {
    this.#variance = variance;
    const shift = BigInt(TABLE_BITS - FIRST_BITS);
    const table = distribution(variance, TABLE_BITS).map((value) => Number((value - 1n) >> shift));
    const end = table.findIndex((value) => value >= 2 ** FIRST_BITS - 1);
    this.#table = Float64Array.from(end === -1 ? table : table.slice(0, end));
  }

  draw(words: RandomWords): number {
    const drawn = words.next() * 2 ** 21 + (words.next() >>> 11);
    const found = firstAbove(this.#table, drawn);
    // U is in [drawn, drawn + 1) · 2^-53. The entry before the one that is above it is sure to be below it only from 2 on.
    const sure = found < this.#table.length && (found === 0 || drawn - (this.#table[found - 1] ?? 0) >= 2);
    const magnitude = sure ? found : refined(this.#variance, words, BigInt(drawn));
    return words.next() % 2 === 1 && magnitude > 0 ? -magnitude : magnitude;
  }
}

/** The index of the first element that is larger than a value. */
function firstAbove(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The magnitude for the uniform real that begins with these 53 bits: draws more of them. Fewer than one in 2^35 draws come here. */
export function refined(variance: number, words: RandomWords, first: bigint): number {
  let [drawn, have] = [first, FIRST_BITS];
  for (let bits = TABLE_BITS; ; bits *= 2) {
    for (; have < bits; have++) drawn = (drawn << 1n) | BigInt(words.next() >>> 31);
    const values = distribution(variance, bits);
    const found = values.findIndex((value) => drawn + 1n <= value - 1n);
    const below = found === 0 ? -1n : (values[found - 1] ?? 0n) + 1n;
    if (found !== -1 && drawn >= below) return found;
  }
}

/**
 * 2^bits · P(|x| ≤ i) for i = 0, 1, …, to where all beyond has a probability below 2^-(bits + 4). Each is wrong by less than 1: by a half from
 * rounding, 1/16 from what is beyond, and 1/64 from the masses.
 */
export function distribution(variance: number, bits: number): bigint[] {
  const { masses, tail } = skellamMasses(variance, skellamReach(variance, bits + 4), bits + 8);
  const folded = masses.map((mass, x) => (x === 0 ? mass : 2n * mass));
  const total = folded.reduce((sum, mass) => sum + mass, 2n * tail);
  let sum = 0n;
  return folded.map((mass) => {
    sum += mass;
    return ((sum << BigInt(bits + 1)) + total) / (2n * total);
  });
}
