// Random lanes for tests, and lanes as integers.
import fc from 'fast-check';
import { systemRandom } from '../../src/crypto/random.ts';
import { pack } from '../../src/masking/bit-packing.ts';
import { ringOf, type Ring } from '../../src/masking/ring.ts';
import { packedLength } from '../../src/session/parameters.ts';

export const rings = Array.from({ length: 64 }, (_, i) => ringOf(i + 1));
export const ringAndLanes = fc.integer({ min: 1, max: 64 }).chain((bits) => {
  const ring = ringOf(bits);
  return fc.tuple(
    fc.constant(ring),
    fc.integer({ min: 1, max: 40 }).map((length) => randomLanes(ring, length)),
  );
});

export function randomLanes(ring: Ring, length: number): Uint8Array {
  return systemRandom(length * ring.laneBytes);
}

/** Lanes as the bit-packed vector of the wire. */
export function packedOf(ring: Ring, lanes: Uint8Array): Uint8Array {
  const packed = new Uint8Array(packedLength(lanes.length / ring.laneBytes, ring.bits));
  pack(ring, lanes, packed);
  return packed;
}

/** Lanes as unsigned integers. */
export function integers(ring: Ring, lanes: Uint8Array): bigint[] {
  const out: bigint[] = [];
  for (let at = 0; at < lanes.length; at += ring.laneBytes) {
    out.push(lanes.subarray(at, at + ring.laneBytes).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n));
  }
  return out;
}
