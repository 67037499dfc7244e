// Privacy loss distributions of a few bounded components: known values, never above what curves give, never below the exact value.
import { expect } from 'chai';
import fc from 'fast-check';
import { epsilonOf } from '../../../src/dp/accounting/conversion.ts';
import { repeated, uncheckedCurve } from '../../../src/dp/accounting/curve.ts';
import {
  lossDistributionDelta,
  lossDistributionEpsilon,
  uncheckedEpsilon,
} from '../../../src/dp/accounting/loss-distribution.ts';
import { deltaOfLosses, epsilonOfLosses, type LossAtom } from '../../../src/dp/accounting/loss-grid.ts';
import { summedNoise, tailReach } from '../../../src/dp/accounting/summed-noise.ts';
import type { NoisedSum } from '../../../src/dp/mechanism.ts';
import { noisedSum } from './noised-sum.ts';

const scalar = (variance: number, noises: number, shift: number, more: Partial<NoisedSum> = {}): NoisedSum =>
  noisedSum({ variance, noises, l1: shift, l2Squared: shift * shift, ...more });
const once = { releases: 1, delta: 1e-5 };

describe('the ε of a scalar by its loss distribution', () => {
  const known = [
    { sigma: 2, shift: 1, delta: 1e-5, exact: 0.560633, curve: 0.615742 },
    { sigma: 2, shift: 5, delta: 1e-5, exact: 3.340835, curve: 3.616967 },
    { sigma: 1, shift: 1, delta: 1e-6, exact: 1.360099, curve: 1.472138 },
    { sigma: 0.75, shift: 1, delta: 1e-5, exact: 1.654901, curve: 1.845823 },
  ];
  const hundredths = Array.from({ length: 6000 }, (_, i) => 1.01 + (i + 1) / 100);
  for (const { sigma, shift, delta, exact, curve } of known) {
    it(`is ${exact} for ten noises of σ = ${sigma} and a shift of ${shift}, where curves give ${curve}`, () => {
      const sum = scalar(sigma * sigma, 10, shift);
      expect(uncheckedEpsilon(sum, { components: 1, shift }, { releases: 1, delta })).to.be.closeTo(exact, 6e-7);
      expect(epsilonOf(uncheckedCurve(sum, hundredths), delta).epsilon).to.be.closeTo(curve, 6e-7);
    });
  }

  for (const mechanism of ['discrete-gaussian', 'skellam'] as const) {
    it(`is at most what curves give (${mechanism})`, () => {
      const cases = fc.record({
        variance: fc.integer({ min: 1, max: 30 }),
        noises: fc.integer({ min: 1, max: 30 }),
        shift: fc.integer({ min: 1, max: 6 }),
        digits: fc.integer({ min: 2, max: 12 }),
        releases: fc.constantFrom(1, 1, 2, 7, 50),
      });
      fc.assert(
        fc.property(cases, ({ variance, noises, shift, digits, releases }) => {
          const sum = scalar(variance, noises, shift, { mechanism });
          const delta = 10 ** -digits;
          const curve = epsilonOf(repeated(uncheckedCurve(sum, hundredths), releases), delta).epsilon;
          expect(lossDistributionEpsilon(sum, { components: 1, shift }, { releases, delta })).to.be.at.most(curve);
        }),
        { numRuns: 30 },
      );
    });

    it(`grows with the shift (${mechanism})`, () => {
      const of = (shift: number): number =>
        lossDistributionEpsilon(scalar(3, 4, shift, { mechanism }), { components: 1, shift }, once);
      for (let shift = 0; shift < 12; shift++) expect(of(shift + 1)).to.be.greaterThan(of(shift));
    });
  }
});

describe('the ε of several components and releases', () => {
  for (const mechanism of ['discrete-gaussian', 'skellam'] as const) {
    it(`is not below the exact value, and above it by less than 1 part in 3,000 (${mechanism})`, () => {
      for (const [components, releases, delta] of [
        [2, 1, 1e-6],
        [1, 3, 1e-4],
        [3, 1, 1e-9],
      ] as const) {
        const sum = scalar(2, 3, 2, { mechanism, dimensions: 3 });
        const found = lossDistributionEpsilon(sum, { components, shift: 2 }, { releases, delta });
        const exact = epsilonOfLosses(product(sum, 2, components * releases), 0, delta);
        expect(found).to.be.within(exact, exact * (1 + 1 / 3000));
      }
    });
  }

  it('is that of continuous Gaussian noise, within 1 part in 10,000, if noise is wide and releases are many', () => {
    const sum = scalar(100, 30, 3, { dimensions: 10, l1: 30, l2Squared: 90 });
    const found = lossDistributionEpsilon(sum, { components: 10, shift: 3 }, { releases: 200, delta: 1e-6 });
    // δ(ε) = Φ(μ/2 - ε/μ) - e^ε·Φ(-μ/2 - ε/μ) with μ² = 2000·9/3000 is 1e-6 at this ε ([BW18] 1805.06530).
    expect(found).to.be.within(14.0900762, 14.0900762 * 1.0001);
  });

  it('is the same for components and for releases', () => {
    const sum = scalar(4, 10, 1, { dimensions: 8, l1: 8, l2Squared: 8 });
    const of = (components: number, releases: number): number =>
      lossDistributionEpsilon(
        { ...sum, l1: components, l2Squared: components },
        { components, shift: 1 },
        { releases, delta: 1e-6 },
      );
    expect(of(8, 2)).to.equal(of(2, 8));
  });
});

