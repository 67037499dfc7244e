// Polynomials over GF(2^16), evaluated at the points 0, 1, 2, … all together: the transform of Lin, Chung, Han ("Novel
// Polynomial Basis and Its Application to Reed–Solomon Erasure Codes", FOCS 2014, Algorithm 1). Where Horner's rule takes a
// multiplication for each point and coefficient, it takes half a one for each point and binary digit of their number.
//
// s_r(x) is the product of x − c over all points c < 2^r. It is linear over GF(2), and ŝ_r(x) = s_r(x) / s_r(2^r). Element k of
// the basis is the product of ŝ_r over the binary digits r of k: of degree k; 1 for k = 0, else zero at zero.
//
// Coefficients are secret, points and factors are public: a multiplication is a fixed sequence of exclusive ors that depends
// on the factor alone, without tables.
import { secretBytes } from '../leaves/bytes.ts';
import { gf65536 } from './galois.ts';

const PLANES = 16;

/**
 * 16 symbols at each of some points, as the bits that they are made of: plane j of a point holds bit j of each of its
 * symbols. Symbol i of a share is its bytes 2i and 2i + 1, most significant first.
 */
export class Vectors {
  readonly size: number;
  readonly planes: Uint16Array;

  /** @param size points, from 0 on; at most 2^16. */
  constructor(size: number) {
    this.size = size;
    this.planes = new Uint16Array(PLANES * 2 ** digits(size));
  }

  set(point: number, bytes: Uint8Array): void {
    const { planes } = this;
    for (let i = 0; i < PLANES; i++) {
      const symbol = ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0);
      for (let at = PLANES * point, j = 0; j < PLANES; at++, j++) planes[at] = (planes[at] ?? 0) | (((symbol >> j) & 1) << i);
    }
  }

  get(point: number): Uint8Array {
    const bytes = secretBytes(2 * PLANES);
    for (let i = 0; i < PLANES; i++) {
      let symbol = 0;
      for (let at = PLANES * point, j = 0; j < PLANES; at++, j++) symbol |= (((this.planes[at] ?? 0) >> i) & 1) << j;
      bytes[2 * i] = symbol >> 8;
      bytes[2 * i + 1] = symbol & 0xff;
    }
    return bytes;
  }

  wipe(): void {
    this.planes.fill(0);
  }
}

/** Binary digits of the largest of so many points. */
const digits = (size: number): number => 32 - Math.clz32(size - 1);

/** Coefficients in, values at as many points out. */
export function evaluateAll({ size, planes }: Vectors): void {
  const shifted = new Uint16Array(secretBytes(2 * PLANES).buffer);
  for (let r = digits(size) - 1; r >= 0; r--) {
    const factors = factorsOf(r);
    const half = PLANES << r;
    for (let first = 0; first < size; first += 2 << r) {
      // ŝ_r is the same at all points of a half, and one more in the upper one.
      let factor = 0;
      for (const [i, value] of factors.entries()) if ((first >> i) & 1) factor ^= value;
      const start = PLANES * first;
      for (let lower = start; lower < start + half; lower += PLANES) {
        addProduct(planes, lower, lower + half, { factor, shifted });
        for (let j = 0; j < PLANES; j++) planes[lower + half + j] = (planes[lower + half + j] ?? 0) ^ (planes[lower + j] ?? 0);
      }
    }
  }
  shifted.fill(0);
}

/** ŝ_r of 2^i, by i. s_0(x) = x, and s_{r+1}(x) = s_r(x)² + s_r(2^r) · s_r(x). */
function factorsOf(r: number): number[] {
  const { exponential, logarithm, units } = gf65536();
  const multiply = (a: number, b: number): number =>
    a === 0 || b === 0 ? 0 : (exponential[(logarithm[a] ?? 0) + (logarithm[b] ?? 0)] ?? 0);
  let values = Array.from({ length: 16 }, (_, i) => 1 << i);
  for (let step = 0; step < r; step++) {
    const last = values[step] ?? 0;
    values = values.map((value) => multiply(value, value ^ last));
  }
  const inverse = exponential[units - (logarithm[values[r] ?? 0] ?? 0)] ?? 0;
  return values.map((value) => multiply(value, inverse));
}

/**
 * to := to + from · factor, as the sum of from · α^i over the set bits i of the factor. Multiplying by α moves every plane up by
 * one, done by moving the origin of a ring of planes, and adds the plane that leaves at the top, α^16, to the planes of
 * α^12 + α^3 + α + 1.
 */
function addProduct(
  planes: Uint16Array,
  to: number,
  from: number,
  { factor, shifted }: { readonly factor: number; readonly shifted: Uint16Array },
): void {
  for (let j = 0; j < PLANES; j++) shifted[j] = planes[from + j] ?? 0;
  for (let rest = factor, origin = 0; rest !== 0; rest >>= 1) {
    if (rest & 1) for (let j = 0; j < PLANES; j++) planes[to + j] = (planes[to + j] ?? 0) ^ (shifted[(origin + j) & 15] ?? 0);
    origin = (origin + 15) & 15;
    const top = shifted[origin] ?? 0; // plane 15 has become plane 0
    for (const tap of [1, 3, 12]) {
      const at = (origin + tap) & 15;
      shifted[at] = (shifted[at] ?? 0) ^ top;
    }
  }
}
