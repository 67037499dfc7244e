// The least noise for a target is just enough, and impossible targets are refused.
import { expect } from 'chai';
import fc from 'fast-check';
import { leastVariance } from '../../../src/dp/accounting/calibration.ts';
import { epsilonOf } from '../../../src/dp/accounting/conversion.ts';
import { curveOf, repeated } from '../../../src/dp/accounting/curve.ts';
import { PrivacyError } from '../../../src/dp/privacy-error.ts';
import { noisedSum } from './noised-sum.ts';

const IDEAL = { logRatio: 0, totalVariation: 0 };

describe('the least variance for a target', () => {
  it('meets the target, and one less does not leave 2^-30 to spare', () => {
    const cases = fc.record({
      mechanism: fc.constantFrom('discrete-gaussian' as const, 'skellam' as const),
      noises: fc.integer({ min: 1, max: 100 }),
      l2Squared: fc.integer({ min: 1, max: 1e6 }),
      epsilon: fc.double({ min: 0.05, max: 20, noNaN: true }),
      releases: fc.integer({ min: 1, max: 300 }),
    });
    fc.assert(
      fc.property(cases, ({ mechanism, noises, l2Squared, epsilon, releases }) => {
        const terms = { mechanism, noises, dimensions: 128, l2Squared, l1: l2Squared, samplerError: IDEAL };
        const found = leastVariance(terms, { epsilon, delta: 1e-6, releases });
        const of = (variance: number): number => epsilonOf(repeated(curveOf({ ...terms, variance }), releases), 1e-6).epsilon;
        expect(of(found.variance)).to.equal(found.epsilon).and.to.be.at.most(epsilon);
        if (found.variance > 1) expect(of(found.variance - 1) * (1 + 2 ** -28)).to.be.greaterThan(epsilon);
      }),
      { numRuns: 40 },
    );
  });

  it('is 1 if the least noise is enough', () => {
    const terms = { ...noisedSum({ noises: 1000 }) };
    expect(leastVariance(terms, { epsilon: 10, delta: 1e-5, releases: 1 }).variance).to.equal(1);
  });

  it('takes account of a sampler whose error depends on the noise', () => {
    const asked: number[] = [];
    const samplerError = (variance: number): { logRatio: number; totalVariation: number } => {
      asked.push(variance);
      return { logRatio: 0, totalVariation: 1e-8 };
    };
    const target = { epsilon: 1, delta: 1e-6, releases: 1 };
    const found = leastVariance({ ...noisedSum({ l2Squared: 100, l1: 10 }), samplerError }, target).variance;
    expect(asked).to.include(found);
    expect(found).to.be.greaterThan(leastVariance(noisedSum({ l2Squared: 100, l1: 10 }), target).variance);
  });

  it('does not exist if the sampler alone uses up δ', () => {
    const terms = noisedSum({ samplerError: { logRatio: 0, totalVariation: 1e-6 } });
    expect(() => leastVariance(terms, { epsilon: 1, delta: 1e-6, releases: 1 }))
      .to.throw(PrivacyError)
      .with.property('code', 'ERR_SECAGG_PRIVACY_TARGET');
  });

  it('is not looked for if a target is not well formed', () => {
    for (const wrong of [{ epsilon: 0 }, { epsilon: NaN }, { delta: 0 }, { delta: 1 }, { releases: 0 }, { releases: 1.5 }]) {
      expect(() => leastVariance(noisedSum(), { epsilon: 1, delta: 1e-6, releases: 1, ...wrong })).to.throw(RangeError);
    }
  });
});
