// The sparse graph: the neighbors at each position, how many of them are in a set, and the random order of positions.
import { expect } from 'chai';
import fc from 'fast-check';
import { systemRandom } from '../../src/crypto/random.ts';
import { ThresholdError } from '../../src/leaves/errors.ts';
import { completeGraph } from '../../src/graph/complete.ts';
import { permuted, sparseGraph } from '../../src/graph/sparse.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { hasMember, membersOf } from '../../src/leaves/members.ts';
import { allPositions } from '../../src/leaves/positions.ts';
import { resolveParameters } from '../../src/session/parameters.ts';
import { requireNeighborhoods } from '../../src/server/attendance.ts';
import { Roster } from '../../src/server/roster.ts';

const graphs = fc
  .record({ half: fc.integer({ min: 1, max: 8 }), more: fc.integer({ min: 0, max: 30 }) })
  .map(({ half, more }) => sparseGraph(2 * half + 1 + more, 2 * half));

describe('a sparse graph', () => {
  it('gives each user the k/2 nearest users on either side, never itself, in the order of the indices', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        for (const p of allPositions(graph.users)) {
          const neighbors = graph.neighbors(p);
          expect(new Set(neighbors).size).to.equal(graph.degree);
          expect(neighbors).not.to.include(p);
          expect(graph.holders(p)).to.deep.equal(neighbors);
          for (const [i, q] of neighbors.entries()) {
            const apart = Math.min((p - q + graph.users) % graph.users, (q - p + graph.users) % graph.users);
            expect(apart).to.be.at.most(graph.degree / 2);
            expect(graph.neighborIndex(p, q)).to.equal(i);
            expect(graph.holderIndex(p, q)).to.equal(i);
            expect(graph.neighbors(q)).to.include(p);
          }
        }
      }),
    );
  });

  it('counts the holders that are in a set, as the complete graph does', () => {
    const anyGraph = fc.oneof(graphs, fc.integer({ min: 1, max: 40 }).map(completeGraph));
    fc.assert(
      fc.property(anyGraph, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (graph, there) => {
        const members = membersOf(
          allPositions(graph.users).filter((p) => there[p]),
          graph.users,
        );
        const count = graph.holdersIn(members);
        for (const p of allPositions(graph.users)) {
          expect(count(p)).to.equal(graph.holders(p).filter((q) => hasMember(members, q)).length);
        }
      }),
    );
  });

  it('is drawn uniformly, so that each of the 24 orders of four users is equally frequent', () => {
    const counts = new Map<string, number>();
    const draws = 24_000;
    for (let i = 0; i < draws; i++) {
      const order = permuted([1, 2, 3, 4], systemRandom).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).to.equal(24);
    const expected = draws / 24;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).to.be.below(80); // 23 degrees of freedom: above once in 10^8 runs
  });

  it('is drawn from each random word once, in order, and from as many blocks as it takes', () => {
    const users = Array.from({ length: 2500 }, (_, i) => i);
    const blocks: Uint8Array[] = [];
    const drawn = permuted(users, (length) => {
      const block = systemRandom(length);
      blocks.push(block.slice());
      return block;
    });
    // Fisher and Yates' shuffle from the last place on, by the words modulo the places that are left; 2,499 draws take three blocks.
    const bytes = Buffer.concat(blocks);
    const expected = [...users];
    let at = 0;
    for (let last = users.length - 1; last > 0; last--) {
      const places = last + 1;
      const multiple = 2 ** 32 - (2 ** 32 % places);
      let word = multiple;
      for (; word >= multiple; at += 4) word = bytes.readUInt32BE(at);
      [expected[last], expected[word % places]] = [expected[word % places]!, expected[last]!];
    }
    expect(drawn).to.deep.equal(expected);
    expect(bytes.length - at).to.be.within(0, blocks[0]!.length - 1);
    expect(blocks.length).to.be.greaterThan(1);
  });

  it('of 300,000 users, of which a third is gone, ends in an error that names the users with too few neighbors', function () {
    this.timeout(20_000);
    const users = 300_000;
    const key = new Uint8Array(32);
    const lines = Array.from({ length: users }, (_, i) => ({
      userId: i as UserId,
      channelKey: key,
      maskKey: key,
      signature: key,
    }));
    const all = membersOf(lines.keys(), users);
    const present = membersOf(
      Array.from(lines.keys()).filter((p) => p % 3 !== 0),
      users,
    );
    const parameters = resolveParameters(100_000, 1, { graph: { neighbors: 4, shareThreshold: 4 } });
    const run = (): void =>
      requireNeighborhoods(parameters, sparseGraph(users, 4), { roster: new Roster(lines), u2: all, present, round: 2 });
    expect(run).to.throw(ThresholdError).with.property('userIds').with.length(200_000);
  });
});
