// Receipts: computed from the survivors, plain JSON, and computed again by whoever doubts them.
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { epsilonOf } from '../../src/dp/accounting/conversion.ts';
import { curveOf, zeroCurve } from '../../src/dp/accounting/curve.ts';
import { sessionCurve } from '../../src/dp/session-cost.ts';
import { mean } from '../../src/encoding/index.ts';
import {
  costOf,
  epsilonAt,
  Ledger,
  privateHistogram,
  privateMean,
  privateSum,
  receiptOf,
  verifyReceipt,
  worstCostOf,
  type Receipt,
} from '../../src/dp/index.ts';
import { refused } from '../support/errors.ts';

const target = { epsilon: 2, delta: 1e-6 };
const plan = privateMean({ maxUsers: 100, threshold: 67, colluders: 5, length: 50, l2Clip: 1, target, session: 'receipts' });

describe('a receipt', () => {
  it('is plain JSON that is verified after a journey', () => {
    const receipt = receiptOf(plan, { included: [90] });
    const again = JSON.parse(JSON.stringify(receipt)) as Receipt;
    expect(again).to.deep.equal(receipt);
    verifyReceipt(again);
    verifyReceipt(again, plan);
  });

  it('is verified after a store has changed the order of its names, as `jsonb` of PostgreSQL does, or in another realm', () => {
    const kept = JSON.stringify(receiptOf(plan, { included: [90] }));
    const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
    const reordered = JSON.parse(kept, (_, value: unknown) =>
      isObject(value) ? Object.fromEntries(Object.entries(value).reverse()) : value,
    ) as Receipt;
    expect(JSON.stringify(reordered)).not.to.equal(kept);
    for (const receipt of [reordered, runInNewContext(`(${kept})`) as Receipt]) {
      verifyReceipt(receipt, plan);
      verifyReceipt(receipt);
      expect(epsilonAt(receipt, receipt.delta)).to.equal(receipt.epsilon);
    }
  });

  it('is verified if another engine made it, whose logarithms differ in the last digits, and not if they differ in others', () => {
    const scaled = (factor: number): Receipt => {
      const { curve, epsilon, worstEpsilon, ...facts } = receiptOf(plan, { included: [90] });
      const values = curve.values.map((value) => value * factor);
      return { ...facts, curve: { ...curve, values }, epsilon: epsilon * factor, worstEpsilon: worstEpsilon * factor };
    };
    verifyReceipt(scaled(1 - 2 ** -50), plan);
    refused('ERR_SECAGG_PRIVACY_RECEIPT', () => {
      verifyReceipt(scaled(1 - 1e-8), plan);
    });
  });

  it('that is malformed is refused, whoever asks', () => {
    const receipt = receiptOf(plan, { included: [90] });
    const [part] = receipt.parts;
    for (const changes of [
      { version: 2 },
      { sessions: null },
      { sessions: [] },
      { sessions: [null] },
      { sessions: [{ noises: 85 }] },
      { parts: null },
      { parts: [] },
      { parts: ['noise'] },
      { parts: [{ ...part!, sampler: 'fast' }] },
      { parts: [{ ...part!, variance: 0.5 }] },
      { threshold: '67' },
      { colluders: -1 },
    ]) {
      const malformed = { ...receipt, ...changes } as unknown as Receipt;
      for (const beside of [plan, undefined]) {
        refused('ERR_SECAGG_PRIVACY_RECEIPT', () => {
          verifyReceipt(malformed, beside);
        });
      }
      refused('ERR_SECAGG_PRIVACY_RECEIPT', () => epsilonAt(malformed, 1e-6));
    }
    for (const ask of [verifyReceipt, costOf, (given: Receipt) => epsilonAt(given, 1e-6)]) {
      for (const none of [null, undefined, 7])
        expect(() => ask(none as never)).to.throw(TypeError, 'receipt: expected an object');
    }
  });

  it('of more noises, or of another sampler, than its own users and law have is refused', () => {
    const receipt = receiptOf(plan, { included: [90] });
    const [part] = receipt.parts;
    const forged = { ...receipt, sessions: [{ users: 90, noises: 1e6 }] };
    expect(epsilonAt(forged, 1e-6)).to.equal(receipt.epsilon);
    for (const changes of [
      { standardDeviation: 1000 },
      { sampler: 'exact' as const },
      { samplerError: { logRatio: 0, totalVariation: 0 } },
    ]) {
      refused('ERR_SECAGG_PRIVACY_RECEIPT', () => {
        verifyReceipt({ ...receipt, parts: [{ ...part!, ...changes }] });
      });
    }
  });

  it('is refused if any of its numbers was changed', () => {
    const receipt = receiptOf(plan, { included: [90] });
    const [part] = receipt.parts;
    for (const [name, forged] of [
      ['version', { ...receipt, version: 2 }],
      ['epsilon', { ...receipt, epsilon: receipt.epsilon / 2 }],
      ['worstEpsilon', { ...receipt, worstEpsilon: 0.1 }],
      ['delta', { ...receipt, delta: 1e-5 }],
      ['chance', { ...receipt, chance: 1e-7 }],
      ['curve', { ...receipt, curve: { ...receipt.curve, values: receipt.curve.values.map((value) => value / 2) } }],
      ['noises', { ...receipt, sessions: [{ users: 90, noises: 90 }] }],
      ['users', { ...receipt, sessions: [{ users: 99, noises: 94 }] }],
      ['colluders', { ...receipt, colluders: 0 }],
      ['variance', { ...receipt, parts: [{ ...part!, variance: 2 * part!.variance }] }],
      ['another field', { ...receipt, note: 'all is well' }],
      ['a missing field', { ...receipt, parts: undefined }],
      ['warnings', { ...receipt, warnings: ['none'] }],
    ] as const) {
      refused('ERR_SECAGG_PRIVACY_RECEIPT', () => {
        verifyReceipt(forged as unknown as Receipt);
      });
      expect(name).to.be.a('string');
    }
  });

  it('with terms that no plan has is refused, although its own numbers agree', () => {
    const receipt = receiptOf(plan, { included: [90] });
    const noises = 90 + 1_000_000;
    const many = sessionCurve(receipt.parts, { noises, fewest: 67 + 1_000_000 });
    const free = { accounting: 'renyi', epsilon: 0, worstEpsilon: 0 } as const;
    for (const forged of [
      { ...receipt, chance: -0.5, ...free },
      { ...receipt, parts: [], curve: zeroCurve(), ...free },
      {
        ...receipt,
        ...{ colluders: -1_000_000, sessions: [{ users: 90, noises }], curve: many },
        ...{ epsilon: epsilonOf(many, 1e-6).epsilon, worstEpsilon: epsilonOf(many, 1e-6).epsilon },
      },
      { ...receipt, adjacency: 'add-remove' },
      { ...receipt, noiseFrom: 'nobody' },
      { ...receipt, sessions: [{ users: 90.5, noises: 85.5 }] },
    ]) {
      refused('ERR_SECAGG_PRIVACY_RECEIPT', () => {
        verifyReceipt(forged as unknown as Receipt);
      });
    }
  });

  it('tells what one number of each user costs, on whatever grid', () => {
    const terms = { maxUsers: 50, threshold: 3, length: 1, l2Clip: 1 };
    // The squared sensitivity is 768, whose root is rounded down.
    const receipt = receiptOf(privateSum({ ...terms, noiseMultiplier: 0.7, bits: 12 }), { included: [40], delta: 1e-6 });
    expect(receipt.parts[0]!.l2Squared).to.equal(768);
    expect(receipt.epsilon).to.be.within(1, 2);
    for (let bits = 12; bits < 24; bits++) {
      const aimed = privateSum({ ...terms, target: { epsilon: 2, delta: 1e-6 }, bits });
      expect(receiptOf(aimed, { included: [3] }).epsilon).to.be.within(1.9, 2);
    }
  });

  it('for more users tells no more than for the fewest, also at a δ as small as what samplers are off by', () => {
    const terms = { maxUsers: 1_000_000, threshold: 1001, colluders: 1, length: 2 ** 18, l2Clip: 1, noiseMultiplier: 8 };
    const { epsilon, worstEpsilon } = receiptOf(privateMean(terms), { included: [1_000_000], delta: 3e-19 });
    expect(worstEpsilon).to.be.below(1.2);
    expect(epsilon).to.equal(worstEpsilon);
  });

  it('of another plan is refused beside the plan, although its own numbers agree', () => {
    const other = privateMean({ maxUsers: 100, threshold: 67, colluders: 5, length: 50, l2Clip: 1, target, session: 'others' });
    const receipt = receiptOf(other, { included: [90] });
    verifyReceipt(receipt);
    refused('ERR_SECAGG_PRIVACY_RECEIPT', () => {
      verifyReceipt(receipt, plan);
    });
  });

  it('of cohorts is that of the cohort whose users lose most', () => {
    const cohorts = receiptOf(plan, { included: [90, 67, 100] });
    expect(cohorts.epsilon).to.equal(receiptOf(plan, { included: [67] }).epsilon);
    expect(cohorts.sessions.map(({ noises }) => noises)).to.deep.equal([85, 62, 95]);
    verifyReceipt(cohorts, plan);
  });

  it('adds to δ what chance may do to a user on a sparse graph or in a cohort', () => {
    const terms = { maxUsers: 100, threshold: 67, colluders: 5, length: 50, l2Clip: 1, noiseMultiplier: 1 };
    const sure = receiptOf(privateMean(terms), { included: [90], delta: 1e-6 });
    const chance = receiptOf(privateMean({ ...terms, security: 20 }), { included: [90], delta: 1e-6 });
    expect(chance.chance).to.equal(2 ** -20);
    expect(chance.epsilon).to.equal(epsilonAt(sure, 1e-6 - 2 ** -20));
    expect(receiptOf(privateMean({ ...terms, security: 19 }), { included: [90], delta: 1e-6 }).epsilon).to.equal(Infinity);
  });

  it('tells ε at other δ, and warns of a δ that is not below one over the users', () => {
    const receipt = receiptOf(plan, { included: [90] });
    expect(epsilonAt(receipt, receipt.delta)).to.equal(receipt.epsilon);
    expect(epsilonAt(receipt, 1e-9)).to.be.above(receipt.epsilon);
    expect(receipt.warnings).to.deep.equal([]);
    expect(receiptOf(plan, { included: [90], delta: 0.02 }).warnings).to.have.length(1);
  });

  it('is not given for fewer users than the threshold, more than the plan has, or an exact plan', () => {
    for (const included of [[66], [101], [90, 3], [], [90.5]]) {
      expect(() => receiptOf(plan, { included })).to.throw(RangeError, 'included');
    }
    expect(() => receiptOf(plan, { included: 90 } as never)).to.throw(TypeError, 'included');
    expect(() => receiptOf(plan, { included: [90], epsilon: 1 } as never)).to.throw(TypeError, 'epsilon');
    expect(() => receiptOf(mean({ maxUsers: 9, length: 1 }), { included: [9] })).to.throw(TypeError, 'plan');
    const withoutDelta = privateHistogram({ maxUsers: 10, threshold: 7, bins: 3, noiseMultiplier: 1 });
    expect(() => receiptOf(withoutDelta, { included: [8] })).to.throw(TypeError, 'delta');
    expect(receiptOf(withoutDelta, { included: [8], delta: 1e-3 }).epsilon).to.be.above(0);
  });
});

