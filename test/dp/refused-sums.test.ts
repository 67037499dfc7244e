// Sums that plan and noise do not explain, and what every private plan refuses alike.
import { expect } from 'chai';
import { summedNoise } from '../../src/dp/accounting/summed-noise.ts';
import {
  Ledger,
  privateHistogram,
  privateMean,
  privateMoments,
  privateQuantiles,
  privateSum,
  privateWeightedMean,
  receiptOf,
  worstCostOf,
  type PrivacyPlan,
} from '../../src/dp/index.ts';
import type { Encoding, SumTerms } from '../../src/encoding/index.ts';
import { refused } from '../support/errors.ts';
import { noisedSum } from './accounting/noised-sum.ts';
import { seeded } from './seeded.ts';
import { sumOf } from './sums.ts';

const TERMS: PrivacyPlan = { maxUsers: 100, threshold: 67, colluders: 5, noiseMultiplier: 1, session: 'sums', bits: 32 };

type AnyPlan = Encoding<unknown, unknown, { readonly worst: number; readonly rms: number; readonly likely: number }>;

/** Plans of every kind, with good data and weight, and data of which one value is another. */
const PLANS: Record<
  string,
  { plan: AnyPlan; good: unknown; weight?: number; withValue: (value: unknown) => unknown; wrong: unknown[] }
> = {
  privateSum: {
    plan: privateSum({ ...TERMS, length: 3, l2Clip: 1 }),
    good: [0.1, 0.2, 0.3],
    withValue: (value) => [0, value, 0],
    wrong: [[1, 2], [1, 2, 3, 4], {}, 7, 'abc'],
  },
  privateMean: {
    plan: privateMean({ ...TERMS, shapes: { a: [2], b: [1] }, l2Clip: { a: 1, b: 2 }, measureClipping: true }),
    good: { a: { shape: [2], data: [0, 1] }, b: { shape: [1], data: [0] } },
    withValue: (value) => ({ a: { shape: [2], data: [0, value] }, b: { shape: [1], data: [0] } }),
    wrong: [
      [1, 2, 3],
      { a: { shape: [2], data: [0, 1] } },
      { a: { shape: [2, 1], data: [0, 1] }, b: { shape: [1], data: [0] } },
      { a: { shape: [2], data: [0] }, b: { shape: [1], data: [0] } },
      { a: { shape: [2], data: [0, 1] }, b: { shape: [1], data: [0] }, c: { shape: [1], data: [0] } },
    ],
  },
  privateWeightedMean: {
    plan: privateWeightedMean({ ...TERMS, length: 2, l2Clip: 1 }),
    good: [0.1, 0.2],
    weight: 5,
    withValue: (value) => [value, 0],
    wrong: [[1], null, { a: 1 }],
  },
  privateHistogram: {
    plan: privateHistogram({ ...TERMS, bins: 3 }),
    good: { counts: [1, 0, 0] },
    withValue: (value) => ({ counts: [0, value, 0] }),
    wrong: [{ counts: [1, 2] }, { indices: 3 }, [1, 2, 3], {}],
  },
  privateMoments: {
    plan: privateMoments({ ...TERMS, lower: 0, upper: 9 }),
    good: 4,
    withValue: (value) => value,
    wrong: ['4', [4], {}, true],
  },
  privateQuantiles: {
    plan: privateQuantiles({ ...TERMS, edges: [0, 5, 9], probabilities: [0.5] }),
    good: 4,
    withValue: (value) => value,
    wrong: ['4', [4], {}, true],
  },
};

