// No plan states less than what two vectors of a user differ by: encoded extremes of every statistic, before any noise.
import { expect } from 'chai';
import {
  privateHistogram,
  privateMean,
  privateMoments,
  privateQuantiles,
  privateSum,
  privateWeightedMean,
  receiptOf,
  type PrivacyPlan,
} from '../../src/dp/index.ts';
import { seeded, uniforms } from './seeded.ts';

type Vector = readonly number[];

/** A plan and what it makes of extreme data; a trusted server adds the noise, so that vectors have none. */
interface Extremes {
  readonly plan: Parameters<typeof receiptOf>[0];
  readonly vectors: readonly Vector[];
}

const plain = (vector: ArrayLike<number | bigint>): Vector => Array.from(vector, Number);

/** Directions of full length with all signs, and single components. */
const corners = (length: number): number[][] => [
  ...Array.from({ length: 2 ** length }, (_, signs) => Array.from({ length }, (_, i) => ((signs >> i) & 1 ? 9 : -9))),
  ...Array.from({ length: 2 * length }, (_, at) => Array.from({ length }, (_, i) => (i === at >> 1 ? 9 * (-1) ** at : 0))),
];

const STATISTICS: Readonly<Record<string, (terms: PrivacyPlan) => Extremes>> = {
  'a sum': (terms) => {
    const plan = privateSum({ ...terms, length: 4, l2Clip: 1 });
    return { plan, vectors: [null, ...corners(4)].map((data) => plain(plan.encode(data).vector)) };
  },
  'a mean with clips of its own for each tensor and flags': (terms) => {
    const plan = privateMean({ ...terms, shapes: { a: [2], b: [2] }, l2Clip: { a: 1, b: 2 }, measureClipping: true });
    const dataOf = ([p = 0, q = 0, r = 0, s = 0]: number[]) => ({
      a: { shape: [2], data: [p, q] },
      b: { shape: [2], data: [r, s] },
    });
    const inside = corners(4).map((corner) => corner.map((x) => x / 20));
    return { plan, vectors: [null, ...[...corners(4), ...inside].map(dataOf)].map((data) => plain(plan.encode(data).vector)) };
  },
  'a weighted mean': (terms) => {
    const plan = privateWeightedMean({ ...terms, length: 3, l2Clip: 1, maxWeight: 10 });
    const weighted = corners(3).flatMap((data) => [1, 5, 10].map((weight) => plan.encode(data, weight)));
    return { plan, vectors: [plan.encode(null, 0), ...weighted].map(({ vector }) => plain(vector)) };
  },
  'a histogram': (terms) => {
    const plan = privateHistogram({ ...terms, bins: 5, maxCount: 3, maxBins: 3, maxEvents: 7 });
    const data = Array.from({ length: 400 }, () => ({ counts: Array.from({ length: 5 }, () => Math.floor(6 * uniform())) }));
    return { plan, vectors: [null, ...data].map((each) => plain(plan.encode(each).vector)) };
  },
  quantiles: (terms) => {
    const plan = privateQuantiles({ ...terms, edges: [0, 1, 2, 3], probabilities: [0.5] });
    return { plan, vectors: [null, -1, 0.5, 1.5, 9].map((value) => plain(plan.encode(value).vector)) };
  },
  moments: (terms) => {
    const plan = privateMoments({ ...terms, lower: -3, upper: 3 });
    const near = Array.from({ length: 300 }, () => (uniform() < 0.5 ? -1 : 1) * (3 - 0.03 * uniform()));
    const values = [-3, -2, 0, 2.4, 3, ...near];
    return { plan, vectors: [null, ...values].map((value) => plain(plan.encode(value).vector)) };
  },
};

const uniform = uniforms('extremes');

const distance = (u: Vector, v: Vector) => ({
  l2Squared: u.reduce((sum, x, i) => sum + (x - v[i]!) ** 2, 0),
  l1: u.reduce((sum, x, i) => sum + Math.abs(x - v[i]!), 0),
  components: u.filter((x, i) => x !== v[i]).length,
  shift: Math.max(...u.map((x, i) => Math.abs(x - v[i]!))),
});

describe('the sensitivity that a plan states', () => {
  for (const [name, make] of Object.entries(STATISTICS)) {
    for (const adjacency of ['zero-out', 'replace-one'] as const) {
      it(`is reached within a twentieth, and never exceeded: ${name}, ${adjacency}`, () => {
        const terms = { maxUsers: 4, threshold: 3, noiseMultiplier: 1, noiseFrom: 'server', adjacency } as const;
        const { plan, vectors } = make({ ...terms, unsafeRandom: seeded(name) });
        const { l2Squared, l1, bounds } = receiptOf(plan, { included: [4], delta: 1e-6 }).parts[0]!;
        const [none, ...others] = vectors as [Vector, ...Vector[]];
        expect(none.every((x) => x === 0)).to.equal(true);
        const pairs =
          adjacency === 'zero-out'
            ? others.map((v) => distance(none, v))
            : vectors.flatMap((u, i) => vectors.slice(0, i).map((v) => distance(u, v)));
        const furthest = Math.max(...pairs.map((pair) => pair.l2Squared));
        expect(furthest).to.be.at.most(l2Squared);
        expect(Math.max(...pairs.map((pair) => pair.l1))).to.be.at.most(l1 * (1 + 1e-12));
        // A weighted mean states twice the norm of its joint vector, although weights have one sign.
        if (name !== 'a weighted mean' || adjacency === 'zero-out') expect(furthest).to.be.above(0.95 * l2Squared);
        if (bounds === null) return;
        expect(Math.max(...pairs.map((pair) => pair.components))).to.be.at.most(bounds.components);
        expect(Math.max(...pairs.map((pair) => pair.shift))).to.be.at.most(bounds.shift);
      });
    }
  }

  it('is that of the furthest vectors: moments under replace-one take 2/√3 times the noise of zero-out, not twice', () => {
    const terms = { maxUsers: 100, threshold: 67, noiseMultiplier: 3, lower: 0, upper: 1 };
    const rms = (adjacency: 'zero-out' | 'replace-one') => privateMoments({ ...terms, adjacency }).errorBound({ users: 80 }).rms;
    expect(rms('replace-one') / rms('zero-out')).to.be.closeTo(2 / Math.sqrt(3), 0.001);
  });

  it('is that of zero-out for histograms in which a user may count in every bin: nothing is beyond both', () => {
    const terms = { maxUsers: 100, threshold: 67, noiseMultiplier: 3, session: '' };
    for (const bins of [1, 2, 24]) {
      const all = (adjacency: 'zero-out' | 'replace-one') => privateHistogram({ ...terms, bins, adjacency });
      const [zeroOut, replaceOne] = (['zero-out', 'replace-one'] as const).map((adjacency) => all(adjacency));
      expect(replaceOne!.errorBound({ users: 80 }).rms).to.be.closeTo(zeroOut!.errorBound({ users: 80 }).rms, 1e-9);
    }
  });
});
