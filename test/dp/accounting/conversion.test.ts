// From curves to (ε, δ): values of dp_accounting 0.6.0 and of its tests, and extremes.
import { expect } from 'chai';
import fc from 'fast-check';
import { deltaAtOrder, deltaOf, divergenceAtOrder, epsilonAtOrder, epsilonOf } from '../../../src/dp/accounting/conversion.ts';
import { curveOf, ORDERS, repeated, uncheckedCurve, type Curve } from '../../../src/dp/accounting/curve.ts';
import { noisedSum } from './noised-sum.ts';

const INTEGERS = [...Array.from({ length: 127 }, (_, i) => i + 2), 256];
const curve = (orders: readonly number[], value: (order: number) => number, totalVariation = 0): Curve => ({
  orders,
  values: orders.map(value),
  totalVariation,
});

describe('ε of a curve', () => {
  const central = [
    { variance: 1, shift: 1, times: 1, delta: 1e-5, epsilon: 4.752728337 },
    { variance: 4.530877117 ** 2, shift: 1, times: 1, delta: 1e-6, epsilon: 1.00000029 },
    { variance: 100, shift: 3, times: 10, delta: 1e-6, epsilon: 4.922428661 },
  ];
  for (const { variance, shift, times, delta, epsilon } of central) {
    it(`is ${epsilon} for ${times} central discrete Gaussians of σ² = ${variance}, as dp_accounting has it`, () => {
      const sum = noisedSum({ variance, noises: 1, l1: shift, l2Squared: shift * shift });
      expect(epsilonOf(repeated(uncheckedCurve(sum, INTEGERS), times), delta).epsilon).to.be.closeTo(epsilon, 6e-10);
    });
  }

  const distributed = [
    [10, 128, 100, 16, 1.252068295, 15, 1.252567017, 15],
    [100, 1024, 100, 400, 2.213529575, 9, 2.213560181, 9],
    [100, 1024, 1000, 400, 0.628062444, 26, 0.628063301, 26],
    [1000, 2 ** 20, 1000, 10_000, 1.486998368, 13, 1.486998464, 13],
    [10, 128, 100, 0.5625, 13.553778171, 3, 8.484724657, 4],
  ] as const;
  for (const [clip, d, n, variance, gaussian, gaussianOrder, skellam, skellamOrder] of distributed) {
    it(`is ${gaussian} and ${skellam} for ${n} users with clip ${clip}, ${d} components and σ² = ${variance}`, () => {
      const l2Squared = Math.min((clip + Math.sqrt(d)) ** 2, clip * clip + d / 4 + clip + Math.sqrt(d) / 2);
      const l1 = Math.sqrt(l2Squared) * Math.min(Math.sqrt(d), Math.sqrt(l2Squared));
      const sum = noisedSum({ variance, noises: n, dimensions: d, l2Squared, l1 });
      const found = epsilonOf(uncheckedCurve(sum, INTEGERS), 1e-5);
      expect(found.epsilon).to.be.closeTo(gaussian, 6e-10);
      expect(found.order).to.equal(gaussianOrder);
      const other = epsilonOf(uncheckedCurve({ ...sum, mechanism: 'skellam' }, INTEGERS), 1e-5);
      expect(other.epsilon).to.be.closeTo(skellam, 6e-10);
      expect(other.order).to.equal(skellamOrder);
    });
  }

  it('has the values of dp_accounting for a divergence that is the same at all orders', () => {
    const orders = Array.from({ length: 31 }, (_, i) => i + 2);
    const constant = curve(orders, () => 1.1);
    expect(epsilonOf(constant, 1e-5).epsilon).to.be.closeTo(1.32783806176, 1e-11);
    expect(epsilonOf(constant, 1e-5).order).to.equal(32);
    expect(deltaOf(constant, 1.32783806176)).to.be.closeTo(1e-5, 1e-13);
  });

  it('loses at most 0.2 % by the orders that curves have', () => {
    fc.assert(
      fc.property(fc.double({ min: -9, max: 4, noNaN: true }), fc.double({ min: -12, max: -3, noNaN: true }), (rho, digits) => {
        const delta = 10 ** digits;
        const of = (orders: readonly number[]): number =>
          epsilonOf(
            curve(orders, (order) => order * 2 ** rho),
            delta,
          ).epsilon;
        const fine = Array.from({ length: 4000 }, (_, i) => 1.05 + Math.exp((i * 10) / 4000) - 1);
        expect(of(ORDERS)).to.be.at.most(of(fine) * 1.002);
      }),
      { numRuns: 50 },
    );
  });

  it('is 0 where nothing is told apart, and infinite where nothing is known', () => {
    expect(
      epsilonOf(
        curve([2, 3], () => 0),
        1e-300,
      ).epsilon,
    ).to.equal(0);
    expect(
      epsilonOf(
        curve([2, 3], () => 0),
        0,
      ).epsilon,
    ).to.equal(0);
    expect(
      epsilonOf(
        curve([2, 3], () => 1),
        0,
      ).epsilon,
    ).to.equal(Infinity);
    expect(
      epsilonOf(
        curve([], () => 0),
        0.1,
      ),
    ).to.deep.equal({ epsilon: Infinity, order: null });
    expect(
      epsilonOf(
        curve([2], () => 1),
        1,
      ).epsilon,
    ).to.equal(0);
    expect(
      epsilonOf(
        curve([2, 1000], () => 1e-13),
        1e-6,
      ).epsilon,
    ).to.equal(0); // by total variation
  });

  it('stays finite for the least δ that a number can have', () => {
    expect(epsilonOf(curveOf(noisedSum()), 5e-324).epsilon).to.be.within(5, 7);
  });

  it('grows by the total variation of samplers, up to infinity once it uses up δ', () => {
    const ideal = curve(ORDERS, (order) => order / 8);
    const of = (totalVariation: number): number => epsilonOf({ ...ideal, totalVariation }, 1e-5).epsilon;
    expect(of(1e-20)).to.be.within(of(0), of(0) * (1 + 1e-12));
    expect(of(1e-7)).to.be.greaterThan(of(1e-8));
    expect(of(4e-6)).to.equal(Infinity);
    const epsilon = of(1e-7);
    expect(deltaOf({ ...ideal, totalVariation: 1e-7 }, epsilon)).to.be.closeTo(1e-5, 1e-10);
    expect(deltaOf({ ...ideal, totalVariation: 1 }, 0)).to.equal(1);
  });

  it('refuses a δ outside of [0, 1] and what is no curve', () => {
    for (const delta of [-1, 1.1, NaN])
      expect(() =>
        epsilonOf(
          curve([2], () => 1),
          delta,
        ),
      ).to.throw(RangeError);
    expect(() =>
      deltaOf(
        curve([2], () => 1),
        -1,
      ),
    ).to.throw(RangeError);
    expect(() =>
      epsilonOf(
        curve([1], () => 1),
        0.1,
      ),
    ).to.throw(RangeError);
    expect(() =>
      epsilonOf(
        curve([3, 2], () => 1),
        0.1,
      ),
    ).to.throw(RangeError);
    expect(() =>
      epsilonOf(
        curve([2], () => Infinity),
        0.1,
      ),
    ).to.throw(RangeError);
    expect(() => epsilonOf({ orders: [2], values: [], totalVariation: 0 }, 0.1)).to.throw(RangeError);
  });
});

describe('δ and divergence at one order', () => {
  const cases = [fc.double({ min: 1.02, max: 300, noNaN: true }), fc.double({ min: 1e-3, max: 20, noNaN: true })] as const;

  it('give back the ε that they came from', () => {
    fc.assert(
      fc.property(...cases, fc.double({ min: -12, max: -2, noNaN: true }), (order, divergence, digits) => {
        const epsilon = epsilonAtOrder(order, divergence, 10 ** digits);
        if (epsilon === 0) return;
        expect(Math.log10(deltaAtOrder(order, divergence, epsilon))).to.be.at.most(digits + 1e-9);
        expect(divergenceAtOrder(order, epsilon, 10 ** digits)).to.be.closeTo(divergence, 1e-9 * (1 + divergence));
      }),
    );
  });

  it('have a δ of at most 1, and 0 without divergence', () => {
    expect(deltaAtOrder(2, 1e6, 1)).to.equal(1);
    expect(deltaAtOrder(2, 0, 0)).to.equal(0);
    expect(deltaAtOrder(1000, 1e-12, 0)).to.be.at.most(1.1e-6); // by total variation
  });
});
