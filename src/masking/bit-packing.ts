// Lanes ↔ the bit-packed vector of the wire: component i takes bits i · bits to (i + 1) · bits − 1 of one stream of bits,
// least significant first within bytes; the spare bits of the last byte are 0.
import { kernel } from './kernel.ts';
import type { Pace } from './pace.ts';
import type { Lanes, Ring } from './ring.ts';

/** Components that are packed without a pause: whole bytes at any width. */
const PIECE_COMPONENTS: number = 1 << 18;

/** ⌈vecLen · bits / 8⌉ fresh bytes. Lets the event loop run in between. */
export async function pack(ring: Ring, lanes: Lanes, pace: Pace): Promise<Uint8Array> {
  const { bits, laneBytes } = ring;
  await pace.maybePause();
  if (bits === 8 * laneBytes) return lanes.slice();
  const packed = new Uint8Array(Math.ceil(((lanes.length / laneBytes) * bits) / 8));
  for (let at = 0; at * laneBytes < lanes.length; at += PIECE_COMPONENTS) {
    const piece = lanes.subarray(at * laneBytes, (at + PIECE_COMPONENTS) * laneBytes);
    kernel().pack(ring, piece, packed.subarray((at * bits) / 8, ((at + PIECE_COMPONENTS) * bits) / 8));
    await pace.maybePause();
  }
  return packed;
}
