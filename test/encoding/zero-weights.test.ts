// Users that have nothing to contribute: those with the weight 0, and those that lack the data of a part of a combination.
import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { combine, EncodingError, fixedPoint, histogram, mean, sum, weightedMean } from '../../src/encoding/index.ts';
import { refused } from '../support/errors.ts';
import { addUp, farthest } from './plain.ts';
import { expectRefusal } from './refusal.ts';

const ROUNDINGS = ['stochastic', 'correlated', 'nearest'] as const;
/** What a user without examples may have for its values. */
const nothingOf = fc.constantFrom<null | number>(null, NaN, Infinity, -Infinity, 0, 1e300, -7.5);
const valueOf = fc.double({ min: -8, max: 8, noNaN: true });
const weightOf = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1000 }));
const firstBits = (length: number): Uint8Array => new Uint8Array(length).fill(255);

describe('a user with the weight 0', () => {
  it('sends zeros, whatever its values, the rounding and the random bits are', () => {
    const planOf = fc.record({
      maxUsers: fc.integer({ min: 1, max: 1_000_000 }),
      quantizationRange: fc.constantFrom(2, 1000, 2 ** 22, 2 ** 40),
      maxWeight: fc.constantFrom(1, 1000, 0.001, 2 ** 53 - 1),
      rounding: fc.constantFrom(...ROUNDINGS),
    });
    fc.assert(
      fc.property(planOf, nothingOf, fc.constantFrom(0, -0), fc.nat(), (plan, value, weight, number) => {
        const encoding = weightedMean({ ...plan, length: 20_000, random: firstBits });
        const data = value === null ? null : new Float64Array(20_000).fill(value);
        const slot = number % plan.maxUsers;
        const place = plan.rounding === 'correlated' ? { slot, seed: 'round 7' } : undefined;
        const { vector, clipped } = encoding.encode(data, weight, place);
        expect(clipped).to.equal(0);
        expect((vector as Int32Array).every((component: number | bigint) => BigInt(component) === 0n)).to.equal(true);
      }),
    );
  });

  it('changes neither the mean nor the total weight of the others', () => {
    const person = fc.record({ weight: weightOf, values: fc.tuple(valueOf, valueOf), nothing: nothingOf });
    fc.assert(
      fc.property(fc.array(person, { minLength: 1, maxLength: 8 }), fc.constantFrom(...ROUNDINGS), (people, rounding) => {
        const encoding = weightedMean({ maxUsers: 8, length: 2, rounding, type: 'float64' });
        const vectors = people.map(({ weight, values, nothing }, slot) => {
          const place = rounding === 'correlated' ? { slot, seed: 'round 7' } : undefined;
          const without = nothing === null ? null : [nothing, nothing];
          return encoding.encode(weight === 0 ? without : values, weight, place).vector;
        });
        const total = addUp(encoding, vectors);
        const users = people.length;
        const totalWeight = people.reduce((weights, { weight }) => weights + weight, 0);
        if (totalWeight === 0) {
          refused('ERR_SECAGG_ZERO_WEIGHT', () => encoding.decode(total, { users }), EncodingError);
          return;
        }
        const result = encoding.decode(total, { users });
        expect(result.totalWeight).to.equal(totalWeight);
        const exact = [0, 1].map((j) => people.reduce((x, { weight, values }) => x + (weight * values[j]!) / totalWeight, 0));
        expect(farthest(result.mean, exact)).to.be.at.most(encoding.errorBound({ users, totalWeight }).worst + 1e-12);
        // Only those that contribute make errors.
        const contributors = people.filter(({ weight }) => weight > 0).length;
        const bound = encoding.errorBound({ users: contributors, totalWeight }).worst;
        expect(farthest(result.mean, exact)).to.be.at.most(bound + 1e-12);
      }),
    );
  });

  it('must still give values of the plan’s form, or null', () => {
    const encoding = weightedMean({ maxUsers: 2, shapes: { bias: [2] } });
    expect(() => encoding.encode({ bias: { shape: [3], data: [0, 0, 0] } }, 0)).to.throw(RangeError, 'data.bias.shape');
    expect(() => encoding.encode({} as never, 0)).to.throw(TypeError, 'data.bias');
    expect(() => encoding.encode(undefined as never, 0)).to.throw(TypeError, 'data');
  });

  it('is the only one that may give null', () => {
    expect(() => weightedMean({ maxUsers: 2, length: 2 }).encode(null, 1)).to.throw(TypeError, 'data');
    expect(() => mean({ maxUsers: 2, length: 2 }).encode(null as never)).to.throw(TypeError, 'data');
  });

  it('may not send anything else, which would be in the sum without a weight', () => {
    const encoding = weightedMean({ maxUsers: 3, length: 2 });
    const lie = encoding.encode(null, 0).vector as Int32Array;
    lie[encoding.vecLen - 1] = 1;
    expectRefusal('ERR_SECAGG_SUM_RANGE', () => encoding.decode(lie, { users: 1 }), {
      element: 'sum[1]',
      index: 1,
      value: 1,
      limits: [0, 0],
    });
  });
});

