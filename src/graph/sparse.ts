// The sparse graph of [BBGLR20] section 3, a Harary graph on a ring of all users: each shares keys with the k/2 nearest on either side, and these,
// not the user itself, hold shares of its secrets. Positions are places on a ring in a random order.
import type { RandomSource } from '../crypto/random.ts';
import { hasMember } from '../leaves/members.ts';
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
      // In how many of the places before each there is somebody: the rest is two look-ups a user.
      const before = new Uint32Array(users + 1);
      for (let place = 0; place < users; place++) before[place + 1] = (before[place] ?? 0) + (hasMember(members, place) ? 1 : 0);
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
 * The same users in an order that is uniform among all: whoever is corrupt, or drops out, does so at places of chance.
 * Fisher and Yates, each step uniform by rejection.
 */
export function permuted<T>(list: readonly T[], random: RandomSource): T[] {
  const out = [...list];
  const below = uniformIntegers(random);
  for (let i = out.length - 1; i > 0; i--) {
    const j = below(i + 1);
    const moved = out[i] as T;
    out[i] = out[j] as T;
    out[j] = moved;
  }
  return out;
}

/** Uniform integers below a bound of up to 2^31, from random bytes taken a block at a time. */
function uniformIntegers(random: RandomSource): (bound: number) => number {
  const blockWords = 1024;
  let words: DataView | null = null;
  let at = 0;
  return (bound) => {
    const fair = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      if (words === null || at === words.byteLength) {
        const block = random(4 * blockWords);
        words = new DataView(block.buffer, block.byteOffset, block.byteLength);
        at = 0;
      }
      const word = words.getUint32(at);
      at += 4;
      if (word < fair) return word % bound;
    }
  };
}
