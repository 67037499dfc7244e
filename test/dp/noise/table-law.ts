// The exact law of what the constant-time sampler draws, from the words of its tables.
import type { ConstantTimeTables } from '../../../src/dp/noise/constant-time.ts';
import { thinningAt } from '../../../src/dp/noise/thinning.ts';
import { BITS, exactMagnitudes, ONE } from './laws.ts';

/** P(value ≥ v) for v = 0, 1, … of a table of thresholds, in units of 2^-400; 0 beyond. */
function tailsOf(words: Int32Array): bigint[] {
  const tails = [ONE];
  for (let i = 0; i < words.length; i += 4) {
    const stored = [3, 2, 1, 0].reduce((value, j) => (value << 30n) | BigInt(words[i + j]!), 0n);
    tails.push(ONE - ((stored + 1n) << (BITS - 120n)));
  }
  return [...tails, 0n];
}

/** Gives the probability that a trial is kept with a magnitude, in units of 2^-400. */
export function trialLaw({ staircase, thinning }: ConstantTimeTables): (x: number) => bigint {
  const { shift, stairs, digits, digitCount, zeroTwice } = staircase;
  const stairTails = tailsOf(stairs);
  const digitTails = Array.from({ length: digitCount }, (_, j) =>
    tailsOf(digits.subarray(28 * j, j === digitCount - 1 ? digits.length : 28 * (j + 1))),
  );
  /** P(G ≥ a): a higher digit is larger, or all are equal down to one that is. */
  const outlasts = (a: bigint): bigint => {
    let atLeast = ONE;
    digitTails.forEach((tails, j) => {
      const digit = Number((a >> BigInt(3 * j)) & 7n);
      const more = tails[digit + 1]!;
      atLeast = more + (((tails[digit]! - more) * atLeast) >> BITS);
    });
    return atLeast;
  };
  return (x) => {
    const stair = Math.floor(x / 2 ** shift);
    const u = BigInt(x - stair * 2 ** shift);
    const onStair = (stairTails[stair]! - stairTails[stair + 1]!) >> BigInt(shift);
    const kept = (onStair * outlasts(u * (u + (BigInt(stair) << BigInt(shift + 1))))) >> BITS;
    const signed = x === 0 && zeroTwice ? kept >> 1n : kept;
    if (thinning === null) return signed;
    return (signed * ((1n << BigInt(thinning.bits)) - BigInt(thinningAt(thinning, x)))) >> BigInt(thinning.bits);
  };
}

/** The probabilities that a trial is kept with the magnitude 0, 1, … */
function trialLaws(tables: ConstantTimeTables): bigint[] {
  const of = trialLaw(tables);
  return Array.from({ length: tables.staircase.reach + 1 }, (_, x) => of(x));
}

const magnitude = (x: bigint): bigint => (x < 0n ? -x : x);

/** A law of magnitudes, not normalized. */
type Weights = readonly bigint[];

/** What the tables are to draw: the Gaussian of parameter `variance`, thinned, up to their reach. */
export function thinnedGaussian(variance: number, { staircase, thinning }: ConstantTimeTables): bigint[] {
  const exact = exactMagnitudes({ mechanism: 'discrete-gaussian', variance }, staircase.reach).slice(0, -1);
  if (thinning === null) return exact;
  const one = 1n << BigInt(thinning.bits);
  return exact.map((p, x) => (p * (one - BigInt(thinningAt(thinning, x)))) >> BigInt(thinning.bits));
}

/** The probability that a trial is kept, and the total variation distance of what is kept from a law that may reach farther. */
export function distanceFrom(law: Weights, tables: ConstantTimeTables): { readonly kept: number; readonly distance: number } {
  const drawn = trialLaws(tables);
  const [kept, total] = [sumOf(drawn), sumOf(law)];
  const twice = law.reduce((sum, p, x) => sum + magnitude(((drawn[x] ?? 0n) << BITS) / kept - (p << BITS) / total), 0n);
  return { kept: asNumber(kept), distance: asNumber(twice) / 2 };
}

/** The largest |ln(P/Q)| of two laws with the same reach. */
export function logRatioOf(one: Weights, other: Weights): number {
  const [ofOne, ofOther] = [sumOf(one), sumOf(other)];
  return one.reduce((most, p, x) => {
    const quotient = ((p * ofOther) << BITS) / (other[x]! * ofOne);
    return Math.max(most, Math.abs(asNumber(quotient - ONE)));
  }, 0);
}

const sumOf = (weights: Weights): bigint => weights.reduce((sum, p) => sum + p, 0n);

const asNumber = (fraction: bigint): number => Number(fraction) / 2 ** Number(BITS);
