// From plain JSON to a plan: each kind gives the plan that a program makes by hand, and the same bytes for digests wherever it is read.
import { expect } from 'chai';
import { FLOAT_NAMES, MEAN_NAMES } from '../../src/encoding/floats.ts';
import { PRIVACY_NAMES } from '../../src/dp/privacy-terms.ts';
import { receiptOf, worstCostOf } from '../../src/dp/index.ts';
import { VECTOR_NAMES } from '../../src/dp/vector-plan.ts';
import { round0Msg, ServerWrapper, UserWrapper } from '../../src/index.ts';
import { hex } from '../../src/leaves/bytes.ts';
import { aggregateBytes, parseAggregate, planOf, type Aggregate } from '../../src/service/aggregate.ts';
import { seeded } from '../dp/seeded.ts';
import { refused } from '../support/errors.ts';
import { registeredUsers } from '../support/registered-users.ts';
import { reversed } from '../support/reversed.ts';
import { EXAMPLES, MAX_USERS, SESSION } from './examples.ts';

/** What a plan of each kind is told besides what a session gives. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  sum: ['length', 'shapes', 'min', 'max'],
  fixedPoint: [...FLOAT_NAMES, 'fractionBits'],
  mean: MEAN_NAMES,
  weightedMean: [...MEAN_NAMES, 'maxWeight'],
  histogram: ['bins', 'maxCount'],
  privateSum: VECTOR_NAMES,
  privateMean: VECTOR_NAMES,
  privateWeightedMean: [...VECTOR_NAMES, 'maxWeight'],
  privateHistogram: [...PRIVACY_NAMES, 'bins', 'maxCount', 'maxBins', 'maxEvents'],
  privateQuantiles: [...PRIVACY_NAMES, 'edges', 'probabilities'],
  privateMoments: [...PRIVACY_NAMES, 'lower', 'upper'],
  combine: ['parts', 'public'],
};
const OF_THE_SESSION = ['maxUsers', 'session', 'random', 'unsafeRandom'];
/** Of each pair a plan has one. */
const EITHER: readonly (readonly string[])[] = [
  ['length', 'shapes'],
  ['target', 'noiseMultiplier'],
];

const terms = (seed: string): Parameters<typeof planOf>[1] => ({ maxUsers: MAX_USERS, session: SESSION, random: seeded(seed) });
const sent = (aggregate: Aggregate): Aggregate => JSON.parse(JSON.stringify(aggregate)) as Aggregate;