describe('a user without data', () => {
  it('adds zeros to a sum, also if zeros are not the middle of its range', () => {
    for (const [min, max] of [
      [0, 10],
      [-10, 0],
      [-3, 100],
    ] as const) {
      const numbers = sum({ maxUsers: 3, length: 2, min, max });
      const total = addUp(numbers, [numbers.encode([max, min]).vector, numbers.encode(null).vector, numbers.encode(null).vector]);
      expect([...numbers.decode(total, { users: 3 }).sum]).to.deep.equal([max, min]);
      const bigs = sum({ maxUsers: 3, shapes: { a: [2] }, min: BigInt(min), max: BigInt(max) * 2n ** 40n + 1n });
      expect([...bigs.decode(bigs.encode(null).vector, { users: 1 }).sum.a.data]).to.deep.equal([0n, 0n]);
    }
  });

  it('is refused by a sum whose range has no zero', () => {
    expect(() => sum({ maxUsers: 3, length: 1, min: 1, max: 10 }).encode(null)).to.throw(TypeError, 'data');
    expect(() => sum({ maxUsers: 3, length: 1, min: -10n, max: -1n }).encode(null)).to.throw(TypeError, 'data');
  });

  it('adds nothing to a histogram and to a sum of floats', () => {
    const bins = histogram({ maxUsers: 2, bins: 3, maxCount: 4 });
    const counts = bins.decode(addUp(bins, [bins.encode({ indices: [1, 1] }).vector, bins.encode(null).vector]), { users: 2 });
    expect(counts).to.deep.equal({ counts: Float64Array.of(0, 2, 0) });
    for (const rounding of ROUNDINGS) {
      const floats = fixedPoint({ maxUsers: 2, length: 20_000, rounding, random: firstBits });
      const place = rounding === 'correlated' ? { slot: 1, seed: 'round 7' } : undefined;
      const { vector } = floats.encode(null, undefined, place);
      expect((vector as Int32Array).every((component) => component === 0)).to.equal(true);
    }
  });
});

