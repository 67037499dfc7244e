// Arithmetic in GF(2^8) and GF(2^16) by tables of logarithms, for values that are public or that the server has just
// learned. Secrets are never looked up in these tables: see the dealing in shamir.ts.
import { secretBytes } from '../leaves/bytes.ts';
import { once } from '../leaves/once.ts';

/** A binary field whose elements are `symbolBytes` bytes, most significant first. */
export interface BinaryField {
  readonly symbolBytes: 1 | 2;
  /** Number of non-zero elements. */
  readonly units: number;
  /** `exponential[i]` = g^i for 0 ≤ i < 2 · units, so that sums of two logarithms need no reduction. */
  readonly exponential: Uint16Array;
  /** `logarithm[a]` for a ≠ 0. */
  readonly logarithm: Uint16Array;
}

function binaryField(symbolBytes: 1 | 2, polynomial: number, generator: number): BinaryField {
  const size = 1 << (8 * symbolBytes);
  const units = size - 1;
  const exponential = new Uint16Array(2 * units);
  const logarithm = new Uint16Array(size);
  let element = 1;
  for (let i = 0; i < units; i++) {
    exponential[i] = element;
    exponential[i + units] = element;
    logarithm[element] = i;
    element = multiplyByShifts(element, generator, polynomial, size);
  }
  return { symbolBytes, units, exponential, logarithm };
}

function multiplyByShifts(a: number, b: number, polynomial: number, size: number): number {
  let product = 0;
  for (let shifted = a, rest = b; rest !== 0; rest >>= 1) {
    if (rest & 1) product ^= shifted;
    shifted <<= 1;
    if (shifted & size) shifted ^= polynomial;
  }
  return product;
}

/** x^8 + x^4 + x^3 + x + 1, the field of AES and of shamir-secret-sharing. */
export const gf256: () => BinaryField = once(() => binaryField(1, 0x11b, 3));

/** x^16 + x^12 + x^3 + x + 1, primitive; 0.5 MB of tables, made when first needed. */
export const gf65536: () => BinaryField = once(() => binaryField(2, 0x1100b, 2));

/**
 * Logarithms of the coefficients with which values at `points` add up to the value at zero of the one polynomial of
 * degree less than their number: λ_i = Π_{j≠i} x_j / (x_j − x_i). Quadratic in their number; once for a set of points.
 *
 * @param points distinct, non-zero.
 */
export function lagrangeAtZero(field: BinaryField, points: readonly number[]): Uint16Array {
  const { logarithm, units } = field;
  const log = (a: number): number => logarithm[a] ?? 0;
  let all = 0;
  for (const x of points) all += log(x);
  return Uint16Array.from(points, (x) => {
    let divisor = log(x);
    for (const other of points) if (other !== x) divisor += log(other ^ x);
    const exponent = (all - divisor) % units;
    return exponent < 0 ? exponent + units : exponent;
  });
}

/** Σ λ_i · share_i, symbol by symbol, for coefficients given as logarithms. */
export function combine(field: BinaryField, coefficients: Uint16Array, shares: readonly Uint8Array[]): Uint8Array {
  const { symbolBytes, exponential, logarithm } = field;
  const length = shares[0]?.length ?? 0;
  const out = secretBytes(length);
  shares.forEach((share, i) => {
    const coefficient = coefficients[i] ?? 0;
    for (let at = 0; at < length; at += symbolBytes) {
      const symbol = symbolBytes === 1 ? (share[at] ?? 0) : ((share[at] ?? 0) << 8) | (share[at + 1] ?? 0);
      if (symbol === 0) continue;
      const product = exponential[coefficient + (logarithm[symbol] ?? 0)] ?? 0;
      if (symbolBytes === 1) out[at] = (out[at] ?? 0) ^ product;
      else {
        out[at] = (out[at] ?? 0) ^ (product >> 8);
        out[at + 1] = (out[at + 1] ?? 0) ^ (product & 0xff);
      }
    }
  });
  return out;
}