describe('more honest users than the fewest', () => {
  // What samplers of Skellam noise are off by adds up over a million users and 2^25 bins: the bound for all of them is the larger one.
  const strong = { epsilon: 0.5, delta: 1e-6 };
  const many = privateHistogram({
    ...{ maxUsers: 1_000_000, threshold: 1000, colluders: 0, bins: 2 ** 25, maxBins: 1, session: 'many' },
    ...{ mechanism: 'skellam', target: strong, bits: 28 },
  } as const);

  it('cost no more than the fewest, although the bound for them alone is larger', () => {
    const worst = receiptOf(many, { included: [1000] });
    const all = receiptOf(many, { included: [1_000_000] });
    const [part] = all.parts;
    const alone = epsilonOf(curveOf({ ...part!, noises: 1_000_000 }), strong.delta).epsilon;
    expect(worst.epsilon).to.be.within(0.499, 0.5);
    expect(alone).to.be.within(0.86, 0.87);
    expect(all.epsilon).to.equal(worst.epsilon);
    expect(all.worstEpsilon).to.equal(worst.epsilon);
    expect(epsilonAt(all, 1e-9)).to.be.at.most(epsilonAt(worst, 1e-9));
    verifyReceipt(JSON.parse(JSON.stringify(all)) as Receipt, many);
  });

  it('cost what was reserved for the fewest, at every order', () => {
    const reserved = worstCostOf(many).curve;
    for (const users of [1000, 1001, 30_000, 1_000_000]) {
      const { curve } = receiptOf(many, { included: [users] });
      expect(curve.orders).to.deep.equal(reserved.orders);
      expect(curve.values.every((value, i) => value <= reserved.values[i]!)).to.equal(true);
      expect(curve.totalVariation).to.be.at.most(reserved.totalVariation);
    }
  });

  it('are not fewer than the threshold in a receipt that somebody made up', () => {
    const receipt = receiptOf(plan, { included: [90] });
    refused('ERR_SECAGG_PRIVACY_RECEIPT', () => {
      verifyReceipt({ ...receipt, sessions: [{ users: 50, noises: 45 }] });
    });
  });
});

