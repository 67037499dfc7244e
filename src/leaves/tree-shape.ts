// The shape of the hash tree over a directory, RFC 6962 section 2.1: the left part of every node holds the largest power of two
// that is less than all. Leaf: imports nothing.

/** The leaves under one node: those from `first` to before `first + size`. */
export interface Subtree {
  readonly first: number;
  readonly size: number;
}

/** The two parts under a node with two leaves or more. */
export function halvesOf({ first, size }: Subtree): [Subtree, Subtree] {
  const left = 2 ** (Math.ceil(Math.log2(size)) - 1);
  return [
    { first, size: left },
    { first: first + left, size: size - left },
  ];
}

/** Those of some indices that are in a subtree. */
export function within(indices: readonly number[], { first, size }: Subtree): number[] {
  return indices.filter((index) => index >= first && index < first + size);
}

/** How many digests make up the root together with the leaves at some indices: one for each largest subtree without any of them. */
export function proofLength(size: number, known: readonly number[]): number {
  const visit = (part: Subtree, inside: readonly number[]): number => {
    if (inside.length === 0) return 1;
    if (part.size === 1) return 0;
    return halvesOf(part).reduce((sum, half) => sum + visit(half, within(inside, half)), 0);
  };
  return visit({ first: 0, size }, known);
}
