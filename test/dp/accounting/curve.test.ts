// Curves add up over releases, also if their orders differ, and never to less than their bounds say.
import { expect } from 'chai';
import { composed, curveOf, largest, lesser, ORDERS, repeated, valueAt, zeroCurve } from '../../../src/dp/accounting/curve.ts';
import { divergenceOf } from '../../../src/dp/accounting/divergence.ts';
import { noisedSum } from './noised-sum.ts';

describe('a curve', () => {
  it('has the divergence of a sum at each order, and goes through JSON unchanged', () => {
    const curve = curveOf(noisedSum());
    expect(curve.orders).to.deep.equal(ORDERS);
    expect(curve.values[7]).to.equal(divergenceOf(noisedSum())(ORDERS[7] ?? 0));
    expect(JSON.parse(JSON.stringify(curve))).to.deep.equal(curve);
  });

  it('has ascending orders, among them all integers from 2 to 33', () => {
    expect([...ORDERS].sort((a, b) => a - b)).to.deep.equal(ORDERS);
    expect(new Set(ORDERS).size).to.equal(ORDERS.length);
    for (let order = 2; order <= 33; order++) expect(ORDERS).to.include(order);
  });

  it('leaves out orders of which nothing finite is known', () => {
    const curve = curveOf(noisedSum({ variance: 1, noises: 1, l2Squared: Number.MAX_SAFE_INTEGER, l1: 2 ** 40 }), [2, 1e300]);
    expect(curve.orders).to.deep.equal([2]);
  });

  it('is bounded between its orders by both around, below them by the first, above them by nothing', () => {
    const curve = { orders: [2, 4], values: [1, 2], totalVariation: 0 };
    expect(valueAt(curve, 2)).to.equal(1);
    expect(valueAt(curve, 1.5)).to.equal(1);
    expect(valueAt(curve, 3)).to.equal((0.5 * 1 * 1 + 0.5 * 3 * 2) / 2);
    expect(valueAt(curve, 4.1)).to.equal(Infinity);
    expect(() => valueAt(curve, 1)).to.throw(RangeError);
    const gaussian = curveOf(noisedSum());
    for (const order of [2.01, 7.7, 40.4, 1000.5]) {
      expect(valueAt(gaussian, order)).to.be.within(divergenceOf(noisedSum())(order), divergenceOf(noisedSum())(order) * 1.002);
    }
  });
});

describe('composition', () => {
  it('adds curves and what their samplers are off', () => {
    const one = { orders: [2, 3], values: [1, 2], totalVariation: 2 ** -30 };
    expect(composed([one, one, one])).to.deep.equal({ orders: [2, 3], values: [3, 6], totalVariation: 3 * 2 ** -30 });
    expect(repeated(one, 3)).to.deep.equal(composed([one, one, one]));
    expect(composed([])).to.deep.equal(zeroCurve());
    expect(repeated(one, 0)).to.deep.equal({ orders: [2, 3], values: [0, 0], totalVariation: 0 });
  });

  it('joins curves of different orders at all orders up to where both are known', () => {
    const joined = composed([
      { orders: [2, 4], values: [1, 2], totalVariation: 0 },
      { orders: [3, 5], values: [10, 20], totalVariation: 0 },
    ]);
    expect(joined).to.deep.equal({
      orders: [2, 3, 4],
      values: [11, 1.75 + 10, 2 + (10 * 2 + 20 * 4) / 2 / 3],
      totalVariation: 0,
    });
  });

  it('knows nothing of a release of which nothing is known', () => {
    expect(composed([zeroCurve(), { orders: [], values: [], totalVariation: 0 }]).orders).to.deep.equal([]);
  });

  it('takes the worst of people whose releases are apart, at each order', () => {
    const worst = largest([
      { orders: [2, 3], values: [1, 9], totalVariation: 1e-9 },
      { orders: [2, 3], values: [2, 3], totalVariation: 1e-8 },
    ]);
    expect(worst).to.deep.equal({ orders: [2, 3], values: [2, 9], totalVariation: 1e-8 });
    expect(largest([])).to.deep.equal(zeroCurve());
  });

  it('is the least of two bounds at each order, also where only one of them has it', () => {
    const a = { orders: [2, 3, 5], values: [1, 9, 12], totalVariation: 1e-9 };
    const b = { orders: [2, 3], values: [2, 3], totalVariation: 1e-8 };
    expect(lesser(a, b)).to.deep.equal({ orders: [2, 3, 5], values: [1, 3, 12], totalVariation: 1e-8 });
    expect(lesser(b, a)).to.deep.equal(lesser(a, b));
  });
});