describe('a combination', () => {
  const maxUsers = 6;
  const heads = combine({
    left: weightedMean({ maxUsers, length: 2, type: 'float64' }),
    right: weightedMean({ maxUsers, shapes: { kernel: [2], none: [0] }, type: 'float64' }),
    hits: sum({ maxUsers, length: 1, min: 0, max: 9 }),
    ages: histogram({ maxUsers, bins: 2 }),
  });
  const personOf = fc.record({
    left: weightOf,
    right: weightOf,
    values: fc.tuple(valueOf, valueOf),
    hits: fc.option(fc.integer({ min: 0, max: 9 })),
    age: fc.option(fc.integer({ min: 0, max: 1 })),
  });

  it('decodes each part over the users that have it, whoever lacks which part', () => {
    fc.assert(
      fc.property(fc.array(personOf, { minLength: 1, maxLength: maxUsers }), (people) => {
        const vectors = people.map(({ left, right, values, hits, age }) => {
          const kernel = { kernel: { shape: [2], data: values }, none: { shape: [0], data: [] } } as const;
          const data = {
            left: left === 0 ? null : values,
            right: right === 0 ? null : kernel,
            hits: hits === null ? null : [hits],
            ages: age === null ? null : { indices: [age] },
          };
          return heads.encode(data, { left, right }).vector;
        });
        const users = people.length;
        const result = heads.decode(addUp(heads, vectors), { users });
        const totalWeight = { left: result.left.totalWeight, right: result.right.totalWeight };
        const bound = heads.errorBound({ users, totalWeight });
        for (const head of ['left', 'right'] as const) {
          const weights = people.reduce((total, person) => total + person[head], 0);
          expect(result[head].totalWeight).to.equal(weights);
          if (weights === 0) {
            expect(bound[head]).to.deep.equal({ worst: Infinity, rms: Infinity });
            const details = { element: `totalWeight.${head}`, value: 0 };
            expectRefusal('ERR_SECAGG_ZERO_WEIGHT', () => result[head].mean, details);
            continue;
          }
          const exact = [0, 1].map((j) => people.reduce((x, person) => x + (person[head] * person.values[j]!) / weights, 0));
          const values = head === 'left' ? result.left.mean : result.right.mean.kernel.data;
          expect(farthest(values, exact)).to.be.at.most(bound[head].worst + 1e-12);
        }
        expect(result.hits.sum[0]).to.equal(people.reduce((total, { hits }) => total + (hits ?? 0), 0));
        expect([...result.ages.counts]).to.deep.equal([0, 1].map((bin) => people.filter(({ age }) => age === bin).length));
      }),
    );
  });

  it('of which a part has no weight can be copied, printed and stored, without that part’s mean', () => {
    const { vector } = heads.encode({ left: null, right: null, hits: [3], ages: null }, 0);
    const result = heads.decode(vector, { users: 1 });
    expect(JSON.parse(JSON.stringify({ ...result, hits: [...result.hits.sum], ages: null }))).to.deep.equal({
      left: { totalWeight: 0 },
      right: { totalWeight: 0 },
      hits: [3],
      ages: null,
    });
    expect(inspect(result)).to.be.a('string');
    expect(structuredClone(result).left).to.deep.equal({ totalWeight: 0 });
  });

  it('that has nothing but weighted means, all of them without a weight, is refused as a whole', () => {
    const inner = combine({ a: weightedMean({ maxUsers, length: 1 }), b: weightedMean({ maxUsers, length: 1 }) });
    const outer = combine({ inner, c: weightedMean({ maxUsers, length: 1 }) });
    const none = { inner: { a: null, b: null }, c: null };
    expectRefusal('ERR_SECAGG_ZERO_WEIGHT', () => outer.decode(outer.encode(none, 0).vector, { users: 1 }), {
      element: 'totalWeight.c',
      value: 0,
    });
    const { vector } = outer.encode({ ...none, c: [5] }, { inner: 0, c: 2 });
    const result = outer.decode(vector, { users: 1 });
    expect([result.c.totalWeight, result.inner.a.totalWeight, result.inner.b.totalWeight]).to.deep.equal([2, 0, 0]);
    expect(result.c.mean[0]).to.be.closeTo(5, outer.errorBound({ users: 1, totalWeight: { inner: 0, c: 2 } }).c.worst);
    refused('ERR_SECAGG_ZERO_WEIGHT', () => result.inner.b.mean, EncodingError);
    // Whichever part it is that has a weight, the others cost it nothing.
    const last = outer.encode({ inner: { a: null, b: [-5] }, c: null }, { inner: { a: 0, b: 3 }, c: 0 });
    const { inner: pair, c } = outer.decode(last.vector, { users: 1 });
    expect([c.totalWeight, pair.a.totalWeight, pair.b.totalWeight]).to.deep.equal([0, 0, 3]);
  });
});
