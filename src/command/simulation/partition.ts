// Who is in which session.
import type { Seeded } from './seeded.ts';

/**
 * A uniform partition.
 *
 * @param sizes of the parts.
 * @returns the ids 0, 1, …, each part ascending.
 */
export function partition(sizes: readonly number[], random: Seeded): number[][] {
  const order = random.order(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  return sizes.map((size) => order.slice(at, (at += size)).sort((a, b) => a - b));
}
