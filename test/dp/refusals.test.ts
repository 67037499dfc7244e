// What private plans refuse, and what a session refuses because of one.
import { expect } from 'chai';
import { combine, mean, sum } from '../../src/encoding/index.ts';
import { privateHistogram, privateMean, privateMoments, privateSum, PrivacyError, receiptOf } from '../../src/dp/index.ts';
import { countRelease } from '../../src/dp/count-release.ts';
import type { Grid } from '../../src/dp/grid.ts';
import { privacyTerms } from '../../src/dp/privacy-terms.ts';
import { privateEncoding } from '../../src/dp/private-part.ts';
import { Release } from '../../src/dp/release.ts';
import { UserWrapper } from '../../src/index.ts';
import { refused } from '../support/errors.ts';
import { registeredUsers } from '../support/registered-users.ts';

const TERMS = { maxUsers: 6, threshold: 5, noiseMultiplier: 1 } as const;
const VECTOR = { ...TERMS, length: 3, l2Clip: 1 } as const;
const TARGET = { epsilon: 1, delta: 1e-6 };

describe('the arguments of a private plan', () => {
  it('are named if they are wrong', () => {
    const { noiseMultiplier, ...without } = VECTOR;
    expect(noiseMultiplier).to.equal(1);
    for (const [name, given, kind] of [
      ['maxUsers', { ...VECTOR, maxUsers: 1 }, RangeError],
      ['threshold', { ...VECTOR, threshold: 7 }, RangeError],
      ['threshold', { ...VECTOR, threshold: undefined }, TypeError],
      ['colluders', { ...VECTOR, colluders: 5 }, RangeError],
      ['adversary', { ...VECTOR, adversary: 'honest' }, RangeError],
      ['security', { ...VECTOR, security: 0 }, RangeError],
      ['either target or noiseMultiplier', without, TypeError],
      ['either target or noiseMultiplier', { ...VECTOR, target: TARGET }, TypeError],
      ['noiseMultiplier', { ...VECTOR, noiseMultiplier: 0 }, RangeError],
      ['noiseMultiplier', { ...VECTOR, noiseMultiplier: NaN }, RangeError],
      ['target.epsilon', { ...without, target: { ...TARGET, epsilon: 0 } }, RangeError],
      ['target.epsilon', { ...without, target: { ...TARGET, epsilon: -1 } }, RangeError],
      ['target.epsilon', { ...without, target: { ...TARGET, epsilon: Infinity } }, RangeError],
      ['target.delta', { ...without, target: { ...TARGET, delta: 0 } }, RangeError],
      ['target.delta', { ...without, target: { ...TARGET, delta: 1 } }, RangeError],
      ['target.releases', { ...without, target: { ...TARGET, releases: 0 } }, RangeError],
      ['target.releases', { ...without, target: { ...TARGET, releases: 2 ** 32 + 1 } }, RangeError],
      ["'eps'", { ...without, target: { ...TARGET, eps: 1 } }, TypeError],
      ['mechanism', { ...VECTOR, mechanism: 'gaussian' }, RangeError],
      ['adjacency', { ...VECTOR, adjacency: 'add-remove' }, RangeError],
      ['sampler', { ...VECTOR, sampler: 'fast' }, RangeError],
      ['noiseFrom', { ...VECTOR, noiseFrom: 'nobody' }, RangeError],
      ['bits', { ...VECTOR, bits: 65 }, RangeError],
      ['wrapProbability', { ...VECTOR, wrapProbability: 0 }, RangeError],
      ["'random'", { ...VECTOR, random: () => new Uint8Array() }, TypeError],
      ['unsafeRandom', { ...VECTOR, unsafeRandom: 7 }, TypeError],
      ['l2Clip', { ...VECTOR, l2Clip: 0 }, RangeError],
      ['l2Clip', { ...VECTOR, l2Clip: { a: 1 } }, TypeError],
      ['flatten', { ...VECTOR, flatten: 'fourier' }, RangeError],
      ['type', { ...VECTOR, type: 'float16' }, RangeError],
    ] as const) {
      expect(() => privateMean(given as never), name).to.throw(kind, name);
    }
    const shapes = { a: [2], b: [1] };
    const { length, ...shaped } = VECTOR;
    expect(length).to.equal(3);
    expect(() => privateMean({ ...shaped, shapes, l2Clip: { a: 1 } })).to.throw(TypeError, 'l2Clip.b');
    expect(() => privateMean({ ...shaped, shapes, l2Clip: { a: 1, b: 1, c: 1 } })).to.throw(TypeError, 'l2Clip.c');
    expect(() => privateHistogram({ ...TERMS, bins: 3, maxBins: 4 })).to.throw(RangeError, 'maxBins');
    expect(() => privateHistogram({ ...TERMS, bins: 3, maxEvents: 4 })).to.throw(RangeError, 'maxEvents');
    expect(() => privateMoments({ ...TERMS, lower: 1, upper: 1 })).to.throw(RangeError, 'upper');
    expect(() => privateMoments({ ...TERMS, lower: 0, upper: Number.MIN_VALUE })).to.throw(RangeError, 'upper');
  });

  it('are refused with what would do, if no noise meets the target or no ring holds it', () => {
    const terms = { maxUsers: 6, threshold: 5, length: 3, l2Clip: 1 };
    const narrow = refused(
      'ERR_SECAGG_PRIVACY_TARGET',
      () => privateMean({ ...terms, noiseMultiplier: 1, bits: 4 }),
      PrivacyError,
    );
    const needed = Number(/(\d+) bits would do/.exec(narrow.message)![1]);
    expect(privateMean({ ...terms, noiseMultiplier: 1, bits: needed }).bits).to.equal(needed);
    const many = { ...terms, maxUsers: 100_000, threshold: 90_000 };
    refused('ERR_SECAGG_PRIVACY_TARGET', () => privateMean({ ...many, noiseMultiplier: 2 ** -20 }));
    const chance = { ...terms, security: 10, target: { epsilon: 1, delta: 1e-6, releases: 100 } };
    const weak = refused('ERR_SECAGG_PRIVACY_TARGET', () => privateMean(chance), PrivacyError);
    const security = Number(/; (\d+) would leave/.exec(weak.message)![1]);
    privateMean({ ...chance, security });
    expect(() => privateMean({ ...chance, security: security - 2 })).to.throw(PrivacyError);
  });

  it('may ask for a ring that is wider than any steps can fill', () => {
    for (const bits of [40, 64]) {
      const plan = privateHistogram({ maxUsers: 6, threshold: 5, bins: 3, noiseMultiplier: 2 ** -10, bits });
      expect(plan.options.bits).to.be.at.most(bits);
      const { l2Squared } = receiptOf(plan, { included: [5], delta: 1e-6 }).parts[0]!;
      expect(Number.isSafeInteger(l2Squared)).to.equal(true);
    }
  });

  it('give data that cannot be encoded a code that names the element and never tells the value', () => {
    const plan = privateMean(VECTOR);
    for (const value of [NaN, Infinity, -Infinity]) {
      const error = refused('ERR_SECAGG_VALUE', () => plan.encode([0, value, 0]));
      expect(error.message).to.include('data[1]');
    }
    expect(() => plan.encode([1, 2])).to.throw(RangeError, 'data');
    expect(() => plan.encode([1, '2', 3] as never)).to.throw(TypeError, 'data[1]');
    expect(() => plan.decode([1, 2, 3] as never, { users: 5 })).to.throw(TypeError, 'sum');
  });
});

