// A ledger for a plan: the planned releases fit at their worst case, and no more.
import { expect } from 'chai';
import fc from 'fast-check';
import { combine } from '../../src/encoding/index.ts';
import {
  budgetOf,
  Ledger,
  PrivacyError,
  privateHistogram,
  privateMean,
  privateMoments,
  worstCostOf,
  type AnyPrivateEncoding,
} from '../../src/dp/index.ts';
import { refused } from '../support/errors.ts';

const TERMS = { maxUsers: 100, threshold: 67, colluders: 5 } as const;

/** How many releases of a plan a ledger takes. */
function fitting(ledger: Ledger, plan: AnyPrivateEncoding, most: number): number {
  const cost = worstCostOf(plan);
  for (let i = 0; i < most; i++) {
    if (ledger.wouldExceed(cost)) return i;
    ledger.reserve({ id: `release ${i}`, ...cost });
  }
  return most;
}

/** Null if no noise meets the target. */
function planIfPossible(make: () => AnyPrivateEncoding): AnyPrivateEncoding | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof PrivacyError && error.code === 'ERR_SECAGG_PRIVACY_TARGET') return null;
    throw error;
  }
}

describe('the budget of a plan', () => {
  const plans: Readonly<Record<string, (releases: number) => AnyPrivateEncoding>> = {
    'a mean': (releases) => privateMean({ ...TERMS, length: 1000, l2Clip: 1, target: { epsilon: 8, delta: 1e-6, releases } }),
    'a mean with Skellam noise under replace-one': (releases) =>
      privateMean({
        ...{ ...TERMS, length: 300, l2Clip: 1, mechanism: 'skellam', adjacency: 'replace-one' },
        target: { epsilon: 2, delta: 1e-5, releases },
      }),
    'a histogram on a sparse graph': (releases) =>
      privateHistogram({ ...TERMS, bins: 20, security: 34, target: { epsilon: 1, delta: 1e-6, releases } }),
    'moments with little privacy': (releases) =>
      privateMoments({ ...TERMS, lower: 0, upper: 9, target: { epsilon: 30, delta: 1e-3, releases } }),
  };
  for (const [name, planFor] of Object.entries(plans)) {
    for (const releases of [2, 3, 50]) {
      it(`takes ${releases} releases of ${name} at their worst case, and no more`, () => {
        const plan = planFor(releases);
        const ledger = new Ledger({ ...budgetOf(plan), subject: 'participant' });
        expect(fitting(ledger, plan, releases + 5)).to.equal(releases);
        const { epsilon, guarantee } = { ...ledger.spent(), ...budgetOf(plan) };
        expect(guarantee.epsilon).to.be.at.most(epsilon);
      });
    }
  }

  it('takes the planned releases of any plan, however much noise they have, and whatever samplers and chance add to δ', () => {
    const cases = fc.record({
      bins: fc.integer({ min: 1, max: 2 ** 20 }),
      mechanism: fc.constantFrom('discrete-gaussian' as const, 'skellam' as const),
      noiseFrom: fc.constantFrom('users' as const, 'server' as const),
      security: fc.option(fc.integer({ min: 34, max: 80 }), { nil: undefined }),
      users: fc.integer({ min: 7, max: 300_000 }),
      epsilon: fc.double({ min: -8, max: 7, noNaN: true }).map((power) => 2 ** power),
      delta: fc.double({ min: -16, max: -2, noNaN: true }).map((power) => 10 ** power),
      releases: fc.oneof(fc.integer({ min: 2, max: 20 }), fc.constantFrom(1e6, 1e9, 2 ** 32)),
    });
    fc.assert(
      fc.property(cases, ({ users, security, epsilon, delta, releases, ...rest }) => {
        const threshold = Math.ceil((2 * users) / 3);
        const target = { epsilon, delta, releases };
        const common = { ...rest, maxUsers: users, threshold, colluders: Math.floor(threshold / 5), maxBins: 1, target };
        const plan = planIfPossible(() => privateHistogram({ ...common, ...(security !== undefined && { security }) }));
        if (plan === null) return;
        const ledger = new Ledger(budgetOf(plan));
        const { guarantee } = ledger.spent();
        expect([guarantee.epsilon <= epsilon, guarantee.delta]).to.deep.equal([true, delta]);
        if (releases <= 20) expect(fitting(ledger, plan, releases + 1)).to.equal(releases);
      }),
      { numRuns: 60 },
    );
  });

  it('is the target itself, but of an ε so large that what samplers add to δ would leave nothing', () => {
    for (const [epsilon, budget] of [
      [20, 20],
      [90, 48.9],
    ] as const) {
      const plan = privateHistogram({ ...TERMS, bins: 36, maxBins: 1, target: { epsilon, delta: 3e-4, releases: 4 } });
      expect(budgetOf(plan).epsilon).to.be.closeTo(budget, 0.1);
      expect(fitting(new Ledger(budgetOf(plan)), plan, 9)).to.equal(4);
    }
  });

  it('takes one release too, of vectors that only their norm limits; a ledger with the same ε and δ alone does not', () => {
    const target = { epsilon: 1, delta: 1e-6 };
    const plan = privateMean({ ...TERMS, length: 100, l2Clip: 1, target });
    expect(fitting(new Ledger(budgetOf(plan)), plan, 5)).to.equal(1);
    expect(fitting(new Ledger({ ...target, adjacency: 'zero-out' }), plan, 5)).to.equal(0);
  });

  it('is refused for one release that meets its target by a loss distribution: ledgers add up curves', () => {
    const plan = privateHistogram({ ...TERMS, bins: 20, maxBins: 1, target: { epsilon: 1, delta: 1e-6 } });
    refused('ERR_SECAGG_PRIVACY_TARGET', () => budgetOf(plan));
  });

  it('is asked for one target: not of a noise multiplier, not of several parts', () => {
    const multiplier = privateMean({ ...TERMS, length: 10, l2Clip: 1, noiseMultiplier: 1 });
    expect(() => budgetOf(multiplier)).to.throw(TypeError);
    const target = { epsilon: 1, delta: 1e-6, releases: 2 };
    const part = privateMean({ ...TERMS, length: 10, l2Clip: 1, target });
    expect(() => budgetOf(combine({ a: part, b: part }))).to.throw(TypeError);
  });
});