describe('an aggregate', () => {
  for (const { aggregate, direct, data } of EXAMPLES) {
    const { kind } = aggregate;
    const what = `of ${kind}${'shapes' in aggregate ? ' with shapes' : ''}`;

    it(`${what} makes the plan that a program makes by hand, with the same vectors, results and receipts`, () => {
      // The same randomness for both, in the same order: of two users' roundings and noise, and of a server's noise.
      const [plan, expected] = [planOf(sent(aggregate), terms('one')), direct(seeded('one'))];
      expect(plan.vecLen).to.equal(expected.vecLen);
      expect(plan.options).to.deep.equal(expected.options);
      expect(plan.threshold).to.equal(kind.startsWith('private') || kind === 'combine' ? 4 : null);
      expect([plan.takesWeight, plan.takesPlace]).to.deep.equal([expected.statistic.weighted, expected.statistic.correlated]);
      const sums = [plan, expected].map((each) => {
        const total = new BigInt64Array(plan.vecLen);
        for (const [values, given = {}] of data) {
          const { vector, clipped } =
            each === plan ? plan.encode(values, given) : expected.encode(values, given.weight, given.place);
          expect(clipped).to.be.a('number');
          vector.forEach((component, i) => (total[i]! += BigInt(component)));
        }
        return plan.options.bits > 32 ? total : Int32Array.from(total, Number);
      });
      expect(sums[0]).to.deep.equal(sums[1]);
      const { result, receipt } = plan.decode(sums[0]!, { users: 4 });
      expect(result).to.deep.equal(expected.decode(sums[1]!, { users: 4 }));
      if (expected.statistic.noise === null) {
        expect([receipt, plan.cost]).to.deep.equal([null, null]);
        return;
      }
      const delta = 'target' in aggregate ? {} : { delta: 1 / (100 * MAX_USERS) };
      expect(receipt).to.deep.equal(receiptOf(expected, { included: [4], ...delta }));
      expect(plan.cost).to.deep.equal(worstCostOf(expected));
    });

    it(`${what} has the same bytes and the same session after any way through JSON`, () => {
      const bytes = hex(aggregateBytes(aggregate));
      const { options } = planOf(aggregate, terms('one'));
      for (const same of [sent(aggregate), reversed(sent(aggregate)) as Aggregate]) {
        expect(hex(aggregateBytes(same))).to.equal(bytes);
        expect(planOf(same, terms('two')).options).to.deep.equal(options);
      }
      expect(parseAggregate(sent(aggregate))).to.deep.equal(sent(aggregate));
      const otherwise = planOf(aggregate, { ...terms('one'), session: 'week 8' }).options;
      expect(otherwise)
        .to.deep.equal({ ...options, session: otherwise.session })
        .and.not.deep.equal(options);
    });

    it(`${what} takes exactly the options of the plan that a session does not give`, () => {
      const names = OPTIONS[kind]!.filter((name) => !OF_THE_SESSION.includes(name));
      const missing = names.filter((name) => !(name in aggregate));
      // What the example lacks stands beside its opposite, but for the graph, of which there is one example.
      const isExplained = (name: string): boolean =>
        name === 'graph' || EITHER.some((pair) => pair.includes(name) && pair.some((other) => other in aggregate));
      expect(missing.filter((name) => !isExplained(name))).to.deep.equal([]);
      for (const name of Object.keys(aggregate)) expect([...names, 'kind']).to.include(name);
      for (const name of OF_THE_SESSION) {
        refused('ERR_SECAGG_STATE', () => parseAggregate({ ...aggregate, [name]: name === 'maxUsers' ? 6 : 'x' }));
      }
    });
  }

  it('of each kind is among the examples', () => {
    expect([...new Set(EXAMPLES.map(({ aggregate }) => aggregate.kind))].sort()).to.deep.equal(Object.keys(OPTIONS).sort());
  });

  it('of integers checks vectors as a user object does, and decodes the sum as it is', () => {
    const plan = planOf({ kind: 'integers', vecLen: 2, bits: 16 }, { maxUsers: 6, session: 'counts' });
    expect(plan.options).to.deep.equal({ session: 'counts', bits: 16, maxUsers: 6 });
    expect([plan.vecLen, plan.takesWeight, plan.takesPlace, plan.cost]).to.deep.equal([2, false, false, null]);
    expect(plan.showsExactSums).to.equal(true);
    for (const data of [[5461, -5461], [5461n, -5461n], Float64Array.of(5461, -5461)]) {
      expect(plan.encode(data)).to.deep.equal({ vector: Int32Array.of(5461, -5461), clipped: 0 });
    }
    for (const data of [[5462, 0], [0.5, 0], [1], [1, 2, 3]]) expect(() => plan.encode(data)).to.throw(RangeError);
    for (const data of [null, 'ab', { length: 2 }, ['1', '2'], new DataView(new ArrayBuffer(2))]) {
      expect(() => plan.encode(data)).to.throw(TypeError);
    }
    const sum = Int32Array.of(7, -7);
    const decoded = plan.decode(sum, { users: 3 });
    expect(decoded).to.deep.equal({ result: sum, receipt: null });
    expect(decoded.result).not.to.equal(sum);
    expect(() => plan.decode(Int32Array.of(1), { users: 3 })).to.throw(RangeError, 'sum:');
    const modular = planOf({ kind: 'integers', vecLen: 1, bits: 8, modularInputs: true }, { maxUsers: 6, session: '' });
    expect(modular.options.modularInputs).to.equal(true);
    expect(modular.encode([300]).vector).to.deep.equal(Int32Array.of(44));
    const wide = planOf({ kind: 'integers', vecLen: 1, bits: 64 }, { maxUsers: 1, session: '' });
    expect(wide.encode([2n ** 62n]).vector).to.deep.equal(BigInt64Array.of(2n ** 62n));
  });

  it('decodes the total of cohorts, each with its users', () => {
    const exact = planOf({ kind: 'sum', length: 1, min: 0, max: 5 }, terms('one'));
    // Users send their values less 2, so that zero is in the middle of the range.
    expect(exact.decode(BigInt64Array.of(20n), { cohorts: [4, 6] }).result).to.deep.equal({ sum: Float64Array.of(40) });
    const noised = planOf({ kind: 'privateMoments', threshold: 4, noiseMultiplier: 1, lower: 0, upper: 1 }, terms('one'));
    const { receipt } = noised.decode(BigInt64Array.of(0n, 0n, 0n), { cohorts: [4, 6], delta: 1e-3 });
    expect(receipt!.sessions).to.deep.equal([
      { users: 4, noises: 3 },
      { users: 6, noises: 5 },
    ]);
    expect(receipt!.delta).to.equal(1e-3);
    for (const about of [{}, { users: 0 }, { users: [4] }, { cohorts: 4 }, { cohorts: [4, '6'] }, { users: 4, included: [1] }]) {
      expect(() => exact.decode(BigInt64Array.of(40n), about as never))
        .to.throw(Error, 'about')
        .that.satisfies(isArgumentError);
    }
  });
});

