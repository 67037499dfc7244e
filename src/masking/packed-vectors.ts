// Lanes ↔ the bit-packed vector of the wire: component i takes bits i · bits to (i + 1) · bits − 1 of one stream of bits,
// least significant first within bytes; the spare bits of the last byte are 0.
import { kernel } from './kernel.ts';
import type { Lanes, Ring } from './ring.ts';

/** ⌈vecLen · bits / 8⌉ fresh bytes. */
export function pack(ring: Ring, lanes: Lanes): Uint8Array {
  if (ring.bits === 8 * ring.laneBytes) return lanes.slice();
  const packed = new Uint8Array(Math.ceil(((lanes.length / ring.laneBytes) * ring.bits) / 8));
  kernel().pack(ring, lanes, packed);
  return packed;
}

/** The lanes of a sum of `vecLen` components, all 0. */
export function zeroSum(ring: Ring, vecLen: number): Lanes {
  return kernel().zeroSum(vecLen * ring.laneBytes);
}

/** acc := acc + the packed vector, whose length the caller has checked. */
export function accumulatePacked(ring: Ring, acc: Lanes, packed: Uint8Array): void {
  kernel().accumulatePacked(ring, acc, packed);
}
