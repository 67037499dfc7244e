// Lanes ↔ the bit-packed vector of the wire: component i takes bits i · bits to (i + 1) · bits − 1 of one stream of bits,
// least significant first within bytes; the spare bits of the last byte are 0.
import { accumulate, kernel } from './kernel.ts';
import type { Lanes, Ring } from './ring.ts';

const isFullWidth = ({ bits, laneBytes }: Ring): boolean => bits === 8 * laneBytes;

/** ⌈vecLen · bits / 8⌉ fresh bytes. */
export function pack(ring: Ring, lanes: Lanes): Uint8Array {
  if (isFullWidth(ring)) return lanes.slice();
  const packed = new Uint8Array(Math.ceil(((lanes.length / ring.laneBytes) * ring.bits) / 8));
  kernel.pack(ring, lanes, packed);
  return packed;
}

/** acc := acc + the packed vector, whose length the caller has checked. */
export function accumulatePacked(ring: Ring, acc: Lanes, packed: Uint8Array): void {
  if (isFullWidth(ring)) accumulate(ring, acc, packed);
  else kernel.accumulatePacked(ring, acc, packed);
}
