// Quotients of integers as numbers of a model. [xaynet-core 0.2.0] src/mask/model.rs, `IntoPrimitives`, whose floats are not always the
// nearest ones; here they are.
import type { Model } from './model.ts';

/** Bits of a quotient: with lengths that are up to three bits too long, still two more than a double has, so that it is rounded once. */
const QUOTIENT_BITS = 60;
/** The exponent of the last bit of a double, less the bits that rounding needs. */
const LEAST_EXPONENT = -1074 - 3;

/** The double next to numerator / denominator, ties to even. The denominator is positive. */
export function nearestDouble(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  const absolute = numerator < 0n ? -numerator : numerator;
  const exponent = Math.max(LEAST_EXPONENT, bitsOf(absolute) - bitsOf(denominator) - QUOTIENT_BITS);
  const dividend = exponent < 0 ? absolute << BigInt(-exponent) : absolute;
  const divisor = exponent < 0 ? denominator : denominator << BigInt(exponent);
  const quotient = dividend / divisor;
  // The last bit says whether anything is left, so that the conversion knows a tie from what is next to one.
  const rounded = Number(dividend === quotient * divisor ? quotient : quotient | 1n);
  // In two steps, because the power of two alone may be no double.
  const half = Math.trunc(exponent / 2);
  const value = rounded * 2 ** half * 2 ** (exponent - half);
  return numerator < 0n ? -value : value;
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
  model[index] = nearestDouble(numerator, denominator);
  return Number.isFinite(model[index]);
}

/**
 * Writes the double next to a quotient into a model, where that is enough.
 *
 * @returns false for integers that cannot be told from it: the quotient may be just below an integer that is the nearest double.
 */
export function writeNearest(model: Model, index: number, nearest: number): boolean {
  if (model instanceof BigInt64Array || !Number.isFinite(nearest)) return false;
  if (model instanceof Int32Array && (Number.isInteger(nearest) || Math.abs(nearest) > 0x7fff_ffff)) return false;
  model[index] = nearest;
  return Number.isFinite(model[index]);
}
