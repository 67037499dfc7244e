// The sparse graph of [BBGLR20] section 3: a Harary graph over the positions of a random permutation, the last of which is next to
// the first. Each user shares keys with the k/2 nearest users on either side. These hold shares of its secrets, the user does not.
import type { RandomSource } from '../crypto/random.ts';
import { hasMember } from '../leaves/members.ts';
import { shuffle, type Words } from '../leaves/permutation.ts';
import { positionAt, type Position } from '../leaves/positions.ts';
import type { Neighborhoods } from './neighborhoods.ts';

/**
 * @param users size of U1, more than `neighbors`.
 * @param neighbors k, even.
 */
export function sparseGraph(users: number, neighbors: number): Neighborhoods {
  const half = neighbors / 2;
  const neighborsOf = (position: Position): Position[] =>
    Array.from({ length: neighbors }, (_, i) => positionAt((position + users - half + (i < half ? i : i + 1)) % users, users));
  const indexOf = (position: Position, neighbor: Position): number => {
    const ahead = (neighbor - position + users) % users;
    return ahead <= half ? half + ahead - 1 : ahead - users + half;
  };
  return {
    users,
    degree: neighbors,
    groupSize: neighbors,
    neighbors: neighborsOf,
    neighborIndex: indexOf,
    holders: neighborsOf,
    holderIndex: indexOf,
    holdersIn: (members) => {
      // before[p] counts the members at positions below p, so that each count takes two look-ups.
      const before = new Uint32Array(users + 1);
      for (let p = 0; p < users; p++) before[p + 1] = (before[p] ?? 0) + (hasMember(members, p) ? 1 : 0);
      const between = (from: number, to: number): number => (before[to] ?? 0) - (before[from] ?? 0);
      return (position) => {
        const [from, to] = [position - half, position + half + 1];
        const own = hasMember(members, position) ? 1 : 0;
        const around = between(Math.max(0, from), Math.min(users, to));
        const overStart = from < 0 ? between(from + users, users) : 0;
        const overEnd = to > users ? between(0, to - users) : 0;
        return around + overStart + overEnd - own;
      };
    },
  };
}

/**
 * Gives the same users in a uniformly random order, so that nobody chooses the positions of corrupt users or of users that
 * drop out.
 */
export function permuted<T>(list: readonly T[], random: RandomSource): T[] {
  const out = [...list];
  shuffle(out, wordsOf(random));
  return out;
}

const BLOCK_BYTES = 4096;

/** Big-endian words from random bytes, which are taken a block at a time. */
function wordsOf(random: RandomSource): Words {
  let block: DataView | null = null;
  let at = 0;
  return () => {
    if (block === null || at === block.byteLength) {
      const bytes = random(BLOCK_BYTES);
      block = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      at = 0;
    }
    const word = block.getUint32(at);
    at += 4;
    return word;
  };
}
