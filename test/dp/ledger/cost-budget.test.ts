// A ledger for releases of one cost takes as many as the budget allows, and their ε is never more than that of the budget.
import { expect } from 'chai';
import fc from 'fast-check';
import { epsilonOf } from '../../../src/dp/accounting/conversion.ts';
import { curveOf, repeated } from '../../../src/dp/accounting/curve.ts';
import { largestBudget } from '../../../src/dp/ledger/cost-budget.ts';
import type { ReleaseCost } from '../../../src/dp/ledger/costs.ts';
import { Ledger } from '../../../src/dp/ledger/ledger.ts';

const MOST = 60;

describe('the largest budget for releases of one cost', () => {
  const cases = fc.record({
    mechanism: fc.constantFrom('discrete-gaussian' as const, 'skellam' as const),
    variance: fc.integer({ min: 2, max: 5000 }),
    l2Squared: fc.integer({ min: 1, max: 100 }),
    totalVariation: fc.constantFrom(0, 2 ** -100, 2 ** -40),
    failureProbability: fc.constantFrom(0, 2 ** -40, 2 ** -24),
    epsilon: fc.double({ min: 0.1, max: 20, noNaN: true }),
    delta: fc.constantFrom(1e-3, 1e-5, 1e-9),
  });

  it('takes no more than the ε and δ of the budget, by the least bound over all orders, and not one release less', () => {
    fc.assert(
      fc.property(cases, ({ totalVariation, failureProbability, epsilon, delta, ...noise }) => {
        const sum = { ...noise, noises: 3, dimensions: 10, l1: noise.l2Squared, samplerError: { logRatio: 0, totalVariation } };
        const curve = curveOf(sum);
        const cost: ReleaseCost = { adjacency: 'zero-out', binding: 'a plan', curve, failureProbability };
        const budget = largestBudget(cost, { epsilon, delta });
        let taken = 0;
        if (budget !== null) {
          const ledger = new Ledger(budget);
          for (; taken < MOST && !ledger.wouldExceed(cost); taken++) ledger.reserve({ id: `release ${taken}`, ...cost });
        }
        const epsilonAfter = (releases: number): number => {
          const left = delta - releases * failureProbability;
          return left > 0 ? epsilonOf(repeated(curve, releases), left).epsilon : Infinity;
        };
        if (taken > 0) expect(epsilonAfter(taken)).to.be.at.most(epsilon);
        if (taken < MOST) expect(epsilonAfter(taken + 1)).to.be.above(epsilon * (1 - 1e-6));
      }),
      { numRuns: 300 },
    );
  });
});
