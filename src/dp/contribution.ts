// Limits how much one user contributes to a histogram: per bin (L∞), in how many bins (L0), and in all (L1).
import { systemRandom, type RandomSource } from '../crypto/random.ts';
import type { Sensitivity } from './sensitivity.ts';

/** The caps of a user's contribution, in events. */
export interface Caps {
  /** Most events in one bin (m). */
  readonly perBin: number;
  /** Most bins with events (k). */
  readonly bins: number;
  /** Most events in all (K). */
  readonly events: number;
}

/**
 * The norms of the longest vector of counts within the caps. Among vectors with equal sums the longest is the one with the most bins at
 * their cap: ⌊K/m⌋ bins of m and one with the rest, or k bins of m if these are fewer.
 */
export function cappedSensitivity({ perBin, bins, events }: Caps): Sensitivity {
  const full = Math.min(bins, Math.floor(events / perBin));
  const rest = full < bins ? events - full * perBin : 0;
  return { l2Squared: full * perBin ** 2 + rest ** 2, l1: full * perBin + rest };
}

/**
 * How far two vectors of `dimensions` counts within the caps lie apart. Counts are not negative: where both vectors have events in a bin, they
 * are further apart if the one with fewer has none. So no bin is used twice, and most is reached with half of the bins for each, or
 * with as many as the caps let it use.
 */
export function cappedDistance(caps: Caps, dimensions: number): Sensitivity {
  const [left, right] = [Math.floor(dimensions / 2), Math.ceil(dimensions / 2)].map((bins) =>
    cappedSensitivity({ ...caps, bins: Math.min(caps.bins, bins) }),
  ) as [Sensitivity, Sensitivity];
  return { l2Squared: left.l2Squared + right.l2Squared, l1: left.l1 + right.l1 };
}

/**
 * Leaves out events until a user's counts are within the caps. Which bins and which events stay is drawn at random, so that none is
 * preferred.
 *
 * @param counts non-negative integers; changed in place.
 * @returns how many events were left out.
 */
export function capContribution(
  counts: Float64Array,
  { perBin, bins, events }: Caps,
  random: RandomSource = systemRandom,
): number {
  const before = total(counts);
  for (let i = 0; i < counts.length; i++) counts[i] = Math.min(counts[i] ?? 0, perBin);
  const used: number[] = [];
  for (let i = 0; i < counts.length; i++) if ((counts[i] ?? 0) > 0) used.push(i);
  const draw = uniformBelow(random);
  for (let left = used.length; left > bins; left--) {
    const at = draw(left);
    counts[used[at] ?? 0] = 0;
    used[at] = used[left - 1] ?? 0;
    used.pop();
  }
  for (let left = total(counts); left > events; left--) removeEvent(counts, used, draw(left));
  return before - total(counts);
}

/** Removes the event of this number, if events are numbered bin by bin. */
function removeEvent(counts: Float64Array, used: readonly number[], event: number): void {
  let number = event;
  for (const bin of used) {
    const count = counts[bin] ?? 0;
    if (number < count) {
      counts[bin] = count - 1;
      return;
    }
    number -= count;
  }
}

function total(counts: Float64Array): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}

/** Uniform integers in [0, limit) for limits up to 2^53, without bias: numbers beyond the last multiple of the limit are drawn again. */
function uniformBelow(random: RandomSource): (limit: number) => number {
  return (limit) => {
    const most = 2 ** 53 - (2 ** 53 % limit);
    for (;;) {
      const bytes = random(8);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const number = (view.getUint32(0, true) & 0x1f_ffff) * 2 ** 32 + view.getUint32(4, true);
      if (number < most) return number % limit;
    }
  };
}
