// Quotients of elements of up to 128 bits as doubles, without BigInt: in pairs of doubles (Dekker 1971), whose error is known. A pair that is too
// close to the middle between two doubles to tell which one is nearer gives no quotient; then the caller divides exactly.
import { exactOf } from './fixed-point.ts';
import { nearestDouble } from './quotients.ts';
import type { Words } from './words.ts';

/** Splits a double into two of 26 bits, whose products are exact. */
const SPLITTER = 2 ** 27 + 1;
const WORD = 2 ** 32;
/** An element has at most so many words. */
const MOST_WORDS = 4;
/**
 * A bound of the relative error of what is rounded: the two leading words are exact, the others are added to what these lose with an error of
 * 2^−74 of the element at most, and the factor and its product have errors of a few 2^−104.
 */
const ERROR = 2 ** -70;
/** Between 1 / this and this, no product of a factor overflows, and none loses bits by underflow. */
const MOST_FACTOR = 2 ** 900;

/** (n − zero)·factor for elements n, as the nearest double; null if it cannot be told which one that is. */
export class FastQuotients {
  readonly #words: number;
  readonly #zero: Words;
  readonly #factor: number;
  readonly #factorHigh: number;
  readonly #factorRest: number;
  readonly #distance: Words;

  /** For elements of `zero.length` words and a positive factor; null if they are too long, or the factor is too large or too small. */
  static of(zero: Words, numerator: bigint, denominator: bigint): FastQuotients | null {
    const factor = nearestDouble(numerator, denominator);
    const fits = zero.length <= MOST_WORDS && factor <= MOST_FACTOR && factor >= 1 / MOST_FACTOR;
    return fits ? new FastQuotients(zero, factor, restOf(factor, numerator, denominator)) : null;
  }

  private constructor(zero: Words, factor: number, factorRest: number) {
    this.#words = zero.length;
    this.#zero = zero;
    this.#distance = new Uint32Array(MOST_WORDS + 2);
    this.#factor = factor;
    this.#factorHigh = highOf(factor);
    this.#factorRest = factorRest;
  }

  /** The quotient of the element at `at`. */
  at(elements: Words, at: number): number | null {
    const isNegative = this.#subtract(elements, at);
    const distance = this.#distance;
    let top = this.#words - 1;
    while (top > 0 && distance[top] === 0) top--;
    const leading = (distance[top] ?? 0) * WORD;
    const next = distance[top - 1] ?? 0;
    // Exactly leading + next, as the sum and what it loses.
    const sum = leading + next;
    const lost = next - (sum - leading) + (distance[top - 2] ?? 0) / WORD + (distance[top - 3] ?? 0) / (WORD * WORD);
    const product = sum * this.#factor;
    const high = highOf(sum);
    const low = sum - high;
    const factorLow = this.#factor - this.#factorHigh;
    const lostInProduct = low * factorLow - (product - high * this.#factorHigh - low * this.#factorHigh - high * factorLow);
    const rest = lostInProduct + sum * this.#factorRest + lost * this.#factor;
    const rounded = product + rest;
    const left = rest - (rounded - product);
    const error = rounded * ERROR;
    if (rounded + (left + error) !== rounded || rounded + (left - error) !== rounded) return null;
    const quotient = rounded * WORD ** (top - 1);
    return isNegative ? -quotient : quotient;
  }

  /** Sets the distance to |n − zero|. @returns whether n is below zero. */
  #subtract(elements: Words, at: number): boolean {
    const distance = this.#distance;
    let borrow = 0;
    for (let i = 0; i < this.#words; i++) {
      const difference = (elements[at + i] ?? 0) - (this.#zero[i] ?? 0) - borrow;
      distance[i] = difference;
      borrow = difference < 0 ? 1 : 0;
    }
    if (borrow === 0) return false;
    let carry = 1;
    for (let i = 0; i < this.#words; i++) {
      const sum = (~(distance[i] ?? 0) >>> 0) + carry;
      distance[i] = sum;
      carry = sum > 0xffff_ffff ? 1 : 0;
    }
    return true;
  }
}

/** The leading 26 bits of a double. */
function highOf(value: number): number {
  const scaled = SPLITTER * value;
  return scaled - (scaled - value);
}

/** What a quotient is beyond the double next to it. */
function restOf(value: number, numerator: bigint, denominator: bigint): number {
  const { mantissa, exponent } = exactOf(value);
  // value = mantissa·2^exponent, so the rest is (numerator − value·denominator) / denominator.
  const scale = 1n << BigInt(Math.abs(exponent));
  return exponent < 0
    ? nearestDouble(numerator * scale - mantissa * denominator, denominator * scale)
    : nearestDouble(numerator - mantissa * scale * denominator, denominator);
}
