// Who shares keys with whom, by position in the session's directory (U1 in ascending order of id). A sparse graph is
// one more implementation of the same interface.

/** The graph of one session over U1. Every list is ascending. */
export interface Neighbourhoods {
  /** Users that exchange sealed shares and pairwise masks with the one at `position`; never itself. */
  neighbours(position: number): readonly number[];
  /** Index of a neighbour in that list. */
  neighbourIndex(position: number, neighbour: number): number;
  /** Number of users that hold shares of its secrets, and the index of one of them: it fixes the evaluation point. */
  holders(position: number): number;
  holderIndex(position: number, holder: number): number;
}