describe('a plan of an aggregate', () => {
  it('is refused with a code if its options go with no session', () => {
    const privacy = { threshold: 4, noiseMultiplier: 1 } as const;
    const cases: readonly (readonly [
      code: 'ERR_SECAGG_STATE' | 'ERR_SECAGG_RING_SIZE' | 'ERR_SECAGG_PRIVACY_TARGET' | 'ERR_SECAGG_EXACT_PART',
      aggregate: Aggregate,
    ])[] = [
      ['ERR_SECAGG_STATE', { kind: 'sum', length: 0, min: 0, max: 1 }],
      ['ERR_SECAGG_STATE', { kind: 'sum', length: 1, min: 1, max: 0 }],
      ['ERR_SECAGG_RING_SIZE', { kind: 'sum', length: 1, min: 0, max: 2 ** 53 - 1 }],
      ['ERR_SECAGG_STATE', { kind: 'mean', length: 1, clippingRange: -1 }],
      ['ERR_SECAGG_STATE', { kind: 'privateMoments', ...privacy, threshold: 7, lower: 0, upper: 1 }],
      ['ERR_SECAGG_STATE', { kind: 'privateMoments', threshold: 4, lower: 0, upper: 1 }],
      ['ERR_SECAGG_STATE', { kind: 'privateMoments', ...privacy, lower: 1, upper: 0 }],
      ['ERR_SECAGG_STATE', { kind: 'privateQuantiles', ...privacy, edges: [1], probabilities: [0.5] }],
      ['ERR_SECAGG_STATE', { kind: 'privateSum', ...privacy, length: 2, l2Clip: { a: 1 } }],
      [
        'ERR_SECAGG_PRIVACY_TARGET',
        { kind: 'privateMoments', threshold: 4, target: { epsilon: 1e-6, delta: 1e-50 }, lower: 0, upper: 1 },
      ],
      [
        'ERR_SECAGG_EXACT_PART',
        {
          kind: 'combine',
          parts: { a: { kind: 'histogram', bins: 2 }, b: { kind: 'privateMoments', ...privacy, lower: 0, upper: 1 } },
        },
      ],
      ['ERR_SECAGG_STATE', { kind: 'combine', parts: { a: { kind: 'histogram', bins: 2 } }, public: ['a'] }],
    ];
    for (const [code, aggregate] of cases) {
      expect(parseAggregate(aggregate)).to.deep.equal(aggregate);
      refused(code, () => planOf(aggregate, terms('one')));
    }
  });

  it('names the argument if its terms are wrong', () => {
    const aggregate: Aggregate = { kind: 'histogram', bins: 2 };
    for (const [name, wrong] of [
      ['maxUsers', { maxUsers: 0 }],
      ['maxUsers', { maxUsers: '6' }],
      ['session', { session: 7 }],
      ['random', { random: 7 }],
      ["'seed'", { seed: 7 }],
    ] as const) {
      expect(() => planOf(aggregate, { maxUsers: 6, session: '', ...wrong } as never))
        .to.throw(Error, name)
        .that.satisfies(isArgumentError);
    }
  });

  it('takes no weight and no place that it does not ask for', () => {
    const plan = planOf({ kind: 'histogram', bins: 2 }, terms('one'));
    expect(() => plan.encode(null, { weight: 1 })).to.throw(TypeError, 'weight:');
    expect(() => plan.encode(null, { place: { slot: 0, seed: '' } })).to.throw(TypeError, 'place:');
  });

  for (const aggregate of [
    { kind: 'integers', vecLen: 3, bits: 12 },
    { kind: 'sum', length: 3, min: 0, max: 9 },
    { kind: 'privateSum', threshold: 4, colluders: 0, noiseMultiplier: 2 ** -10, length: 3, l2Clip: 30, type: 'float64' },
  ] as const satisfies readonly Aggregate[]) {
    it(`gives the options of a session: users and server of ${aggregate.kind} come to the sum`, async () => {
      const ids = [1, 2, 3, 4, 5];
      const registered = registeredUsers(ids);
      // Each party makes the plan for itself.
      const plan = (): ReturnType<typeof planOf> => planOf(sent(aggregate), { maxUsers: 5, session: 'task 1, run 3' });
      const server = new ServerWrapper(4, plan().vecLen, plan().options);
      const users = ids.map((id) => {
        const own = plan();
        return new UserWrapper(id, 4, ...registered.keys.get(id)!, own.encode([id, 0, 9]).vector, registered.pki, own.options);
      });
      let messages = new Map(ids.map((id) => [id, round0Msg()]));
      for (let round = 0; round < 5; round++) {
        for (const user of users) if (round < 2 || user.id !== 5) server.recv(user.id, await user.round(messages.get(user.id)!));
        const output = await server.round();
        if (output.isMessages()) messages = output.getMessages();
      }
      const { result, receipt } = plan().decode(server.output()!.getVector(), { users: server.progress().included!.length });
      const sum: Iterable<number> = 'sum' in (result as object) ? (result as { sum: Float64Array }).sum : (result as Int32Array);
      expect(Array.from(sum, (value) => Math.round(value) + 0)).to.deep.equal([10, 0, 36]);
      expect(receipt === null).to.equal(aggregate.kind !== 'privateSum');
    });
  }
});

function isArgumentError(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}
