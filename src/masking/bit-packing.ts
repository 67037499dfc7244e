// Lanes → the bit-packed vector of the wire: component i takes bits i · bits to (i + 1) · bits − 1 of one stream of bits,
// least significant first within bytes; the spare bits of the last byte are 0.
import { secretBytes } from '../leaves/bytes.ts';
import { kernel } from './kernel.ts';
import type { OpenMasks } from './mask-expansion.ts';
import type { Pace } from './pace.ts';
import type { Lanes, Ring } from './ring.ts';

/** Bytes of lanes that are masked and packed at a time: whole bytes and whole blocks of planes at any width. */
const PART_BYTES: number = 1 << 20;

/** Memory for a part that nobody uses. It is kept, because an engine gives such memory back late, and has not much of it. */
const unused: Lanes[] = [];

/**
 * packed := the lanes with the masks added. Needs memory for one part of the vector, and lets the event loop run in between.
 *
 * @param lanes not changed.
 * @param packed ⌈vecLen · bits / 8⌉ bytes.
 */
export async function packMasked(ring: Ring, lanes: Lanes, masks: OpenMasks, packed: Uint8Array, pace: Pace): Promise<void> {
  const { bits, laneBytes } = ring;
  const isLong = lanes.length >= PART_BYTES;
  const memory = isLong ? (unused.pop() ?? kernel().zeroLanes(PART_BYTES)) : secretBytes(lanes.length);
  // The input lies in this memory until all masks are added.
  try {
    for (let at = 0; at < lanes.length; at += PART_BYTES) {
      const given = lanes.subarray(at, at + PART_BYTES);
      const part = memory.subarray(0, given.length);
      part.set(given);
      await masks.addTo(part, pace);
      const packedAt = ((at / laneBytes) * bits) / 8;
      pack(ring, part, packed.subarray(packedAt, packedAt + Math.ceil(((part.length / laneBytes) * bits) / 8)));
      await pace.maybePause();
    }
  } finally {
    memory.fill(0);
    if (isLong && unused.length === 0) unused.push(memory);
  }
}

/** @param packed ⌈vecLen · bits / 8⌉ bytes. */
export function pack(ring: Ring, lanes: Lanes, packed: Uint8Array): void {
  if (ring.bits === 8 * ring.laneBytes) packed.set(lanes);
  else kernel().pack(ring, lanes, packed);
}
