// The complete graph of [BIK+17] section 4: each user shares keys with every other, and all users of U1 hold shares of its secrets,
// itself included.
import { countMembers } from '../leaves/members.ts';
import { allPositions, type Position } from '../leaves/positions.ts';
import type { Neighborhoods } from './neighborhoods.ts';

/** @param users size of U1. */
export function completeGraph(users: number): Neighborhoods {
  // Made when it is first asked for: many callers only ask for the degree.
  let all: readonly Position[] | null = null;
  const everybody = (): readonly Position[] => (all ??= allPositions(users));
  return {
    users,
    degree: users - 1,
    groupSize: users,
    neighbors: (position) => everybody().filter((other) => other !== position),
    neighborIndex: (position, neighbor) => (neighbor < position ? neighbor : neighbor - 1),
    holders: everybody,
    holderIndex: (_, holder) => holder,
    holdersIn: (members) => {
      const count = countMembers(members);
      return () => count;
    },
  };
}
