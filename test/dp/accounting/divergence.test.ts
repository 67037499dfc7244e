// Bounds on the Rényi divergence of noised sums: published values, and exact divergences of scalars, which no bound may be below.
import { expect } from 'chai';
import fc from 'fast-check';
import { convolutionTau } from '../../../src/dp/accounting/convolution.ts';
import { curveOf } from '../../../src/dp/accounting/curve.ts';
import { divergenceOf, skellamDivergence, uncheckedDivergence } from '../../../src/dp/accounting/divergence.ts';
import { exactDivergence } from './exact-divergence.ts';
import { noisedSum } from './noised-sum.ts';

describe('the bound τ on the distance of a sum of discrete Gaussians from one', () => {
  const published: readonly (readonly [sigma: number, noises: number, tau: number])[] = [
    [0.5, 2, 0.8480497],
    [0.5, 10, 2.345325],
    [0.5, 100, 9.701158],
    [0.5, 1000, 75.25162],
    [1, 2, 5.172319e-4],
    [1, 10, 5.435243e-4],
    [1, 100, 5.477887e-4],
    [1, 1000, 5.731283e-4],
    [1.5, 2, 2.268777e-9],
    [1.5, 10, 2.2702e-9],
    [1.5, 1000, 2.270201e-9],
    [2, 2, 7.157166e-17],
    [3, 10, 2.649521e-38],
  ];
  for (const [sigma, noises, tau] of published) {
    it(`is ${tau} for ${noises} noises of σ = ${sigma}`, () => {
      expect(convolutionTau(sigma * sigma, noises) / tau).to.be.closeTo(1, 3e-7);
    });
  }

  it('is 0 for one noise, and 0 or finite for any that a sum may have', () => {
    expect(convolutionTau(1, 1)).to.equal(0);
    expect(convolutionTau(2 ** 52, 2 ** 32)).to.equal(0);
    expect(convolutionTau(1, 2 ** 32)).to.be.within(1, 1e3);
  });

  it('is not less than the sum of its terms where later terms are bounded together', () => {
    const noises = 100_000;
    let sum = 0;
    for (let k = 1; k < noises; k++) sum += 10 * Math.exp((-2 * Math.PI ** 2 * k) / (k + 1));
    expect(convolutionTau(1, noises)).to.be.within(sum, sum * 1.01);
  });

  it('is refused below σ = 1/2, where it is not proven', () => {
    expect(() => convolutionTau(0.2, 2)).to.throw(RangeError);
  });
});

