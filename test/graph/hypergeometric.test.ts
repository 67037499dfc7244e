// Tails in logarithms against fractions of bigints, and against each other if these would take too long.
import { expect } from 'chai';
import fc from 'fast-check';
import { lnPoint, lnUpperTail, quantile, type Hypergeometric } from '../../src/graph/hypergeometric.ts';
import { choose, clearlyWithin, log2, upperTail } from '../planner/exact.ts';

const LN2 = Math.LN2;

/** Relative error of the probability, from logarithms; where both are zero, none. */
const apart = (a: number, b: number): number => (a === b ? 0 : Math.abs(Math.expm1(a - b)));

const distributionOf = (most: number): fc.Arbitrary<Hypergeometric> =>
  fc.integer({ min: 1, max: most }).chain((population) =>
    fc.record({
      population: fc.constant(population),
      marked: fc.integer({ min: 0, max: population }),
      draws: fc.integer({ min: 0, max: population }),
    }),
  );

describe('hypergeometric tails', () => {
  it('are exact for every population of up to 14', () => {
    for (let population = 1; population <= 14; population++)
      for (let marked = 0; marked <= population; marked++)
        for (let draws = 0; draws <= population; draws++)
          for (let x = -1; x <= population + 1; x++) {
            const exact = log2(upperTail(population, marked, draws, x)) * LN2;
            expect(apart(lnUpperTail({ population, marked, draws }, x), exact)).to.be.below(1e-13);
          }
  });

  it('agree with fractions of bigints up to 3,000, also far from the mean', function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(distributionOf(3000), fc.double({ min: 0, max: 1, noNaN: true }), (distribution, at) => {
        const { population, marked, draws } = distribution;
        const x = Math.round(at * Math.min(marked, draws, 400));
        const exact = log2(upperTail(population, marked, Math.min(draws, 400), x)) * LN2;
        expect(apart(lnUpperTail({ ...distribution, draws: Math.min(draws, 400) }, x), exact)).to.be.below(2e-11);
      }),
      { numRuns: 150 },
    );
  });

  it('keep twelve digits at a million users', () => {
    for (const [marked, draws, x] of [
      [50_000, 38, 22],
      [333_333, 110, 83],
      [450_000, 60, 58],
      [3, 40, 2],
    ] as const) {
      const exact = log2(upperTail(1_000_000, marked, draws, x)) * LN2;
      expect(apart(lnUpperTail({ population: 1_000_000, marked, draws }, x), exact)).to.be.below(1e-12);
    }
  });

  it('have points that add up to one', () => {
    fc.assert(
      fc.property(distributionOf(100_000), (distribution) => {
        let sum = 0;
        for (let x = 0; x <= Math.min(distribution.marked, distribution.draws); x++) sum += Math.exp(lnPoint(distribution, x));
        expect(sum).to.be.closeTo(1, 1e-11);
      }),
      { numRuns: 30 },
    );
  });

  it('fall with x, and grow with marked users and draws', () => {
    fc.assert(
      fc.property(distributionOf(1_000_000), fc.nat(3000), (distribution, x) => {
        const { population, marked, draws } = distribution;
        const tail = lnUpperTail(distribution, x);
        const slack = 1e-9;
        expect(lnUpperTail(distribution, x + 1)).to.be.at.most(tail + slack);
        if (marked < population) expect(lnUpperTail({ ...distribution, marked: marked + 1 }, x)).to.be.at.least(tail - slack);
        if (draws < population) expect(lnUpperTail({ ...distribution, draws: draws + 1 }, x)).to.be.at.least(tail - slack);
        expect(lnUpperTail({ population: population + 1, marked, draws }, x)).to.be.at.most(tail + slack);
      }),
    );
  });

  it('give the quantile that fractions give', () => {
    fc.assert(
      fc.property(distributionOf(150), fc.integer({ min: 1, max: 80 }), (distribution, bits) => {
        const { population, marked, draws } = distribution;
        let exact = 0;
        while (!clearlyWithin(upperTail(population, marked, draws, exact + 1), population, bits)) exact++;
        const limit = -bits * LN2 - Math.log(population);
        expect(quantile(distribution, limit)).to.equal(exact);
      }),
      { numRuns: 40 },
    );
  });

  it('are compared with a reference that is right in small cases', () => {
    expect(choose(5, 2)).to.equal(10n);
    expect(upperTail(5, 2, 2, 1)).to.deep.equal({ numerator: 7n, denominator: 10n }); // 1 − 3/10
  });
});
