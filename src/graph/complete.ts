// The complete graph of [BIK+17] section 4: each user shares keys with every other, and all users of U1 hold shares of its secrets,
// itself included.
import { countMembers } from '../leaves/members.ts';
import type { Neighborhoods } from './neighborhoods.ts';

/** @param users size of U1. */
export function completeGraph(users: number): Neighborhoods {
  return {
    users,
    degree: users - 1,
    groupSize: users,
    neighbors: (position) => Array.from({ length: users - 1 }, (_, i) => (i < position ? i : i + 1)),
    neighborIndex: (position, neighbor) => (neighbor < position ? neighbor : neighbor - 1),
    holders: () => Array.from({ length: users }, (_, holder) => holder),
    holderIndex: (_, holder) => holder,
    holdersIn: (members) => {
      const count = countMembers(members);
      return () => count;
    },
  };
}
