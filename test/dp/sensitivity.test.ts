// How far the vectors of one user lie apart: by brute force over all vectors within the caps.
import { expect } from 'chai';
import { cappedDistance, cappedSensitivity, capContribution } from '../../src/dp/contribution.ts';
import { momentsDistance } from '../../src/dp/private-moments.ts';
import { adjacentSensitivity, roundedSensitivity } from '../../src/dp/sensitivity.ts';
import { seeded } from './seeded.ts';

const DIMENSIONS = 3;

/** All vectors of three counts within the caps. */
function withinCaps(perBin: number, bins: number, events: number): number[][] {
  const vectors: number[][] = [];
  for (let a = 0; a <= perBin; a++) {
    for (let b = 0; b <= perBin; b++) {
      for (let c = 0; c <= perBin; c++) {
        const vector = [a, b, c];
        if (vector.filter((x) => x > 0).length <= bins && a + b + c <= events) vectors.push(vector);
      }
    }
  }
  return vectors;
}

const distance = (u: readonly number[], v: readonly number[]): { l2: number; l1: number } => ({
  l2: u.reduce((sum, x, i) => sum + (x - v[i]!) ** 2, 0),
  l1: u.reduce((sum, x, i) => sum + Math.abs(x - v[i]!), 0),
});

describe('the sensitivity of counts within caps', () => {
  for (let perBin = 1; perBin <= 3; perBin++) {
    for (let bins = 1; bins <= DIMENSIONS; bins++) {
      for (let events = 1; events <= bins * perBin; events++) {
        it(`is reached from zero and between two vectors, and never exceeded, with ${perBin} a bin, ${bins} bins and ${events} events`, () => {
          const vectors = withinCaps(perBin, bins, events);
          const caps = { perBin: Math.min(perBin, events), bins: Math.min(bins, events), events };
          const fromZero = cappedSensitivity(caps);
          const zero = [0, 0, 0];
          expect(Math.max(...vectors.map((v) => distance(v, zero).l2))).to.equal(fromZero.l2Squared);
          expect(Math.max(...vectors.map((v) => distance(v, zero).l1))).to.equal(fromZero.l1);
          const apart = vectors.flatMap((u) => vectors.map((v) => distance(u, v)));
          expect(cappedDistance(caps, DIMENSIONS)).to.deep.equal({
            l2Squared: Math.max(...apart.map(({ l2 }) => l2)),
            l1: Math.max(...apart.map(({ l1 }) => l1)),
          });
        });
      }
    }
  }
});

describe('the sensitivity of rounded vectors', () => {
  it('has the values of an independent computation', () => {
    // Radius, components, and the norm with β = e^(−½) or with none refused, whichever is less.
    for (const [radius, dimensions, norm] of [
      [1, 1, 1.658312395],
      [10, 100, 11.832159566],
      [100, 1024, 101.843016452],
      [1000, 2 ** 20, 1124.12454826],
    ] as const) {
      expect(roundedSensitivity(radius, dimensions).l2Squared).to.equal(Math.floor(norm ** 2 + 1e-6));
    }
  });

  it('is twice as far between two vectors as from zero', () => {
    const { l2Squared, l1 } = roundedSensitivity(10, 16);
    expect(adjacentSensitivity({ l2Squared, l1 }, 'replace-one')).to.deep.equal({ l2Squared: 4 * l2Squared, l1: 2 * l1 });
  });

  it('bounds the L1 norm by the L2 norm twice: by Cauchy and Schwarz, and because |n| ≤ n² for integers', () => {
    const short = roundedSensitivity(1, 10_000);
    expect(short.l1).to.equal(Math.min(short.l2Squared, 100 * Math.sqrt(short.l2Squared)));
    const long = roundedSensitivity(1000, 16);
    expect(long.l1).to.equal(4 * Math.sqrt(long.l2Squared));
  });
});

describe('the sensitivity of moments', () => {
  /** All pairs (a, b) to which Ry and Ry² may be rounded: at and between the points where one of them is an integer. */
  function rounded(steps: number): number[][] {
    const whole = Array.from({ length: 2 * steps + 1 }, (_, i) => (i - steps) / steps);
    const roots = Array.from({ length: steps + 1 }, (_, i) => Math.sqrt(i / steps));
    const points = [...whole, ...roots, ...roots.map((y) => -y)].sort((a, b) => a - b);
    const between = points.slice(1).map((y, i) => (y + points[i]!) / 2);
    const near = (x: number): number[] => (Math.abs(x - Math.round(x)) < 1e-9 ? [Math.round(x)] : [Math.floor(x), Math.ceil(x)]);
    return [...points, ...between].flatMap((y) => near(steps * y).flatMap((a) => near(steps * y * y).map((b) => [steps, a, b])));
  }

  for (const steps of [1, 2, 3, 5, 8, 20]) {
    it(`is reached and never exceeded on a grid of ${steps} steps`, () => {
      const zero = [0, 0, 0];
      const found = new Map([zero, ...rounded(steps)].map((v) => [String(v), v]));
      const vectors = [...found.values()];
      expect(Math.max(...vectors.map((v) => distance(v, zero).l2))).to.equal(momentsDistance(steps, 'zero-out').l2Squared);
      expect(Math.max(...vectors.map((v) => distance(v, zero).l1))).to.equal(momentsDistance(steps, 'zero-out').l1);
      const apart = vectors.map((u) => vectors.map((v) => distance(u, v)));
      const stated = momentsDistance(steps, 'replace-one');
      const furthest = Math.max(...apart.map((row) => Math.max(...row.map(({ l2 }) => l2))));
      if (steps === 1) expect(furthest).to.be.at.most(stated.l2Squared);
      else expect(furthest).to.equal(stated.l2Squared);
      expect(Math.max(...apart.map((row) => Math.max(...row.map(({ l1 }) => l1))))).to.equal(stated.l1);
    });
  }
});

describe('capping what a user contributes', () => {
  it('leaves out events until all caps hold, and no more', () => {
    const caps = { perBin: 4, bins: 3, events: 7 };
    for (let round = 0; round < 200; round++) {
      const counts = Float64Array.from([9, 1, 0, 4, 2, 5]);
      const left = capContribution(counts, caps, seeded(`caps ${round}`));
      const total = counts.reduce((sum, count) => sum + count, 0);
      expect(left).to.equal(21 - total);
      expect(Math.max(...counts)).to.be.at.most(4);
      expect(counts.filter((count) => count > 0).length).to.be.at.most(3);
      expect(total).to.equal(7); // the emptiest three bins that can be drawn have as many
    }
  });

  it('leaves counts within the caps as they are', () => {
    const counts = Float64Array.from([1, 0, 2]);
    expect(capContribution(counts, { perBin: 2, bins: 2, events: 3 }, seeded('within'))).to.equal(0);
    expect([...counts]).to.deep.equal([1, 0, 2]);
  });

  it('prefers no bin: each of five bins stays in two of five draws', () => {
    const kept = [0, 0, 0, 0, 0];
    const random = seeded('fair');
    for (let i = 0; i < 5000; i++) {
      const counts = new Float64Array(5).fill(1);
      capContribution(counts, { perBin: 1, bins: 2, events: 2 }, random);
      for (const [bin, count] of counts.entries()) kept[bin]! += count;
    }
    // Each is binomial with 5,000 draws of probability 2/5: five and a half standard deviations.
    for (const count of kept) expect(count).to.be.closeTo(2000, 5.5 * Math.sqrt(5000 * 0.4 * 0.6));
  });
});
