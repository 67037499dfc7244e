// Who shares keys with whom, by position in the session's directory. The directory lists U1 in ascending order of id on the
// complete graph, and in the order of a random permutation on a sparse graph.

import type { Members } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';

/** The graph of one session over U1. It fixes the order of its lists, so that all parties know them. */
export interface Neighborhoods {
  /** Size of U1. */
  readonly users: number;
  /** Number of neighbors of each user. */
  readonly degree: number;
  /** Number of holders of each user's shares. */
  readonly groupSize: number;
  /** The users that exchange sealed shares and pairwise masks with the user at `position`; never itself. */
  neighbors(position: Position): readonly Position[];
  /** Index of a neighbor in that list. */
  neighborIndex(position: Position, neighbor: Position): number;
  /** The users that hold shares of its secrets. It holds shares of the secrets of the same users, as the relation is symmetric. */
  holders(position: Position): readonly Position[];
  /** Index of a holder in that list: it fixes the evaluation point. */
  holderIndex(position: Position, holder: Position): number;
  /** Counts the holders of a user's shares that are in a set. O(users) for all users together. */
  holdersIn(members: Members): (position: Position) => number;
}