describe('a session of a private plan', () => {
  const { keys, pki, ids } = registeredUsers([1, 2, 3, 4, 5, 6]);
  const plan = privateSum({ ...VECTOR, session: 'run 1' });
  const join = (threshold: number, vector: Int32Array | BigInt64Array | null, options: object = {}): UserWrapper =>
    new UserWrapper(ids[0]!, threshold, ...keys.get(ids[0]!)!, vector, pki, { ...plan.options, vecLen: 3, ...options });

  it('with a lower threshold is refused by the user: fewer noises than planned would be in the sum', () => {
    join(5, null);
    refused('ERR_SECAGG_UNSAFE', () => join(4, null));
    refused('ERR_SECAGG_UNSAFE', () => join(5, null, { colluders: 2 }));
  });

  it('does not take a noised vector of another run, and none twice', () => {
    const { vector } = plan.encode([1, 0, 0]);
    const other = privateSum({ ...VECTOR, session: 'run 2' });
    refused('ERR_SECAGG_VECTOR_USED', () => join(5, vector, { session: other.options.session }));
    join(5, vector);
    refused('ERR_SECAGG_VECTOR_USED', () => join(5, vector));
  });

  it('has another name for every other parameter, so that parties with other noise do not meet', () => {
    const names = [
      VECTOR,
      { ...VECTOR, threshold: 4 },
      { ...VECTOR, colluders: 2 },
      { ...VECTOR, noiseMultiplier: 1.5 },
      { ...VECTOR, mechanism: 'skellam' },
      { ...VECTOR, adjacency: 'replace-one' },
      { ...VECTOR, sampler: 'exact' },
      { ...VECTOR, noiseFrom: 'server' },
      { ...VECTOR, bits: 20 },
      { ...VECTOR, wrapProbability: 1e-6 },
      { ...VECTOR, security: 40 },
      { ...VECTOR, adversary: 'semi-honest' },
      { ...VECTOR, l2Clip: 2 },
      { ...VECTOR, flatten: 'none' },
      { ...VECTOR, measureClipping: true },
      { ...VECTOR, length: 4 },
      { ...VECTOR, session: 'x' },
    ].map((given) => privateSum(given as typeof VECTOR).options.session);
    expect(new Set(names).size).to.equal(names.length);
  });

  it('has another name if a version of the library computes other noise from the same parameters', () => {
    const terms = privacyTerms(TERMS);
    const { grid } = countRelease(3, { perBin: 1, bins: 1, events: 1 }, terms);
    const nameWith = (other: Partial<Grid>): string | undefined =>
      privateEncoding<null, null>({
        description: ['counts', {}],
        release: new Release(terms, { ...grid, ...other }, 3),
        flat: false,
        weighted: false,
        bound: () => ({ values: new Float64Array(3), clipped: 0 }),
        read: () => ({ result: null }),
        divisor: () => 1,
      }).options.session;
    const { variance, steps, fromZero } = grid;
    const others: Partial<Grid>[] = [
      { variance: variance + 1 },
      { steps: steps + 1 },
      { fromZero: { ...fromZero, l2Squared: fromZero.l2Squared + 1 } },
    ];
    expect(nameWith({})).to.equal(nameWith({}));
    expect(new Set([{}, ...others].map(nameWith)).size).to.equal(4);
  });
});

