// Plans of few components need less noise than curves say; vectors that only their norm limits do not.
import { expect } from 'chai';
import { epsilonOf } from '../../src/dp/accounting/conversion.ts';
import { curveOf } from '../../src/dp/accounting/curve.ts';
import { lossDistributionEpsilon } from '../../src/dp/accounting/loss-distribution.ts';
import {
  privateHistogram,
  privateMoments,
  privateQuantiles,
  privateSum,
  receiptOf,
  type AnyPrivateEncoding,
  type PrivateHistogramPlan,
} from '../../src/dp/index.ts';

const target = { epsilon: 1, delta: 1e-6 };
const TERMS = { maxUsers: 100, threshold: 67, colluders: 5, target, session: 'less noise' } as const;
const once = { releases: 1, delta: 1e-6 };

/** The one part of a plan with the noises of the fewest honest users, its ε by loss distribution and by curves. */
function worstOf(plan: AnyPrivateEncoding) {
  const receipt = receiptOf(plan, { included: [67] });
  const sum = { ...receipt.parts[0]!, noises: 62 };
  return { receipt, sum, byCurves: epsilonOf(curveOf(sum), 1e-6).epsilon };
}

describe('a plan for one release with a target', () => {
  for (const mechanism of ['discrete-gaussian', 'skellam'] as const) {
    for (const adjacency of ['zero-out', 'replace-one'] as const) {
      const terms = { ...TERMS, mechanism, adjacency };
      const plans = {
        'a histogram of one bin a user': () => privateHistogram({ ...terms, bins: 50, maxBins: 1 }),
        'a histogram of two bins a user, of up to three events': () =>
          privateHistogram({ ...terms, bins: 50, maxBins: 2, maxCount: 3 }),
        quantiles: () => privateQuantiles({ ...terms, edges: [0, 1, 2, 4, 8], probabilities: [0.5] }),
        'the sum of one number': () => privateSum({ ...terms, length: 1, l2Clip: 3 }),
        ...(adjacency === 'zero-out' && { moments: () => privateMoments({ ...terms, lower: 0, upper: 1 }) }),
      };
      for (const [name, make] of Object.entries(plans)) {
        it(`has the least noise by loss distributions: ${name}, ${mechanism}, ${adjacency}`, () => {
          const { receipt, sum, byCurves } = worstOf(make());
          expect(receipt.accounting).to.equal('loss-distribution');
          expect(receipt.epsilon).to.be.at.most(1);
          expect(byCurves).to.be.above(1);
          const less = lossDistributionEpsilon({ ...sum, variance: sum.variance - 1 }, sum.bounds!, once);
          expect(Math.max(less, receipt.epsilon * 1.001)).to.be.above(1);
        });
      }
    }
  }

  it('has the noise that curves ask for, if it is a vector that only its norm limits', () => {
    for (const plan of [
      privateSum({ ...TERMS, length: 2, l2Clip: 1 }),
      privateSum({ ...TERMS, length: 1, l2Clip: 1, measureClipping: true }),
      privateMoments({ ...TERMS, adjacency: 'replace-one', lower: 0, upper: 1 }),
    ]) {
      const { receipt, sum, byCurves } = worstOf(plan);
      expect(receipt.parts[0]!.bounds).to.equal(null);
      expect(receipt.accounting).to.equal('renyi');
      expect(receipt.epsilon).to.equal(byCurves);
      expect(byCurves).to.be.within(0.99, 1);
      expect(epsilonOf(curveOf({ ...sum, variance: sum.variance - 1 }), 1e-6).epsilon).to.be.above(1);
    }
  });

  it('has the noise that curves ask for, if it is for several releases, or for more bins a user than are computed', () => {
    const plan: PrivateHistogramPlan = { ...TERMS, bins: 50, maxBins: 1 };
    const several = receiptOf(privateHistogram({ ...plan, target: { ...target, releases: 2 } }), { included: [67] });
    const twice = { ...several.curve, values: several.curve.values.map((value) => 2 * value) };
    expect(epsilonOf(twice, 1e-6).epsilon).to.be.within(0.97, 1);
    const { receipt, byCurves } = worstOf(privateHistogram({ ...plan, maxBins: 5 }));
    expect(byCurves).to.be.within(0.97, 1);
    expect(receipt.epsilon).to.be.below(byCurves); // and yet its receipt is exact
  });

  it('adds to δ what chance may do, and never meets the target by leaving it out', () => {
    const plan = privateHistogram({ ...TERMS, bins: 50, maxBins: 1, security: 21 });
    const receipt = receiptOf(plan, { included: [67] });
    expect(receipt.epsilon).to.be.within(0.95, 1);
    expect(receipt.parts[0]!.variance / receipt.parts[0]!.l2Squared).to.be.above(
      worstOf(privateHistogram({ ...TERMS, bins: 50, maxBins: 1 })).sum.variance /
        worstOf(privateHistogram({ ...TERMS, bins: 50, maxBins: 1 })).sum.l2Squared,
    );
  });
});

describe('the accountant in a receipt', () => {
  it('is the one that gave the ε: curves, if the cap on all events is what limits a user', () => {
    // The loss distribution takes each of five bins to have five events, while a user has five in all.
    const terms = { maxUsers: 100, threshold: 67, noiseMultiplier: 4, session: 'caps', bins: 20 };
    const limited = receiptOf(privateHistogram({ ...terms, maxCount: 5, maxEvents: 5 }), { included: [80], delta: 1e-6 });
    expect(limited.parts[0]!.bounds!.components).to.equal(5);
    expect(limited.accounting).to.equal('renyi');
    expect(limited.epsilon).to.equal(epsilonOf(limited.curve, 1e-6).epsilon);
    const all = receiptOf(privateHistogram({ ...terms, maxCount: 5, maxBins: 1 }), { included: [80], delta: 1e-6 });
    expect(all.accounting).to.equal('loss-distribution');
    expect(all.epsilon).to.be.below(limited.epsilon);
  });
});
