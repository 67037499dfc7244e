// The tables of the constant-time sampler. It draws a magnitude x = 2^κ·y + u from stairs above a Gaussian, and keeps it with the quotient
// of the two: y has weights w_y = e^(−(2^κ·y)²/2s²), u is uniform in [0, 2^κ), and x is kept with probability e^(−a/2s²) for
// a = u(u + 2^(κ+1)·y). The table for y has at most 36 entries, however large s² is.
//
// Why the law is exact: x² = (2^κ·y)² + a, so that a trial keeps x and a sign with a probability in proportion to
// w_y · e^(−a/2s²) = e^(−x²/2s²). 0 would have two signs; one of them is not kept. e^(−a/2s²) is P(G ≥ a) for a geometric G, whose
// weights e^(−g/2s²) are the products of those of its digits: the digits are independent, and each is drawn from a table of its own.
// Then a ≤ G is one comparison of integers. What is not exact is in the tables: see `samplerErrorOf`.
import { exponential } from './exponential.ts';
import { skellamMasses, skellamReach } from './skellam-law.ts';
import { THRESHOLD_BITS, WORDS, thresholdsOf, wordsOf } from './thresholds.ts';

/** Magnitudes are cut where all that is beyond has at most this probability, 2^-TAIL_BITS. */
export const TAIL_BITS = 106;
/** Least (s/2^κ)² if κ > 0. It balances the entries for y against the draws that are not kept: 1 in 8 to 2 in 9. */
const LEAST_STAIR = 2;
/** Digits of the exponent below are to the base 2^DIGIT_BITS. */
export const DIGIT_BITS = 3;
const BASE = 1 << DIGIT_BITS;
/** Fraction bits of the weights. */
const WEIGHT_BITS = 240;

/** What magnitudes are drawn from. */
export interface Staircase {
  /** κ: the width of a stair is 2^κ. */
  readonly shift: number;
  /** Thresholds of y. */
  readonly stairs: Int32Array;
  /**
   * Thresholds of the digits of G, the lowest first: G has a geometric law with P(G ≥ a) = e^(−a/2s²), and x is kept if G is at least
   * a = u(u + 2^(κ+1)·y). Its digits are independent. The highest one has a threshold more: its last value stands for itself and all beyond.
   */
  readonly digits: Int32Array;
  readonly digitCount: number;
  /** Whether x = 0 is drawn with both signs, one of which is not kept. */
  readonly zeroTwice: boolean;
  /** The largest magnitude. */
  readonly reach: number;
  /** The probability that a magnitude is kept, for planning only. */
  readonly kept: number;
}

/** Stairs above the Gaussian of parameter `variance` that go at least as far as `least`. */
export function gaussianStaircase(variance: number, least = 0): Staircase {
  let shift = 0;
  while (variance / 4 ** (shift + 1) >= LEAST_STAIR) shift++;
  const weights = stairWeights(variance, shift, least);
  const reach = weights.length * 2 ** shift - 1;
  if (shift === 0) return { ...tableOf(weights), reach };
  const sum = weights.reduce((total, weight) => total + Number(weight), 0) / 2 ** WEIGHT_BITS;
  return {
    shift,
    stairs: wordsOf(thresholdsOf(weights)),
    ...digitsOf(variance, (2 ** shift - 1) * (2 ** shift - 1 + 2 ** (shift + 1) * (weights.length - 1))),
    zeroTwice: true,
    reach,
    kept: Math.sqrt(2 * Math.PI * variance) / (2 * 2 ** shift * sum),
  };
}

/** Stairs of width 1 that are Skellam noise themselves. */
export function skellamStaircase(variance: number): Staircase {
  const reach = skellamReach(variance, TAIL_BITS);
  return { ...tableOf(skellamMasses(variance, reach, WEIGHT_BITS).masses), reach };
}

/** The weights of the stairs, down to where the rest no longer counts. */
function stairWeights(variance: number, shift: number, least: number): bigint[] {
  const weights: bigint[] = [];
  for (let y = 0; ; y++) {
    const weight = exponential((BigInt(y) ** 2n) << BigInt(2 * shift), 2n * BigInt(variance), WEIGHT_BITS);
    // The weights fall at least as fast from here on as from the last one to this one, and by more than half once they are this small:
    // the rest is less than twice this weight.
    const rest = 2n * weight;
    if (rest << BigInt(TAIL_BITS + 4) < 1n << BigInt(WEIGHT_BITS) && y * 2 ** shift > least) return weights;
    weights.push(weight);
  }
}

/** The table of a law of magnitudes, given by the weights of 0, 1, …, where each weight but the first stands for both signs. */
function tableOf(weights: readonly bigint[]): Omit<Staircase, 'reach'> {
  const folded = weights.map((weight, x) => (x === 0 ? weight : 2n * weight));
  const stairs = wordsOf(thresholdsOf(folded));
  return { shift: 0, stairs, digits: new Int32Array(0), digitCount: 0, zeroTwice: false, kept: 1 };
}

/** Digits of G that are enough to compare it with any a up to `largest`. */
function digitsOf(variance: number, largest: number): Pick<Staircase, 'digits' | 'digitCount'> {
  const tables: Int32Array[] = [];
  for (let weight = 1; weight <= largest; weight *= BASE) {
    const top = weight * BASE > largest;
    const one = 1n << BigInt(WEIGHT_BITS);
    const power = (v: number): bigint => exponential(BigInt(v) * BigInt(weight), 2n * BigInt(variance), WEIGHT_BITS);
    const total = top ? one : one - power(BASE);
    const values = Array.from({ length: top ? BASE : BASE - 1 }, (_, i) => i + 1);
    tables.push(wordsOf(values.map((v) => ((one - power(v)) << BigInt(THRESHOLD_BITS)) / total)));
  }
  const digits = new Int32Array(tables.reduce((sum, { length }) => sum + length, 0));
  tables.forEach((table, j) => digits.set(table, j * (BASE - 1) * WORDS));
  return { digits, digitCount: tables.length };
}
