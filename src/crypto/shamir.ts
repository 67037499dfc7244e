// Shamir's t-out-of-n sharing of 32-byte secrets behind one interface: over GF(2^8) by shamir-secret-sharing for groups
// of up to 255, over GF(2^16) by our own dealing for larger ones. [BIK+17] section 3.1: SS.share, SS.recon.
//
// The evaluation point of a holder is its position in the sorted group plus one. It is never written down: group and
// position fix it, so that no sender can choose a point, repeat one, or use zero.
import { split as splitOver256 } from 'shamir-secret-sharing';
import { wipe } from '../bytes.ts';
import { SHARE_BYTES } from '../sizes.ts';
import { combine, gf256, gf65536, lagrangeAtZero, type BinaryField } from './galois.ts';
import type { RandomSource } from './random.ts';

/** Largest group of the small field. */
export const SMALL_GROUP = 255;

/**
 * Shares of a secret for the holders of a group, in the order of their positions.
 *
 * @param secret 32 bytes.
 * @param groupSize 2 to 65,535.
 * @param threshold shares that reconstruct the secret, 2 to `groupSize`; fewer tell nothing about it.
 */
export type Split = (secret: Uint8Array, groupSize: number, threshold: number, random: RandomSource) => Promise<Uint8Array[]>;

export const split: Split = async (secret, groupSize, threshold, random) =>
  groupSize <= SMALL_GROUP ? splitSmall(secret, groupSize, threshold) : splitLarge(secret, groupSize, threshold, random);

/**
 * The library shuffles the points of the shares that it makes. With all 255 made, each point occurs once, and the share
 * of a holder is the one whose point, its last byte, is the holder's.
 */
async function splitSmall(secret: Uint8Array, groupSize: number, threshold: number): Promise<Uint8Array[]> {
  const all = await splitOver256(secret, SMALL_GROUP, threshold);
  const shares: Uint8Array[] = new Array<Uint8Array>(groupSize);
  for (const share of all) {
    const position = (share[SHARE_BYTES] ?? 0) - 1;
    if (position < groupSize) shares[position] = share.slice(0, SHARE_BYTES);
  }
  wipe(all);
  return shares;
}

/**
 * The same scheme over GF(2^16), symbols of two bytes. The polynomial is evaluated with the symbols' bits sliced into 16
 * planes: multiplying them by a public point is then a fixed sequence of exclusive ors, without tables or branches that
 * depend on a secret.
 */
function splitLarge(secret: Uint8Array, groupSize: number, threshold: number, random: RandomSource): Uint8Array[] {
  const randomness = random((threshold - 1) * SHARE_BYTES);
  const coefficients = new Uint16Array(threshold * PLANES);
  toPlanes(secret, coefficients.subarray(0, PLANES));
  for (let k = 1; k < threshold; k++) {
    const bytes = randomness.subarray((k - 1) * SHARE_BYTES, k * SHARE_BYTES);
    toPlanes(bytes, coefficients.subarray(k * PLANES, (k + 1) * PLANES));
  }
  const shares = Array.from({ length: groupSize }, (_, position) => fromPlanes(evaluate(coefficients, position + 1)));
  coefficients.fill(0);
  wipe([randomness]);
  return shares;
}

const PLANES = 16;

/** Plane j holds bit j of each of the 16 symbols; symbol i is bytes 2i and 2i + 1, most significant first. */
function toPlanes(bytes: Uint8Array, planes: Uint16Array): void {
  for (let i = 0; i < PLANES; i++) {
    const symbol = ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0);
    for (let j = 0; j < PLANES; j++) planes[j] = (planes[j] ?? 0) | (((symbol >> j) & 1) << i);
  }
}

function fromPlanes(planes: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(SHARE_BYTES);
  for (let i = 0; i < PLANES; i++) {
    let symbol = 0;
    for (let j = 0; j < PLANES; j++) symbol |= (((planes[j] ?? 0) >> i) & 1) << j;
    bytes[2 * i] = symbol >> 8;
    bytes[2 * i + 1] = symbol & 0xff;
  }
  return bytes;
}

/** Horner's rule at the public point x. */
function evaluate(coefficients: Uint16Array, x: number): Uint16Array {
  const value = new Uint16Array(PLANES);
  const doubled = new Uint16Array(PLANES);
  for (let at = coefficients.length - PLANES; at >= 0; at -= PLANES) {
    multiplyInPlace(value, doubled, x);
    for (let j = 0; j < PLANES; j++) value[j] = (value[j] ?? 0) ^ (coefficients[at + j] ?? 0);
  }
  return value;
}

/**
 * value := value · x as the sum of value · α^i over the set bits i of x. Multiplying by α moves every plane up by one,
 * done by moving the origin of a ring of planes, and adds the plane that leaves at the top, α^16, to the planes of
 * α^12 + α^3 + α + 1.
 */
function multiplyInPlace(value: Uint16Array, doubled: Uint16Array, x: number): void {
  doubled.set(value);
  value.fill(0);
  let origin = 0;
  for (let rest = x; ;) {
    if (rest & 1) for (let j = 0; j < PLANES; j++) value[j] = (value[j] ?? 0) ^ (doubled[(origin + j) & 15] ?? 0);
    rest >>= 1;
    if (rest === 0) return;
    origin = (origin + 15) & 15;
    const top = doubled[origin] ?? 0; // plane 15 has become plane 0
    for (const tap of [1, 3, 12]) {
      const at = (origin + tap) & 15;
      doubled[at] = (doubled[at] ?? 0) ^ top;
    }
  }
}

/** Reconstruction from one set of holders; its coefficients are computed once and serve every secret that they share. */
export class Reconstruction {
  readonly #field: BinaryField;
  readonly #coefficients: Uint16Array;

  /** @param holders distinct positions in the group, at least as many as the threshold. */
  constructor(groupSize: number, holders: readonly number[]) {
    this.#field = groupSize <= SMALL_GROUP ? gf256() : gf65536();
    this.#coefficients = lagrangeAtZero(
      this.#field,
      holders.map((position) => position + 1),
    );
  }

  /** The secret, if the shares lie on one polynomial of the threshold's degree; else bytes that the caller must refuse. */
  secret(shares: readonly Uint8Array[]): Uint8Array {
    return combine(this.#field, this.#coefficients, shares);
  }
}