for (const [name, { plan, good, weight, withValue, wrong }] of Object.entries(PLANS)) {
  describe(`a plan of ${name}`, () => {
    it('refuses values that are NaN or infinite by their code, and others by their type', () => {
      for (const value of [NaN, Infinity, -Infinity]) refused('ERR_SECAGG_VALUE', () => plan.encode(withValue(value), weight));
      for (const value of ['1', undefined, 1n]) expect(() => plan.encode(withValue(value), weight)).to.throw(TypeError, 'data');
    });

    it('refuses data of another shape', () => {
      for (const data of wrong) {
        expect(() => plan.encode(data, weight), JSON.stringify(data)).to.throw(Error, 'data');
      }
    });

    it('refuses sums of another length or type, and users that it does not have', () => {
      const { vector } = plan.encode(good, weight);
      const decode = (sum: unknown, terms: SumTerms) => () => plan.decode(sum as typeof vector, terms);
      expect(decode(new Int32Array(vector.length + 1), { users: 67 })).to.throw(RangeError, 'sum');
      expect(decode(new BigInt64Array(vector.length), { users: 67 })).to.throw(TypeError, 'sum');
      expect(decode([...vector], { users: 67 })).to.throw(TypeError, 'sum');
      expect(decode(vector, { users: 101 })).to.throw(RangeError, 'users');
      expect(decode(vector, { users: 66 })).to.throw(RangeError, 'users'); // fewer than the threshold, whose noise is in every sum
      const bound = (terms: SumTerms) => () =>
        plan.errorBound({ ...terms, ...(weight !== undefined && { totalWeight: weight }) });
      for (const users of [66, 101]) expect(bound({ users })).to.throw(RangeError, 'users');
      for (const users of [133, 201]) expect(bound({ users, cohorts: 2 })).to.throw(RangeError, 'users');
      expect(decode(vector, { users: NaN })).to.throw(RangeError, 'users');
    });

    it('refuses a sum that is far longer than its users and their noise can make it', () => {
      const { vector } = plan.encode(good, weight);
      const forged = new Int32Array(vector.length).fill(2 ** 31 - 1);
      refused('ERR_SECAGG_SUM_RANGE', () => plan.decode(forged, { users: 67 }));
    });

    it('has no largest error, and one that 99 % stay within', () => {
      const terms = weight === undefined ? { users: 80 } : { users: 80, totalWeight: 80 * weight };
      const { worst, rms, likely } = plan.errorBound(terms);
      expect(worst).to.equal(Infinity);
      expect(likely).to.be.within(2.5 * rms, 4 * rms);
    });

    it('warns of a δ of one over the users and more', () => {
      expect(receiptOf(plan, { included: [80], delta: 1 / 80 }).warnings).to.have.length(1);
      expect(receiptOf(plan, { included: [80], delta: 1 / 81 }).warnings).to.deep.equal([]);
    });
  });
}

