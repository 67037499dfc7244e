// The theorem behind the semi-malicious sparse graph, docs/planner.md, against servers that lie in every way that a generator
// finds: with 3t ≥ 2k + 2c + 2 they learn one sum at most, over the honest users of one set of survivors.
import { expect } from 'chai';
import fc from 'fast-check';
import { learntSums, type Attack, type View } from './lying-server.ts';

/** An arc of the sparse graph: its first position and its length, as fractions of all positions. */
const arcOf = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
const on = (users: number, [from, length]: readonly [number, number]) => {
  const first = Math.floor(from * users);
  return (i: number): boolean => (i - first + users) % users < length * users;
};

/** Views, and who is shown which: arcs are what a sparse graph falls into. */
const lieOf = fc.record({
  views: fc.array(
    fc.record({
      notSharing: fc.array(arcOf, { maxLength: 1 }),
      lost: fc.array(arcOf, { maxLength: 3 }),
      every: fc.integer({ min: 2, max: 12 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  shown: fc.array(fc.record({ arc: arcOf, view: fc.nat(2), silent: fc.integer({ min: 0, max: 4 }) }), { maxLength: 5 }),
  corrupt: fc.array(fc.nat(60), { maxLength: 8 }),
});

const ringOf = fc.constantFrom(
  ...([
    [4, 0, 4],
    [4, 1, 4],
    [6, 0, 5],
    [6, 1, 6],
    [8, 0, 6],
    [8, 1, 7],
    [10, 0, 8],
    [10, 2, 9],
    [12, 3, 11],
  ] as const),
);

function attackOf(
  users: number,
  [neighbors, most, shareThreshold]: readonly [number, number, number],
  lie: typeof lieOf extends fc.Arbitrary<infer T> ? T : never,
): Attack & { readonly views: readonly View[] } {
  const all = Array.from({ length: users }, (_, i) => i);
  const corrupt = new Set<number>();
  const near = (i: number): number =>
    [...corrupt].filter((j) => j !== i && Math.min((i - j + users) % users, (j - i + users) % users) <= neighbors / 2).length;
  for (const i of lie.corrupt) {
    corrupt.add(i % users);
    if (all.some((j) => !corrupt.has(j) && near(j) > most)) corrupt.delete(i % users);
  }
  const views = lie.views.map(({ notSharing, lost, every }): View => {
    const u2 = new Set(all.filter((i) => !notSharing.some((arc) => on(users, arc)(i))));
    const scattered = (i: number): boolean => every < 5 && i % every === 0;
    return { u2, u3: new Set([...u2].filter((i) => !lost.some((arc) => on(users, arc)(i)) && !scattered(i))) };
  });
  const shown: (View | undefined)[] = all.map(() => views[0]);
  const masked = all.map(() => views[0]!.u2);
  for (const { arc, view, silent } of lie.shown) {
    for (const i of all.filter(on(users, arc))) {
      const one = views[view % views.length]!;
      shown[i] = silent === 0 ? undefined : one;
      masked[i] = one.u2;
    }
  }
  return { users, neighbors, shareThreshold, corrupt, shown, masked, views };
}

describe('a server that lies on a sparse graph', () => {
  it('learns one sum at most, over the honest users of one set of survivors', function () {
    this.timeout(60_000);
    let learnt = 0;
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 30 }), ringOf, lieOf, (more, sparse, lie) => {
        const attack = attackOf(sparse[0] + more, sparse, lie);
        const sums = learntSums(attack);
        if (sums.length > 0) learnt++;
        expect(sums.length).to.be.at.most(1);
        const honest = attack.views.map(({ u3 }) => [...u3].filter((i) => !attack.corrupt.has(i)).sort((a, b) => a - b));
        for (const sum of sums) expect(honest).to.deep.include(sum);
      }),
      { numRuns: 6000 },
    );
    expect(learnt).to.be.greaterThan(100);
  });

  it('cuts out an arc if only 2t > k + c holds: no user loses both secrets, but the sum of four is learnt', () => {
    // On a sparse graph of 14 with four neighbors and t = 3, users 6 and 13 are corrupt, one neighbor each at most. The server
    // shows everybody the same survivors: all but users 0 and 5, who in truth are there.
    const all = Array.from({ length: 14 }, (_, i) => i);
    const view = { u2: new Set(all), u3: new Set(all.filter((i) => i !== 0 && i !== 5)) };
    const attack = {
      users: 14,
      neighbors: 4,
      corrupt: new Set([6, 13]),
      shown: all.map(() => view),
      masked: all.map(() => view.u2),
    };
    expect(learntSums({ ...attack, shareThreshold: 3 })).to.deep.equal([
      [1, 2, 3, 4],
      [7, 8, 9, 10, 11, 12],
    ]);
    expect(learntSums({ ...attack, shareThreshold: 4 })).to.deep.equal([]); // 3t ≥ 2k + 2c + 2
  });

  it('learns a sum of eight instead of fourteen users from two views and without corrupt users, one share below the bound', () => {
    const all = Array.from({ length: 20 }, (_, i) => i);
    const without = (from: Iterable<number>, ...left: number[]): Set<number> =>
      new Set([...from].filter((i) => !left.includes(i)));
    const u2a = without(all, 1, 2, 3, 10, 11, 12);
    const u2b = without(all, 15, 18);
    const [a, b] = [
      { u2: u2a, u3: u2a },
      { u2: u2b, u3: without(u2b, 4, 9) },
    ];
    const shownA = [0, 9, 13, 14, 15, 16, 17, 18, 19];
    const attack = {
      users: 20,
      neighbors: 8,
      corrupt: new Set<number>(),
      shown: all.map((i) => (shownA.includes(i) ? a : i === 4 ? undefined : b)),
      masked: all.map((i) => (shownA.includes(i) ? u2a : u2b)),
    };
    expect([a.u3.size, b.u3.size]).to.deep.equal([14, 16]);
    expect(learntSums({ ...attack, shareThreshold: 5 })).to.deep.equal([[0, 13, 14, 15, 16, 17, 18, 19]]);
    expect(learntSums({ ...attack, shareThreshold: 6 })).to.deep.equal([]); // 3t ≥ 2k + 2
  });
});
