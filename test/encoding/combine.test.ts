// Several encodings in one vector.
import { expect } from 'chai';
import { combine, EncodingError, fixedPoint, histogram, mean, sum, weightedMean } from '../../src/encoding/index.ts';
import { refused } from '../support/errors.ts';
import { addUp } from './plain.ts';
import { expectRefusal } from './refusal.ts';

const maxUsers = 100;
const encodings = {
  update: weightedMean({ maxUsers, shapes: { 'dense/kernel': [2, 2] }, maxWeight: 500 }),
  loss: mean({ maxUsers, length: 1, clippingRange: 10, type: 'float64', quantizationRange: 2 ** 16 }),
  hits: sum({ maxUsers, length: 2, min: 0, max: 1000 }),
};
const data = { update: { 'dense/kernel': { shape: [2, 2], data: [1, 2, 3, 4] } }, loss: [0.5], hits: [3, 4] };

describe('a combination', () => {
  const all = combine(encodings);

  it('gives each encoding its own data, in one vector and one ring', () => {
    expect(all.bits).to.equal(encodings.update.bits);
    const vectors = [10, 20, 30].map((weight) => all.encode(data, weight).vector);
    const { update, loss, hits } = all.decode(addUp(all, vectors), { users: 3 });
    expect(update.totalWeight).to.equal(60);
    const bound = all.errorBound({ users: 3, totalWeight: 60 });
    update.mean['dense/kernel'].data.forEach((x, i) => expect(x).to.be.closeTo(i + 1, bound.update.worst));
    expect(loss.mean[0]).to.be.closeTo(0.5, bound.loss.worst);
    expect(hits.sum).to.deep.equal(Float64Array.of(9, 12));
    expect(bound.hits).to.deep.equal({ worst: 0, rms: 0 });
  });

  it('counts what was clipped in all encodings together', () => {
    expect(all.encode({ ...data, loss: [11], hits: [-1, 1001] }, 1).clipped).to.equal(3);
  });

  it('tells where each statistic lies and how many bits it wastes, which are none for means', () => {
    expect(all.layout).to.deep.equal([
      { name: 'hits', offset: 0, length: 2, leastBits: 17, wastedBits: 12 },
      { name: 'loss', offset: 2, length: 1, leastBits: 23, wastedBits: 0 },
      { name: 'update', offset: 3, length: all.vecLen - 3, leastBits: 29, wastedBits: 0 },
    ]);
    expect(encodings.hits.layout).to.deep.equal([{ name: '', offset: 0, length: 2, leastBits: 17, wastedBits: 0 }]);
    const alone = encodings.loss.errorBound({ users: 3 }).worst;
    expect(alone / all.errorBound({ users: 3, totalWeight: 9 }).loss.worst).to.be.closeTo(2 ** 6, 3);
  });

  it('takes one weight for all weighted encodings, or one by name for each', () => {
    const two = combine({
      a: weightedMean({ maxUsers, length: 1 }),
      b: weightedMean({ maxUsers, length: 1 }),
      c: encodings.loss,
    });
    const values = { a: [1], b: [2], c: [3] };
    const both = two.decode(two.encode(values, 7).vector, { users: 1 });
    expect([both.a.totalWeight, both.b.totalWeight]).to.deep.equal([7, 7]);
    const each = two.decode(two.encode(values, { a: 3, b: 11 }).vector, { users: 1 });
    expect([each.a.totalWeight, each.b.totalWeight]).to.deep.equal([3, 11]);
    const bound = two.errorBound({ users: 2, totalWeight: { a: 2, b: 2000 } });
    expect(bound.a.worst).to.be.greaterThan(100 * bound.b.worst);
    for (const [weight, message] of [
      [undefined, 'weight: missing'],
      [{ a: 1 }, 'weight.b: missing'],
      [{ a: 1, b: 2, c: 3 }, 'weight.c: not in the plan'],
      [{ a: 1, b: { c: 1 } }, 'weight.b: expected a number'],
      [[1, 2], 'weight: expected an object'],
      [null, 'weight: expected an object'],
      ['1', 'weight.a: expected a number'],
    ] as const) {
      expect(() => two.encode(values, weight as never), message).to.throw(Error, message);
    }
    const details = { element: 'weight.b', value: -1, limits: [0, 1000] } as const;
    expectRefusal('ERR_SECAGG_WEIGHT', () => two.encode(values, { a: 1, b: -1 }), details);
    expect(() => two.errorBound({ users: 2, totalWeight: { a: 1 } })).to.throw(TypeError, 'totalWeight.b: missing');
    expect(() => two.errorBound({ users: 2, totalWeight: { a: 1, b: 1e9 } })).to.throw(RangeError, 'totalWeight.b');
  });

  it('may contain combinations, and names whole paths in its layout and errors', () => {
    const inner = combine({ model: encodings.update, bins: histogram({ maxUsers, bins: 3 }) });
    const outer = combine({ inner, big: sum({ maxUsers, length: 1, min: 0n, max: 2n ** 40n }), loss: encodings.loss });
    expect(outer.bits).to.equal(47);
    expect(outer.layout.map(({ name }) => name)).to.deep.equal(['big', 'inner.bins', 'inner.model', 'loss']);
    const values = { inner: { model: data.update, bins: { indices: [2] } }, big: [2n ** 39n], loss: [-1] };
    for (const weight of [42, { inner: 42 }, { inner: { model: 42 } }]) {
      const { vector } = outer.encode(values, weight);
      const result = outer.decode(addUp(outer, [vector, vector]), { users: 2 });
      expect(result.inner.model.totalWeight).to.equal(84);
      expect(result.inner.model.mean['dense/kernel'].data[3]).to.be.closeTo(4, 1e-6);
      expect(result.inner.bins.counts).to.deep.equal(Float64Array.of(0, 0, 2));
      expect(result.big.sum).to.deep.equal(BigInt64Array.of(2n ** 40n));
      expect(result.loss.mean[0]).to.be.closeTo(-1, 1e-9);
    }
    const bad =
      (change: object): (() => unknown) =>
      () =>
        outer.encode({ ...values, ...change }, 1);
    const kernel = (shape: number[], numbers: number[]): object => ({
      inner: { ...values.inner, model: { 'dense/kernel': { shape, data: numbers } } },
    });
    const notFinite = { element: 'data.inner.model.dense/kernel.data[3]', index: 3, value: NaN };
    expectRefusal('ERR_SECAGG_VALUE', bad(kernel([2, 2], [1, 2, 3, NaN])), notFinite);
    expect(bad(kernel([4], [1, 2, 3, 4]))).to.throw(RangeError, 'data.inner.model.dense/kernel.shape');
    expectRefusal('ERR_SECAGG_VALUE', bad({ inner: { ...values.inner, bins: { indices: [3] } } }), {
      element: 'data.inner.bins.indices[0]',
      index: 0,
      value: 3,
      limits: [0, 2],
    });
    expect(bad({ inner: { model: data.update } })).to.throw(TypeError, 'data.inner.bins: missing');
    expect(bad({ loss: [1, 2] })).to.throw(RangeError, 'data.loss: expected 1 values, got 2');
    expect(bad({ more: 1 })).to.throw(TypeError, 'data.more: not in the plan');
    expectRefusal('ERR_SECAGG_WEIGHT', () => outer.encode(values, { inner: { model: 1001 } }), {
      element: 'weight.inner.model',
      value: 1001,
      limits: [0, 500],
    });
    const far = BigInt64Array.from(outer.encode(values, 1).vector, BigInt);
    far[outer.vecLen - 2] = 2n ** 46n;
    const { element, index } = refused('ERR_SECAGG_SUM_RANGE', () => outer.decode(far, { users: 1 }), EncodingError);
    expect([element, index]).to.deep.equal(['sum.inner.model.dense/kernel[3]', 3]);
  });

  it('rounds each statistic its own way, and one place serves all that are correlated', () => {
    const mixed = combine({
      a: mean({ maxUsers, length: 100, rounding: 'correlated', random: (n) => new Uint8Array(n) }),
      b: mean({ maxUsers, length: 100, rounding: 'correlated', random: (n) => new Uint8Array(n) }),
      c: fixedPoint({ maxUsers, length: 1, rounding: 'nearest' }),
    });
    const values = { a: new Float64Array(100).fill(0.1), b: new Float64Array(100).fill(0.1), c: [1] };
    const { vector } = mixed.encode(values, undefined, { slot: 3, seed: 'x' });
    expect(vector.subarray(0, 100)).not.to.deep.equal(vector.subarray(100, 200)); // strata of their own
    expect(() => mixed.encode(values)).to.throw(TypeError, 'place: missing');
  });
});