describe('the length of a sum', () => {
  const LENGTH = 400;
  const terms = { ...TERMS, bits: 20, length: LENGTH, l2Clip: 1, flatten: 'none' } as const;
  const plan = privateSum({ ...terms, unsafeRandom: seeded('length') });
  const [part] = receiptOf(plan, { included: [67], delta: 1e-6 }).parts;
  const most = (users: number): number =>
    users * Math.sqrt(part!.l2Squared) + Math.sqrt(users) * part!.standardDeviation * (Math.sqrt(LENGTH) + 7.5);
  const ofLength = (length: number): Int32Array => Int32Array.of(Math.floor(length), ...new Array<number>(LENGTH - 1).fill(0));

  it('may be that of all users’ vectors and the noise of all of them, and no more', () => {
    for (const users of [67, 80, 100]) {
      plan.decode(ofLength(most(users)), { users });
      refused('ERR_SECAGG_SUM_RANGE', () => plan.decode(ofLength(most(users) + 2), { users }));
    }
    refused('ERR_SECAGG_SUM_RANGE', () => plan.decode(ofLength(most(80)), { users: 79 }));
  });

  it('is far below it if users have no data: that of their noise', () => {
    const vectors = Array.from({ length: 67 }, () => plan.encode(null).vector);
    const sum = sumOf(vectors, plan.bits);
    plan.decode(sum, { users: 67 });
    const norm = Math.sqrt(Array.from(sum, Number).reduce((squares, x) => squares + x * x, 0));
    expect(norm / (Math.sqrt(67 * LENGTH) * part!.standardDeviation)).to.be.within(0.8, 1.2);
  });

  it('cannot show one user that is as long as all others together: it passes', () => {
    // 66 users with nothing, and one that sends 60 times what it may.
    const vectors = Array.from({ length: 66 }, () => plan.encode(null).vector);
    const liar = plan.encode(null).vector as Int32Array;
    liar[0]! += Math.floor(60 * Math.sqrt(part!.l2Squared));
    const { sum } = plan.decode(sumOf([...vectors, liar], plan.bits), { users: 67 });
    expect(sum[0]).to.be.above(50);
  });

  it('has room for the one noise of a trusted server', () => {
    const trusted = privateSum({ ...terms, noiseFrom: 'server', unsafeRandom: seeded('one noise') });
    const { l2Squared, standardDeviation } = receiptOf(trusted, { included: [67], delta: 1e-6 }).parts[0]!;
    const honest = 67 * Math.sqrt(l2Squared);
    trusted.decode(ofLength(honest), { users: 67 });
    const noise = standardDeviation * (Math.sqrt(LENGTH) + 7.5);
    refused('ERR_SECAGG_SUM_RANGE', () => trusted.decode(ofLength(honest + noise + 8 * standardDeviation), { users: 67 }));
  });

  describe('of a trusted server', () => {
    const trust = { maxUsers: 100, threshold: 67, noiseFrom: 'server' } as const;

    it('is checked after its noise, so that no liar learns from the answer what the others have sent', () => {
      // A liar that expects 41 of the others in the only bin sends what is missing to the most that 100 honest users send.
      const plan = privateHistogram({ ...trust, bins: 1, noiseMultiplier: 30 });
      const { variance, l2Squared } = receiptOf(plan, { included: [100], delta: 1e-6 }).parts[0]!;
      expect([variance, l2Squared]).to.deep.equal([900, 1]);
      for (let i = 0; i < 50; i++) for (const sum of [100, 101]) plan.decode(Int32Array.of(sum), { users: 100 });
    });

    it('of neighbors gives neighbors, also if a liar makes the exact sum wrap', () => {
      const made = { ...trust, length: 1024, l2Clip: 1, type: 'float64', noiseMultiplier: 1 } as const;
      const plan = privateSum(made);
      const [last, first] = [2 ** (plan.bits - 1) - 1, -(2 ** (plan.bits - 1))].map((component) => {
        const sum = new Int32Array(1024);
        sum[0] = component;
        return privateSum({ ...made, unsafeRandom: seeded('the same noise') }).decode(sum, { users: 100 }).sum;
      }) as [Float64Array, Float64Array];
      const apart = Math.sqrt(last.reduce((squares, value, i) => squares + (value - first[i]!) ** 2, 0));
      const { l2Squared } = receiptOf(plan, { included: [100], delta: 1e-6 }).parts[0]!;
      expect(apart * Math.sqrt(l2Squared)).to.be.within(0.9, 1.1); // one step: Δ₂ is about a clip of them
    });
  });

  it('of honest noise exceeds it with a probability below 1e-9, also for one component and the least noise that a plan has', () => {
    for (const mechanism of ['discrete-gaussian', 'skellam'] as const) {
      for (const [variance, users] of [
        [2, 1], // of a trusted server
        [2, 2],
        [2, 10],
        [25, 2],
      ] as const) {
        const limit = 8.5 * Math.sqrt(variance * users); // √1 + 7.5
        const { logMass } = summedNoise(noisedSum({ mechanism, variance, noises: users }), 400);
        let beyond = 0;
        for (let x = Math.ceil(limit); x <= 400; x++) beyond += 2 * Math.exp(logMass(x));
        expect(beyond, `${mechanism} ${variance} ${users}`).to.be.below(1e-9);
      }
    }
  });
});

describe('a ledger', () => {
  const plan = privateHistogram({ ...TERMS, bins: 3, maxBins: 1, noiseMultiplier: 4 });

  it('refuses the cost of a plan with another adjacency, and of another session', () => {
    const ledger = new Ledger({ epsilon: 4, delta: 1e-6, adjacency: 'replace-one' });
    refused('ERR_SECAGG_PRIVACY_RECEIPT', () => {
      ledger.reserve({ id: 'a', ...worstCostOf(plan) });
    });
    const own = new Ledger({ epsilon: 4, delta: 1e-6, adjacency: 'zero-out' });
    own.reserve({ id: 'a', ...worstCostOf(plan) });
    const other = privateHistogram({ ...TERMS, bins: 3, maxBins: 1, noiseMultiplier: 4, session: 'another' });
    refused('ERR_SECAGG_PRIVACY_RECEIPT', () => {
      own.settle('a', { ...worstCostOf(other), survivors: 'verified' });
    });
    expect(own.progress().entries).to.deep.equal([{ id: 'a', status: 'reserved' }]);
  });

  it('has no budget of ε ≤ 0 or of δ outside (0, 1)', () => {
    for (const changes of [{ epsilon: 0 }, { epsilon: -1 }, { epsilon: NaN }, { delta: 0 }, { delta: 1 }, { delta: -1e-6 }]) {
      expect(() => new Ledger({ epsilon: 1, delta: 1e-6, adjacency: 'zero-out', ...changes })).to.throw(RangeError);
    }
  });
});
