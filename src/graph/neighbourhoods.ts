// Who shares keys with whom, by position in the session's directory: U1 in ascending order of id on the complete graph, in
// the order of the ring on a sparse one.

import type { Members } from '../members.ts';

/** The graph of one session over U1. The order of its lists is fixed by the graph, and known to all. */
export interface Neighbourhoods {
  /** Size of U1. */
  readonly users: number;
  /** Neighbours of every user. */
  readonly degree: number;
  /** Holders of every user's shares. */
  readonly groupSize: number;
  /** Users that exchange sealed shares and pairwise masks with the one at `position`; never itself. */
  neighbours(position: number): readonly number[];
  /** Index of a neighbour in that list. */
  neighbourIndex(position: number, neighbour: number): number;
  /** Users that hold shares of its secrets; and those of whose secrets it holds shares, for the relation is symmetric. */
  holders(position: number): readonly number[];
  /** Index of a holder in that list: it fixes the evaluation point. */
  holderIndex(position: number, holder: number): number;
  /** How many of those that hold shares of a user's secrets are in a set; for all users together, O(users). */
  holdersIn(members: Members): (position: number) => number;
}
