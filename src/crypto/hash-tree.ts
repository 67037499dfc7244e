// A hash tree over a list: one root for all of it, and a short proof that some leaves are at the indices that they claim.
import { digest } from './digest.ts';
import { halvesOf, within, type Subtree } from '../leaves/tree-shape.ts';
import type { Label } from './labels.ts';

/** All digests of a tree. */
export class HashTree {
  readonly #size: number;
  /** From the leaves up; a node without a sibling is moved up as it is, which gives the shape of tree-shape.ts. */
  readonly #levels: readonly (readonly Uint8Array[])[];

  /** @param leaves digests, one or more. */
  constructor(node: Label, leaves: readonly Uint8Array[]) {
    this.#size = leaves.length;
    const levels = [leaves];
    for (let below = leaves; below.length > 1;) {
      const level: Uint8Array[] = [];
      for (let i = 0; i < below.length; i += 2) {
        const pair = below.slice(i, i + 2);
        level.push(pair.length === 2 ? digest(node, pair) : (pair[0] ?? new Uint8Array()));
      }
      levels.push(level);
      below = level;
    }
    this.#levels = levels;
  }

  /**
   * The digests that give the root together with some leaves: those of the largest subtrees without any of these leaves, from
   * left to right.
   *
   * @param known their indices, in any order.
   */
  proof(known: readonly number[]): Uint8Array[] {
    return subtreesWithout(this.#size, known).map((part) => this.#digestOf(part));
  }

  /** All digests, from the leaves up; `proofNodes` says which of them are a proof. */
  get nodes(): readonly Uint8Array[] {
    return this.#levels.flat();
  }

  get root(): Uint8Array {
    return this.#digestOf({ first: 0, size: this.#size });
  }

  #digestOf({ first, size }: Subtree): Uint8Array {
    const level = Math.ceil(Math.log2(size));
    return this.#levels[level]?.[first / 2 ** level] ?? new Uint8Array();
  }
}

/** The largest subtrees without any of some leaves, from left to right. */
function subtreesWithout(size: number, known: readonly number[]): Subtree[] {
  const parts: Subtree[] = [];
  const visit = (part: Subtree, inside: readonly number[]): void => {
    if (inside.length === 0) parts.push(part);
    else if (part.size > 1) for (const half of halvesOf(part)) visit(half, within(inside, half));
  };
  visit({ first: 0, size }, known);
  return parts;
}

/** The indices in `HashTree.nodes`, for a tree of `size` leaves, of what `proof` gives. */
export function proofNodes(size: number, known: readonly number[]): number[] {
  return subtreesWithout(size, known).map((part) => {
    let [before, width, first] = [0, size, part.first];
    for (let level = Math.ceil(Math.log2(part.size)); level > 0; level--) {
      before += width;
      width = Math.ceil(width / 2);
      first /= 2;
    }
    return before + first;
  });
}

/**
 * The root of a tree of which some leaves are known, and a proof.
 *
 * @param size leaves of the tree.
 * @returns null if the number of digests in the proof is not the number of subtrees without known leaves.
 */
export function rootFrom(
  node: Label,
  size: number,
  known: ReadonlyMap<number, Uint8Array>,
  proof: readonly Uint8Array[],
): Uint8Array | null {
  let used = 0;
  const visit = (part: Subtree, inside: readonly number[]): Uint8Array | null => {
    if (inside.length === 0) return proof[used++] ?? null;
    if (part.size === 1) return known.get(part.first) ?? null;
    const [left, right] = halvesOf(part);
    const [a, b] = [visit(left, within(inside, left)), visit(right, within(inside, right))];
    return a === null || b === null ? null : digest(node, [a, b]);
  };
  const root = visit({ first: 0, size }, [...known.keys()]);
  return used === proof.length ? root : null;
}