describe('a combination with noise', () => {
  const noised = privateSum(VECTOR);
  const exact = sum({ maxUsers: 6, length: 1, min: 0, max: 9 });

  it('refuses an exact part: whatever the noise, the exact sum would show a user', () => {
    refused('ERR_SECAGG_EXACT_PART', () => combine({ update: noised, hits: exact }));
    refused('ERR_SECAGG_EXACT_PART', () =>
      combine({ update: noised, loss: mean({ maxUsers: 6, length: 1 }), hits: exact }, { public: ['hits'] }),
    );
  });

  it('takes an exact part that is said to be public, and the receipt says so', () => {
    const plan = combine({ update: noised, hits: exact }, { public: ['hits'] });
    const receipt = receiptOf(plan, { included: [6], delta: 1e-6 });
    expect(receipt.publicParts).to.deep.equal(['hits']);
    expect(receipt.parts.map(({ name }) => name)).to.deep.equal(['update']);
    const nested = combine({ inner: plan, other: privateSum(VECTOR) });
    expect(receiptOf(nested, { included: [6], delta: 1e-6 }).publicParts).to.deep.equal(['inner.hits']);
    expect(receiptOf(nested, { included: [6], delta: 1e-6 }).parts.map(({ name }) => name)).to.deep.equal([
      'inner.update',
      'other',
    ]);
  });

  it('has another session for other public parts', () => {
    const other = privateSum(VECTOR);
    const all = { a: noised, b: other };
    expect(combine(all).options.session).to.not.equal(combine({ ...all, c: exact }, { public: ['c'] }).options.session);
  });

  it('adds the cost of its parts', () => {
    const one = receiptOf(combine({ a: noised }), { included: [5], delta: 1e-6 });
    const two = receiptOf(combine({ a: noised, b: privateSum(VECTOR) }), { included: [5], delta: 1e-6 });
    expect(two.curve.values).to.deep.equal(one.curve.values.map((value) => 2 * value));
    expect(two.epsilon).to.be.above(one.epsilon);
  });

  it('refuses parts that need different sessions, and names in `public` that are none', () => {
    const threshold = privateSum({ ...VECTOR, threshold: 4, colluders: 0 });
    expect(() => combine({ a: noised, b: threshold })).to.throw(RangeError, 'encodings.b');
    expect(() => combine({ a: noised, b: privateSum({ ...VECTOR, adjacency: 'replace-one' }) })).to.throw(
      RangeError,
      'encodings.b',
    );
    expect(() => combine({ a: noised }, { public: ['a'] })).to.throw(RangeError, 'public');
    expect(() => combine({ a: noised }, { public: ['b'] })).to.throw(RangeError, 'public');
    expect(() => combine({ a: exact }, { public: ['a'] })).to.throw(RangeError, 'public');
    expect(() => combine({ a: noised }, { public: 'a' as never })).to.throw(TypeError, 'public');
    expect(() => combine({ a: noised }, { public: [3] as never })).to.throw(TypeError, 'public');
  });
});
