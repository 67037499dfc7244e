// The constant-time sampler. Every trial runs the same operations at the same addresses, whatever it draws, and is kept or not. Where the
// next one is written depends on how many were kept before. That tells nothing of the noise: a trial that is kept has the law of
// the noise, whichever trials were kept.
//
// JavaScript promises no times. What holds is that no branch, no address and no loop depends on the noise, that all integers fit 31 bits or are
// exact in doubles, and that nothing is divided.
import type { RandomSource } from '../../crypto/random.ts';
import { BLOCK_WORDS, randomWords } from './random-words.ts';
import { DIGIT_BITS, type Staircase } from './staircase.ts';
import { addReached, WORDS } from './thresholds.ts';
import { thinningAt, type Thinning } from './thinning.ts';

/** The tables of a law. */
export interface ConstantTimeTables {
  readonly staircase: Staircase;
  /** Null if the stairs are above the law itself. */
  readonly thinning: Thinning | null;
}

/** What the thinning takes of a trial, in words. */
const THINNING_WORDS = 3;
const DIGITS_A_WORD = 10;

/** Random words of a trial: for its stair, for each digit, for its place on the stair and its sign, and for the thinning. */
function wordsPerTrial({ staircase, thinning }: ConstantTimeTables): number {
  return WORDS * (1 + staircase.digitCount) + 1 + (thinning === null ? 0 : THINNING_WORDS);
}

/** Fills with independent draws. Takes fresh random bytes, and wipes them. */
export function fillInConstantTime(out: Int32Array, tables: ConstantTimeTables, random: RandomSource): void {
  const perTrial = wordsPerTrial(tables);
  const most = Math.max(2, Math.floor(BLOCK_WORDS / perTrial));
  for (let filled = 0; filled < out.length;) {
    const wanted = Math.ceil((out.length - filled) / tables.staircase.kept) + 8;
    const words = randomWords(random, 2 * Math.floor(Math.min(most, wanted) / 2) * perTrial);
    filled += runTrials(out.subarray(filled), tables, words);
    words.fill(0);
  }
}

/**
 * Runs as many trials as there are random words for, an even number, and writes those that are kept, until the output is full.
 *
 * @returns how many were written.
 */
export function runTrials(out: Int32Array, tables: ConstantTimeTables, words: Int32Array): number {
  const { staircase, thinning } = tables;
  const { shift, stairs, digits, digitCount } = staircase;
  const trials = words.length / wordsPerTrial(tables);
  const [stair, low, high] = [new Int32Array(trials), new Int32Array(trials), new Int32Array(trials)];
  addReached(stair, stairs, { from: 0, to: stairs.length, shift: 0 }, words, 0);
  // G in two words of 30 bits. The highest digit has a threshold more than the others.
  const width = WORDS * (2 ** DIGIT_BITS - 1);
  for (let j = 0; j < digitCount; j++) {
    const to = j === digitCount - 1 ? digits.length : (j + 1) * width;
    const place = { from: j * width, to, shift: DIGIT_BITS * (j % DIGITS_A_WORD) };
    addReached(j < DIGITS_A_WORD ? low : high, digits, place, words, WORDS * trials * (1 + j));
  }
  const places = WORDS * trials * (1 + digitCount);
  const mask = 2 ** shift - 1;
  const zeroOnce = Number(staircase.zeroTwice);
  let kept = 0;
  for (let k = 0; k < trials && kept < out.length; k++) {
    const place = words[places + k] ?? 0;
    const negative = place >>> 31;
    const u = place & mask;
    const base = (stair[k] ?? 0) << shift;
    const x = base + u;
    let keep = isAtLeast(low[k] ?? 0, high[k] ?? 0, u, x + base) & (1 - (zeroOnce & negative & isZero(x)));
    if (thinning !== null) keep &= 1 - isThinned(thinning, x, words, places + trials + THINNING_WORDS * k);
    out[kept] = (x ^ -negative) + negative;
    kept += keep;
  }
  for (const scratch of [stair, low, high]) scratch.fill(0);
  return kept;
}

/**
 * 1 if G = 2^30 · high + low is at least a = u · c, else 0. u is below 2^25, and c below 2^31 / 1.2, so that no intermediate result reaches 2^31.
 */
function isAtLeast(low: number, high: number, u: number, c: number): number {
  // Schoolbook multiplication with digits of 15 bits.
  const u0 = u & 0x7fff;
  const u1 = u >>> 15;
  const c0 = c & 0x7fff;
  const c1 = c >>> 15;
  const cross = Math.imul(u0, c1) + Math.imul(u1, c0);
  const sum = Math.imul(u0, c0) + ((cross & 0x7fff) << 15);
  const borrow = (low - (sum & 0x3fff_ffff)) >>> 31;
  return 1 - ((high - (Math.imul(u1, c1) + (cross >>> 15) + (sum >>> 30)) - borrow) >>> 31);
}

/** 1 if the magnitude is dropped, else 0: if a uniform number of the bits of F is below F(x). */
function isThinned(thinning: Thinning, x: number, words: Int32Array, at: number): number {
  const value = thinningAt(thinning, x);
  const valueHigh = Math.floor(value * (1 / 0x400_0000));
  const valueLow = value - valueHigh * 0x400_0000;
  const borrow = (((words[at] ?? 0) & 0x3ff_ffff) - valueLow) >>> 31;
  const high = (words[at + 1] ?? 0) & thinning.highMask;
  const rest = (words[at + 2] ?? 0) & thinning.restMask;
  return ((high - valueHigh - borrow) >>> 31) & isZero(rest);
}

/** 1 for 0, else 0, for integers from 0 to 2^31 − 1. */
function isZero(x: number): number {
  return (x - 1) >>> 31;
}
