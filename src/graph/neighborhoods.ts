// Who shares keys with whom, by position in the session's directory: U1 in ascending order of id on the complete graph, in
// the order of a random permutation on a sparse one.

import type { Members } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';

/** The graph of one session over U1. The order of its lists is fixed by the graph, and known to all. */
export interface Neighborhoods {
  /** Size of U1. */
  readonly users: number;
  /** Neighbors of every user. */
  readonly degree: number;
  /** Holders of every user's shares. */
  readonly groupSize: number;
  /** Users that exchange sealed shares and pairwise masks with the one at `position`; never itself. */
  neighbors(position: Position): readonly Position[];
  /** Index of a neighbor in that list. */
  neighborIndex(position: Position, neighbor: Position): number;
  /** Users that hold shares of its secrets; and those of whose secrets it holds shares, for the relation is symmetric. */
  holders(position: Position): readonly Position[];
  /** Index of a holder in that list: it fixes the evaluation point. */
  holderIndex(position: Position, holder: Position): number;
  /** How many of those that hold shares of a user's secrets are in a set; for all users together, O(users). */
  holdersIn(members: Members): (position: Position) => number;
}
