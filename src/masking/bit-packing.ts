// Lanes → the bit-packed vector of the wire: component i takes bits i · bits to (i + 1) · bits − 1 of one stream of bits,
// least significant first within bytes; the spare bits of the last byte are 0.
import { kernel } from './kernel.ts';
import type { OpenMasks } from './mask-expansion.ts';
import type { Pace } from './pace.ts';
import type { Lanes, Ring } from './ring.ts';

/** Components that are masked and packed at a time: whole bytes and whole blocks of planes at any width. */
const PART_COMPONENTS: number = 1 << 18;

/**
 * packed := the lanes with the masks added. Needs memory for one part of the vector, and lets the event loop run in between.
 *
 * @param lanes not changed.
 * @param packed ⌈vecLen · bits / 8⌉ bytes.
 */
export async function packMasked(ring: Ring, lanes: Lanes, masks: OpenMasks, packed: Uint8Array, pace: Pace): Promise<void> {
  const { bits, laneBytes } = ring;
  const memory = new Uint8Array(Math.min(lanes.length, PART_COMPONENTS * laneBytes));
  // The input lies in this memory until all masks are added.
  try {
    for (let at = 0; at * laneBytes < lanes.length; at += PART_COMPONENTS) {
      const given = lanes.subarray(at * laneBytes, (at + PART_COMPONENTS) * laneBytes);
      const part = memory.subarray(0, given.length);
      part.set(given);
      await masks.addTo(part, pace);
      pack(ring, part, packed.subarray((at * bits) / 8, ((at + PART_COMPONENTS) * bits) / 8));
      await pace.maybePause();
    }
  } finally {
    memory.fill(0);
  }
}

/** @param packed ⌈vecLen · bits / 8⌉ bytes. */
export function pack(ring: Ring, lanes: Lanes, packed: Uint8Array): void {
  if (ring.bits === 8 * ring.laneBytes) packed.set(lanes);
  else kernel().pack(ring, lanes, packed);
}