describe('the divergence of a noised sum', () => {
  const rows = [
    { clip: 10, d: 128, n: 100, variance: 16, gaussian: 9.228553391e-2, skellam: 9.2409346e-2 },
    { clip: 100, d: 1024, n: 1000, variance: 400, gaussian: 0.02593, skellam: 0.02593007917 },
    { clip: 10, d: 128, n: 100, variance: 0.5625, gaussian: 5.83472446, skellam: 2.725185429 },
  ];
  for (const { clip, d, n, variance, gaussian, skellam } of rows) {
    it(`has the published values at order 2 for ${n} users, ${d} components and σ² = ${variance}`, () => {
      const sum = noisedSum({ variance, noises: n, dimensions: d, ...roundedNorms(clip, d) });
      expect(uncheckedDivergence(sum)(2) / gaussian).to.be.closeTo(1, 2e-4);
      expect(uncheckedDivergence({ ...sum, mechanism: 'skellam' })(2) / skellam).to.be.closeTo(1, 1e-9);
    });
  }

  it('is α·Δ₂²/(2σ²) for one discrete Gaussian, as for a trusted server', () => {
    const sum = noisedSum({ variance: 7, noises: 1, dimensions: 1000, l2Squared: 9, l1: 9 });
    expect(divergenceOf(sum)(3.5)).to.be.closeTo((3.5 * 9) / 14, 1e-15);
  });

  it('has Skellam bounds at integer orders only, and between them a bound that follows from both', () => {
    const terms = { l1: 3, l2Squared: 3 };
    for (const order of [1.5, 1, 2.5, NaN, 0]) expect(() => skellamDivergence(terms, 10, order)).to.throw(RangeError);
    const divergence = divergenceOf(noisedSum({ mechanism: 'skellam', variance: 1, noises: 10, ...terms }));
    expect(divergence(3)).to.equal(skellamDivergence(terms, 10, 3));
    expect(divergence(1.5)).to.equal(divergence(2));
    expect(divergence(3.5)).to.be.within(divergence(3), divergence(4));
  });

  it('is 0 if neighbors have the same vector', () => {
    expect(divergenceOf(noisedSum({ l2Squared: 0, l1: 0, samplerError: { logRatio: 0.1, totalVariation: 0.1 } }))(2)).to.equal(0);
  });

  it('grows by what the sampler may be off, in each noise of each component', () => {
    const ideal = noisedSum({ mechanism: 'skellam', variance: 4, noises: 10, dimensions: 5 });
    const drawn = { ...ideal, samplerError: { logRatio: 1e-6, totalVariation: 0 } };
    expect(divergenceOf(drawn)(3) - divergenceOf(ideal)(3)).to.be.closeTo(((10 * 5 * 5) / 2) * 1e-6, 1e-12);
    expect(curveOf({ ...ideal, samplerError: { logRatio: 0, totalVariation: 1e-12 } }).totalVariation).to.be.closeTo(
      5e-11,
      1e-24,
    );
  });

  for (const mechanism of ['discrete-gaussian', 'skellam'] as const) {
    it(`is not below the exact divergence of a scalar (${mechanism})`, () => {
      const cases = fc.record({
        variance: fc.constantFrom(1, 1, 2, 3, 5, 9),
        noises: fc.integer({ min: 1, max: 12 }),
        shift: fc.integer({ min: 1, max: 8 }),
        order: fc.oneof(fc.integer({ min: 2, max: 24 }), fc.double({ min: 1.01, max: 24, noNaN: true })),
      });
      fc.assert(
        fc.property(cases, ({ variance, noises, shift, order }) => {
          const sum = noisedSum({ mechanism, variance, noises, l1: shift, l2Squared: shift * shift });
          const exact = exactDivergence(sum, [shift], order);
          expect(exact).to.be.at.most(divergenceOf(sum)(order) * (1 + 1e-12) + 1e-12);
        }),
        { numRuns: 200 },
      );
    });

    it(`is not below the exact divergence of two components (${mechanism})`, () => {
      const shifts = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 4 }));
      fc.assert(
        fc.property(shifts, fc.constantFrom(0.5625, 1, 2), fc.integer({ min: 2, max: 10 }), (shift, variance, noises) => {
          const [a, b] = shift;
          const sum = noisedSum({ mechanism, variance, noises, dimensions: 2, l1: a + b, l2Squared: a * a + b * b });
          for (const order of [1.05, 1.5, 2, 5, 12]) {
            expect(exactDivergence(sum, shift, order)).to.be.at.most(uncheckedDivergence(sum)(order) * (1 + 1e-12) + 1e-12);
          }
        }),
        { numRuns: 100 },
      );
    });
  }

  it('takes no sum that is not well formed', () => {
    for (const wrong of [
      { variance: 0.5 },
      { variance: 0 },
      { noises: 0 },
      { dimensions: 1.5 },
      { l2Squared: -1 },
      { l1: 1, l2Squared: 4 },
    ]) {
      expect(() => divergenceOf(noisedSum(wrong))).to.throw(RangeError);
    }
    expect(() => divergenceOf(noisedSum({ mechanism: 'gaussian' as 'skellam' }))).to.throw(RangeError);
    expect(() => divergenceOf(noisedSum({ samplerError: { logRatio: -1, totalVariation: 0 } }))).to.throw(RangeError);
  });
});

/** Norms of a vector of norm `clip` after conditional rounding with β = e^-½, as theory has them; they are no integers. */
function roundedNorms(clip: number, d: number): { l1: number; l2Squared: number } {
  const l2Squared = Math.min((clip + Math.sqrt(d)) ** 2, clip * clip + d / 4 + clip + Math.sqrt(d) / 2);
  const l2 = Math.sqrt(l2Squared);
  return { l2Squared, l1: l2 * Math.min(Math.sqrt(d), l2) };
}