describe('the cost of a session in a ledger', () => {
  it('is reserved at its worst and settled at what it was, for every number of users', () => {
    for (const mechanism of ['discrete-gaussian', 'skellam'] as const) {
      const terms = { maxUsers: 100, threshold: 67, colluders: 5, noiseMultiplier: 2, mechanism };
      const counts = privateHistogram({ ...terms, bins: 24, maxBins: 3, session: 'hours' });
      const ledger = new Ledger({ epsilon: 16, delta: 1e-6, adjacency: 'zero-out', subject: 'participant' });
      for (const users of [67, 68, 90, 100]) {
        const id = String(users);
        ledger.reserve({ id, ...worstCostOf(counts) });
        ledger.sent(id);
        ledger.settle(id, { ...costOf(receiptOf(counts, { included: [users], delta: 1e-6 })), survivors: 'verified' });
      }
      expect(ledger.progress().entries.every(({ status }) => status === 'settled')).to.equal(true);
    }
  });

  it('is not settled with the receipt of another session', () => {
    const ledger = new Ledger({ epsilon: 16, delta: 1e-6, adjacency: 'zero-out', subject: 'participant' });
    ledger.reserve({ id: 'one', ...worstCostOf(plan) });
    const other = privateMean({ maxUsers: 100, threshold: 67, colluders: 5, length: 50, l2Clip: 1, target, session: 'others' });
    refused('ERR_SECAGG_PRIVACY_RECEIPT', () => {
      ledger.settle('one', { ...costOf(receiptOf(other, { included: [90] })), survivors: 'verified' });
    });
  });
});
