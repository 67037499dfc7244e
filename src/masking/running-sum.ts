// The sum that a server adds masked inputs to, and other sums: lanes, in place.
import { kernel, MAX_BLOCK } from './kernel.ts';
import type { Lanes, Ring } from './ring.ts';

/** The lanes of a sum of `vecLen` components, all 0. */
export function zeroSum(ring: Ring, vecLen: number): Lanes {
  return kernel().zeroLanes(vecLen * ring.laneBytes);
}

/** sum := sum + the bit-packed vector of a message, whose length the caller has checked. */
export function addPacked(ring: Ring, sum: Lanes, packed: Uint8Array): void {
  kernel().accumulatePacked(ring, sum, packed);
}

/** sum := sum + other lanes, of any length. */
export function addLanes(ring: Ring, sum: Lanes, lanes: Uint8Array): void {
  for (let at = 0; at < sum.length; at += MAX_BLOCK) {
    kernel().accumulate(ring, sum.subarray(at, at + MAX_BLOCK), [{ bytes: lanes.subarray(at, at + MAX_BLOCK), sign: 1 }]);
  }
}
