// The hash tree over a directory: the root of RFC 6962 section 2.1, by its recursive definition, and proofs that give it.
import { expect } from 'chai';
import fc from 'fast-check';
import { fingerprint, digest } from '../../src/crypto/digest.ts';
import { HashTree, proofNodes, rootFrom } from '../../src/crypto/hash-tree.ts';
import { LABELS } from '../../src/crypto/labels.ts';
import { proofLength } from '../../src/leaves/tree-shape.ts';

const NODE = LABELS.directoryNode;
const leavesOf = (count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => fingerprint(Uint8Array.of(i, i >> 8)));

/** MTH(D[n]) of the RFC, with our node hash. */
function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!;
  let left = 1;
  while (2 * left < leaves.length) left *= 2;
  return digest(NODE, [rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left))]);
}

/** A list and some of its places: an arc around the end of a ring, as neighborhoods are, or any set. */
const places = fc
  .integer({ min: 1, max: 300 })
  .chain((count) =>
    fc.record({
      count: fc.constant(count),
      known: fc.oneof(
        fc.uniqueArray(fc.nat({ max: count - 1 }), { minLength: 1 }),
        fc
          .record({ first: fc.nat({ max: count - 1 }), length: fc.integer({ min: 1, max: count }) })
          .map(({ first, length }) => Array.from({ length }, (_, i) => (first + i) % count)),
      ),
    }),
  )
  .map(({ count, known }) => ({ leaves: leavesOf(count), known: [...known].sort((a, b) => a - b) }));

describe('the hash tree', () => {
  it('has the root of the recursive definition at every size', () => {
    for (let count = 1; count <= 70; count++)
      expect(new HashTree(NODE, leavesOf(count)).root).to.deep.equal(rootOf(leavesOf(count)));
  });

  it('proves any leaves, in as many digests as its shape says, wherever its nodes are kept', () => {
    fc.assert(
      fc.property(places, ({ leaves, known }) => {
        const tree = new HashTree(NODE, leaves);
        const proof = tree.proof(known);
        expect(proof).to.have.length(proofLength(leaves.length, known));
        expect(proofNodes(leaves.length, known).map((node) => tree.nodes[node])).to.deep.equal(proof);
        const shown = new Map(known.map((i) => [i, leaves[i]!]));
        expect(rootFrom(NODE, leaves.length, shown, proof)).to.deep.equal(tree.root);
      }),
    );
  });

  it('gives another root, or none, for a leaf, a place, a size or a proof that was changed', () => {
    fc.assert(
      fc.property(places, fc.nat(), ({ leaves, known }, choice) => {
        const tree = new HashTree(NODE, leaves);
        const proof = tree.proof(known);
        const shown = new Map(known.map((i) => [i, leaves[i]!]));
        const one = known[choice % known.length]!;
        const other = fingerprint(Uint8Array.of(1, 2, 3));
        const wrong = [
          rootFrom(NODE, leaves.length, new Map([...shown, [one, other]]), proof),
          rootFrom(NODE, leaves.length, shown, [...proof, other]),
          proof.length === 0 ? null : rootFrom(NODE, leaves.length, shown, proof.slice(1)),
          proof.length === 0 ? null : rootFrom(NODE, leaves.length, shown, [other, ...proof.slice(1)]),
          leaves.length === 1
            ? null
            : rootFrom(NODE, leaves.length, new Map([...shown].map(([i, leaf]) => [(i + 1) % leaves.length, leaf])), proof),
        ];
        for (const root of wrong) expect(root).not.to.deep.equal(tree.root);
      }),
    );
  });
});