describe('a vector that is bounded by its norm', () => {
  const vector = noisedSum({ variance: 4, noises: 1, dimensions: 4, l1: 4, l2Squared: 4 });

  it('loses more than a scalar that moves as far', () => {
    const ofVector = lossDistributionDelta(vector, { components: 4, shift: 1 }, { releases: 1, epsilon: 6 });
    const ofScalar = lossDistributionDelta(scalar(4, 1, 2), { components: 1, shift: 2 }, { releases: 1, epsilon: 6 });
    expect(ofVector).to.be.closeTo(2.28e-9, 6e-12);
    expect(ofScalar).to.be.closeTo(1.28e-9, 6e-12);
  });

  it('is refused as a scalar, and with any bounds that do not bound it', () => {
    for (const bounds of [
      { components: 1, shift: 2 },
      { components: 2, shift: 1 },
      { components: 4, shift: 0 },
      { components: 5, shift: 1 },
    ]) {
      expect(() => lossDistributionEpsilon(vector, bounds, once), JSON.stringify(bounds)).to.throw(RangeError);
    }
  });
});

describe('what a sampler is off', () => {
  const bounds = { components: 1, shift: 1 };
  const of = (logRatio: number, totalVariation: number): number =>
    lossDistributionEpsilon(scalar(4, 10, 1, { samplerError: { logRatio, totalVariation } }), bounds, once);

  it('raises ε in each noise', () => {
    expect(of(1e-6, 0) - of(0, 0)).to.be.within(2 * 10 * 1e-6, 4 * 10 * 1e-6);
    expect(of(0, 1e-8)).to.be.greaterThan(of(0, 1e-9)).and.to.be.lessThan(1);
    expect(of(0, 1e-6)).to.equal(Infinity);
  });

  it('raises δ by both laws’ distance', () => {
    const sum = scalar(4, 10, 1, { samplerError: { logRatio: 0, totalVariation: 1e-8 } });
    const delta = (each: NoisedSum): number => lossDistributionDelta(each, bounds, { releases: 1, epsilon: 0.5 });
    const moved = (1 + Math.exp(0.5)) * 1e-7;
    expect(delta(sum) - delta(scalar(4, 10, 1))).to.be.within(moved, moved * 1.002);
  });
});

describe('the law of summed noise', () => {
  it('is the convolution of discrete Gaussians, far into its tails', () => {
    const sum = scalar(1, 7, 1);
    const { logMass } = summedNoise(sum, 60);
    let law = new Map([[0, 1]]);
    const z = Math.sqrt(2 * Math.PI) * (1 + 2 * Math.exp(-2 * Math.PI ** 2));
    for (let k = 0; k < 7; k++) {
      const next = new Map<number, number>();
      for (const [x, p] of law)
        for (let y = -26; y <= 26; y++) next.set(x + y, (next.get(x + y) ?? 0) + (p * Math.exp((-y * y) / 2)) / z);
      law = next;
    }
    for (const x of [0, 1, 5, 20, 40, 60]) expect(Math.exp(logMass(x)) / (law.get(-x) ?? 0)).to.be.closeTo(1, 1e-11);
  });

  it('has no more beyond its reach than a tail', () => {
    for (const mechanism of ['discrete-gaussian', 'skellam'] as const) {
      for (const [variance, noises] of [
        [1, 1],
        [1, 20],
        [9, 3],
      ] as const) {
        const sum = scalar(variance, noises, 1, { mechanism });
        const reach = tailReach(sum, 1e-9);
        const { logMass } = summedNoise(sum, 3 * reach);
        let beyond = 0;
        for (let x = reach + 1; x <= 3 * reach; x++) beyond += 2 * Math.exp(logMass(x));
        expect(beyond).to.be.at.most(1e-9);
      }
    }
  });

  it('is not computed if it is too wide', () => {
    expect(() => lossDistributionEpsilon(scalar(2 ** 40, 1, 1), { components: 1, shift: 1 }, once)).to.throw(RangeError);
  });
});

/** All outcomes of several components by their losses, ascending. */
function product(sum: NoisedSum, shift: number, count: number): LossAtom[] {
  const reach = 30;
  const { logMass } = summedNoise(sum, reach + shift);
  const one = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach).map((x) => ({
    probability: Math.exp(logMass(x)),
    loss: logMass(x) - logMass(x + shift),
  }));
  let all: LossAtom[] = [{ probability: 1, loss: 0 }];
  for (let k = 0; k < count; k++) {
    all = all.flatMap((a) => one.map((b) => ({ probability: a.probability * b.probability, loss: a.loss + b.loss })));
  }
  return all.sort((a, b) => a.loss - b.loss);
}

describe('ε and δ of losses', () => {
  it('are inverse to each other', () => {
    const atoms = [
      { probability: 0.3, loss: -1 },
      { probability: 0.5, loss: 0.1 },
      { probability: 0.19, loss: 2 },
    ];
    for (const epsilon of [0.05, 0.5, 1.5]) {
      expect(epsilonOfLosses(atoms, 0.01, deltaOfLosses(atoms, 0.01, epsilon))).to.be.closeTo(epsilon, 1e-12);
    }
    expect(epsilonOfLosses(atoms, 0.01, 0.009)).to.equal(Infinity);
    expect(epsilonOfLosses(atoms, 0.01, 0.9)).to.equal(0);
  });
});
