// Numbers as elements of a group: ⌊(w·s + A)·E⌋ for a number w and a weight s, exactly, without BigInt in the loop.
// [xaynet-core 0.2.0] src/mask/masking.rs, `Masker::mask`, which computes it with rationals.
//
// A number is m·2^e with an integer m, a weight is M·2^f, and E = 10^d = 5^d·2^d. So w·s·E = m·C·2^(e+f+d) with the constant C = M·5^d. The
// product of m and C is computed in digits of 24 bits, whose products and sums are exact as doubles, and then shifted.
import type { Mantissa } from './model.ts';
import type { MaskGroup } from './orders.ts';
import { wordsOf, type Words } from './words.ts';

const DIGIT_BITS = 24;
const DIGIT = 2 ** DIGIT_BITS;
const DIGITS_TO_ONE = 1 / DIGIT;
/** Digits that a number has at most: 64 bits. */
export const MOST_DIGITS = 3;

/** Digits beyond the product that a word may be read from. */
const READ_AHEAD = 4;

/** Numbers times one weight, as elements of a group. */
export class FixedPoint {
  readonly #words: number;
  /** C, in digits, the least first. */
  readonly #constant: Float64Array;
  /** f + d. */
  readonly #exponent: number;
  /** A·E, which stands for zero, and 2·A·E, which stands for A. */
  readonly #zero: Words;
  readonly #largest: Words;
  // Of the number at hand.
  readonly #digits: Int32Array;
  readonly #element: Words;

  /** @param weight finite, not negative. */
  constructor({ addShift, decimals, words }: MaskGroup, weight: number) {
    const { mantissa, exponent } = exactOf(weight);
    const zero = addShift * 10n ** BigInt(decimals);
    this.#words = words;
    this.#constant = digitsOf(mantissa * 5n ** BigInt(decimals));
    this.#exponent = exponent + decimals;
    this.#zero = wordsOf(zero, words);
    this.#largest = wordsOf(2n * zero, words);
    this.#digits = new Int32Array(this.#constant.length + MOST_DIGITS + READ_AHEAD);
    this.#element = new Uint32Array(words);
  }

  /** The element that stands for a number times the weight, clamped to −A … A. The next call writes over it. */
  elementOf(number: Mantissa): Words {
    const bits = this.#multiply(number);
    const shift = -(number.exponent + this.#exponent);
    // Zero is below, however large the number is that has no weight.
    const isBelow = (bits === 0 || bits - shift <= 32 * this.#words) && this.#shiftRight(shift);
    if (!isBelow) return this.#clamped(number.negative);
    if (!number.negative) this.#addZero();
    else this.#subtractFromZero(this.#isLost(shift));
    return this.#element;
  }

  /** Sets the digits to m·C. @returns the bits of the product. */
  #multiply({ digits: factor, count }: Mantissa): number {
    const constant = this.#constant;
    const digits = this.#digits;
    const used = constant.length + count;
    let carry = 0;
    let highest = 0;
    for (let at = 0; at < used; at++) {
      // At most three products of 48 bits and a carry meet in a sum, which is exact up to 53 bits.
      let sum = carry;
      for (let i = Math.max(0, at - constant.length + 1); i < count && i <= at; i++) {
        sum += (factor[i] ?? 0) * (constant[at - i] ?? 0);
      }
      carry = Math.floor(sum * DIGITS_TO_ONE);
      const digit = sum - carry * DIGIT;
      digits[at] = digit;
      if (digit !== 0) highest = at;
    }
    for (let at = used; at < constant.length + MOST_DIGITS; at++) digits[at] = 0;
    return DIGIT_BITS * highest + 32 - Math.clz32(digits[highest] ?? 0);
  }

  /** Sets the element to the product shifted to the right, or to the left if `shift` is negative. @returns whether it is below A·E. */
  #shiftRight(shift: number): boolean {
    for (let i = 0; i < this.#words; i++) {
      const bit = shift + 32 * i;
      const first = Math.floor(bit / DIGIT_BITS);
      const rest = bit - DIGIT_BITS * first;
      const high = rest > 16 ? (this.#digits[first + 2] ?? 0) << (48 - rest) : 0;
      this.#element[i] = ((this.#digits[first] ?? 0) >>> rest) | ((this.#digits[first + 1] ?? 0) << (24 - rest)) | high;
    }
    for (let i = this.#words - 1; i >= 0; i--) {
      const word = this.#element[i] ?? 0;
      const limit = this.#zero[i] ?? 0;
      if (word !== limit) return word < limit;
    }
    return false;
  }

  /** Whether the shift dropped a bit that was set. */
  #isLost(shift: number): boolean {
    const first = Math.floor(shift / DIGIT_BITS);
    const whole = Math.min(first, this.#digits.length);
    for (let i = 0; i < whole; i++) if (this.#digits[i] !== 0) return true;
    return shift > 0 && ((this.#digits[first] ?? 0) & ((1 << (shift - DIGIT_BITS * first)) - 1)) !== 0;
  }

  #addZero(): void {
    let carry = 0;
    for (let i = 0; i < this.#words; i++) {
      const sum = (this.#element[i] ?? 0) + (this.#zero[i] ?? 0) + carry;
      this.#element[i] = sum;
      carry = sum > 0xffff_ffff ? 1 : 0;
    }
  }

  /** Rounds down, which for a negative number is away from zero. */
  #subtractFromZero(isLost: boolean): void {
    let borrow = isLost ? 1 : 0;
    for (let i = 0; i < this.#words; i++) {
      const difference = (this.#zero[i] ?? 0) - (this.#element[i] ?? 0) - borrow;
      this.#element[i] = difference;
      borrow = difference < 0 ? 1 : 0;
    }
  }

  #clamped(negative: boolean): Words {
    if (negative) this.#element.fill(0);
    else this.#element.set(this.#largest);
    return this.#element;
  }
}

/** A double as an odd integer (or 0) times a power of two. @throws RangeError if it is not finite. */
export function exactOf(value: number): { readonly mantissa: bigint; readonly exponent: number } {
  if (!Number.isFinite(value)) throw new RangeError(`number: expected a finite one, got ${value}`);
  if (value === 0) return { mantissa: 0n, exponent: 0 };
  let exponent = 0;
  let scaled = value;
  // Each step is exact: it changes the exponent alone, and below 2^53 no bit is lost.
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    exponent--;
  }
  let mantissa = BigInt(scaled);
  while (mantissa % 2n === 0n) {
    mantissa /= 2n;
    exponent++;
  }
  return { mantissa, exponent };
}

function digitsOf(value: bigint): Float64Array {
  const digits: number[] = [];
  for (let rest = value; rest > 0n; rest >>= BigInt(DIGIT_BITS)) digits.push(Number(rest % BigInt(DIGIT)));
  return Float64Array.from(digits);
}
