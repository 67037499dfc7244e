// Shamir's t-out-of-n sharing of 32-byte secrets behind one interface: over GF(2^8) by shamir-secret-sharing for groups
// of up to 255, over GF(2^16) by our own dealing for larger ones. [BIK+17] section 3.1: SS.share, SS.recon.
//
// The evaluation point of a holder is its index in the group plus one. No message contains it: the group and the index fix
// it, so that no sender can choose a point, repeat one, or use zero.
import { split as splitOver256 } from 'shamir-secret-sharing';
import { secretCopyOf, wipe } from '../leaves/bytes.ts';
import { SHARE_BYTES } from '../leaves/sizes.ts';
import { evaluateAll, Vectors } from './additive-fft.ts';
import { combine, gf256, gf65536, lagrangeAtZero, type BinaryField } from './galois.ts';
import type { RandomSource } from './random.ts';

/** Largest group of the small field. */
export const SMALL_GROUP = 255;

/**
 * Makes the shares of a secret for the holders of a group, in the group's order.
 *
 * @param secret 32 bytes.
 * @param groupSize 2 to 65,535.
 * @param threshold shares that reconstruct the secret, 2 to `groupSize`; fewer tell nothing about it.
 */
export type Split = (secret: Uint8Array, groupSize: number, threshold: number, random: RandomSource) => Promise<Uint8Array[]>;

export const split: Split = async (secret, groupSize, threshold, random) =>
  groupSize <= SMALL_GROUP ? splitSmall(secret, groupSize, threshold) : splitLarge(secret, groupSize, threshold, random);

/**
 * The library shuffles the evaluation points of the shares that it makes, and writes each point into the last byte of its
 * share. All 255 shares are made, so that each point occurs once, and each holder gets the share of its own point.
 */
async function splitSmall(secret: Uint8Array, groupSize: number, threshold: number): Promise<Uint8Array[]> {
  const own = secretCopyOf(secret);
  // The library asks an array for its constructor, which is not the one of the global name where that is wrapped, as in edge runtimes.
  Object.defineProperty(own, 'constructor', { value: Uint8Array });
  const all = await splitOver256(own, SMALL_GROUP, threshold).finally(() => void own.fill(0));
  const shares: Uint8Array[] = new Array<Uint8Array>(groupSize);
  for (const share of all) {
    const holder = (share[SHARE_BYTES] ?? 0) - 1;
    if (holder < groupSize) shares[holder] = secretCopyOf(share.subarray(0, SHARE_BYTES));
  }
  wipe(all);
  return shares;
}

/**
 * The same scheme over GF(2^16), symbols of two bytes. The polynomial is drawn by its coefficients in the basis of
 * additive-fft.ts, in which the secret belongs to the constant 1 and all other elements are zero at zero, one of each degree:
 * what is drawn is as uniform as it would be among the powers of x, and is evaluated at all points together.
 */
function splitLarge(secret: Uint8Array, groupSize: number, threshold: number, random: RandomSource): Uint8Array[] {
  const randomness = random((threshold - 1) * SHARE_BYTES);
  const values = new Vectors(groupSize + 1);
  values.set(0, secret);
  for (let k = 1; k < threshold; k++) values.set(k, randomness.subarray((k - 1) * SHARE_BYTES, k * SHARE_BYTES));
  evaluateAll(values);
  const shares = Array.from({ length: groupSize }, (_, holder) => values.get(holder + 1));
  values.wipe();
  wipe([randomness]);
  return shares;
}

/** Reconstruction from one set of holders; its coefficients are computed once and serve every secret that they share. */
export class Reconstruction {
  readonly #field: BinaryField;
  readonly #coefficients: Uint16Array;

  /** @param holders distinct indices in the group, at least as many as the threshold. */
  constructor(groupSize: number, holders: readonly number[]) {
    this.#field = groupSize <= SMALL_GROUP ? gf256() : gf65536();
    this.#coefficients = lagrangeAtZero(
      this.#field,
      holders.map((holder) => holder + 1),
    );
  }

  /** The secret, if the shares lie on one polynomial of the threshold's degree; else bytes that the caller must refuse. */
  secret(shares: readonly Uint8Array[]): Uint8Array {
    return combine(this.#field, this.#coefficients, shares);
  }
}
