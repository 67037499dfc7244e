// Quotients of integers as numbers of a model. [xaynet-core 0.2.0] src/mask/model.rs, `IntoPrimitives`, whose floats are not always the
// nearest ones; here they are.
import type { Model } from './model.ts';

/** Bits of a quotient: with lengths that are up to three bits too long, still two more than a double has, so that it is rounded once. */
const QUOTIENT_BITS = 60;
/** Bits of one that is a double as it is, and has more than two more than a float has. */
const EXACT_BITS = 48;
/** The exponent of the last bit of a double, less the bits that rounding needs. */
const LEAST_EXPONENT = -1074 - 3;
/** Quotients below it, in units of the least exponent, have the last bit of all doubles. */
const SUBNORMAL = 1n << 55n;

/** The double next to numerator / denominator, ties to even. The denominator is positive. */
export function nearestDouble(numerator: bigint, denominator: bigint): number {
  return quotientOf(numerator, denominator, QUOTIENT_BITS);
}

/** The float next to numerator / denominator. Rounded to a double first, a quotient next to the middle of two floats would be on it. */
function nearestFloat(numerator: bigint, denominator: bigint): number {
  return Math.fround(quotientOf(numerator, denominator, EXACT_BITS));
}

/** A double with at least so many bits of a quotient, of which the last one says whether anything is left. */
function quotientOf(numerator: bigint, denominator: bigint, bits: number): number {
  if (numerator === 0n) return 0;
  const absolute = numerator < 0n ? -numerator : numerator;
  const exponent = Math.max(LEAST_EXPONENT, bitsOf(absolute) - bitsOf(denominator) - bits);
  const dividend = exponent < 0 ? absolute << BigInt(-exponent) : absolute;
  const divisor = exponent < 0 ? denominator : denominator << BigInt(exponent);
  const quotient = dividend / divisor;
  // The last bit says whether anything is left, so that the conversion knows a tie from what is next to one.
  const known = dividend === quotient * divisor ? quotient : quotient | 1n;
  const rounded = exponent === LEAST_EXPONENT && known < SUBNORMAL ? 8 * Number(eighthOf(known)) : Number(known);
  // In two steps, because the power of two alone may be no double.
  const half = Math.trunc(exponent / 2);
  const value = rounded * 2 ** half * 2 ** (exponent - half);
  return numerator < 0n ? -value : value;
}

/** An eighth, to the nearest integer, ties to even. */
function eighthOf(value: bigint): bigint {
  const whole = value >> 3n;
  const rest = value & 7n;
  return rest > 4n || (rest === 4n && (whole & 1n) === 1n) ? whole + 1n : whole;
}

/** Up to three more than there are. */
function bitsOf(value: bigint): number {
  return 4 * value.toString(16).length;
}

/**
 * Writes numerator / denominator into a model: floats to the nearest, integers towards zero as the crate rounds them.
 *
 * @returns false if the model's type has no such number.
 */
export function writeQuotient(
  model: Model,
  index: number,
  { numerator, denominator }: { numerator: bigint; denominator: bigint },
): boolean {
  if (model instanceof BigInt64Array) {
    const value = numerator / denominator;
    model[index] = value;
    return model[index] === value;
  }
  if (model instanceof Int32Array) {
    const value = numerator / denominator;
    model[index] = Number(BigInt.asIntN(32, value));
    return BigInt(model[index] ?? 0) === value;
  }
  model[index] = model instanceof Float32Array ? nearestFloat(numerator, denominator) : nearestDouble(numerator, denominator);
  return Number.isFinite(model[index]);
}

/**
 * Writes the double next to a quotient into a model, where that is enough.
 *
 * @returns false for what cannot be told from it: the quotient may be just below an integer that is the nearest double, or on either side of the
 * middle of two floats.
 */
export function writeNearest(model: Model, index: number, nearest: number): boolean {
  if (model instanceof BigInt64Array || !Number.isFinite(nearest)) return false;
  if (model instanceof Int32Array && (Number.isInteger(nearest) || Math.abs(nearest) > 0x7fff_ffff)) return false;
  if (model instanceof Float32Array && isBetweenFloats(nearest)) return false;
  model[index] = nearest;
  return Number.isFinite(model[index]);
}

/** Whether a double is in the middle of two floats. Then, and only then, what it is off one of them twice leads to the other. */
function isBetweenFloats(value: number): boolean {
  const off = value - Math.fround(value);
  const other = value + off;
  return off !== 0 && Math.fround(other) === other;
}
