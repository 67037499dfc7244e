// Tensors with a dimension of 0, such as the bias of a layer that has none: they take no component and come back empty.
import { expect } from 'chai';
import fc from 'fast-check';
import { combine, EncodingError, fixedPoint, mean, sum, weightedMean, type Tensor } from '../../src/encoding/index.ts';
import { refused } from '../support/errors.ts';
import { farthest } from './plain.ts';
import { expectRefusal } from './refusal.ts';

const shapeOf = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 });
const shapesOf = fc.dictionary(fc.string({ maxLength: 4 }), shapeOf, { minKeys: 1, maxKeys: 6 });
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

describe('an empty tensor', () => {
  it('comes back empty with its shape, and moves no other tensor, wherever it is among them', () => {
    fc.assert(
      fc.property(shapesOf, fc.constantFrom(2 ** 22, 2 ** 40), (shapes, quantizationRange) => {
        const plan = { maxUsers: 2, shapes, quantizationRange, type: 'float64' } as const;
        const names = Object.keys(shapes);
        if (names.every((name) => sizeOf(shapes[name]!) === 0)) {
          const details = { element: 'shapes', value: 0, limits: [1, 2 ** 32 - 1] } as const;
          expectRefusal('ERR_SECAGG_NO_VALUES', () => weightedMean(plan), details);
          return;
        }
        const full = Object.fromEntries(Object.entries(shapes).filter(([, shape]) => sizeOf(shape) > 0));
        let next = 0;
        const tensorsOf = (chosen: typeof shapes): Record<string, Tensor<number[]>> =>
          Object.fromEntries(
            Object.entries(chosen).map(([name, shape]) => [
              name,
              { shape, data: Array.from({ length: sizeOf(shape) }, () => Math.sin(next++)) },
            ]),
          );
        const encoding = mean({ ...plan, rounding: 'nearest' });
        const without = mean({ ...plan, shapes: full, rounding: 'nearest' });
        const tensors = tensorsOf(shapes);
        expect(encoding.vecLen).to.equal(without.vecLen);
        const same = names.length === Object.keys(full).length;
        expect(encoding.options.session === without.options.session).to.equal(same);
        const { vector } = encoding.encode(tensors);
        const some = Object.fromEntries(Object.keys(full).map((name) => [name, tensors[name]!]));
        expect(vector).to.deep.equal(without.encode(some).vector);
        const { mean: result } = encoding.decode(vector, { users: 1 });
        expect(Object.keys(result).sort()).to.deep.equal(names.sort());
        for (const name of names) {
          expect(result[name]!.shape).to.deep.equal(shapes[name]);
          expect(farthest(result[name]!.data, tensors[name]!.data)).to.be.below(1e-5);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is a place in every encoding of tensors, and beside scalars and nested names', () => {
    const shapes = { a: [0], b: { c: [], d: [2, 0, 3] }, e: [2], f: [0, 2 ** 32 - 1] } as const;
    const nothing = { shape: [0], data: [] };
    const data = {
      a: nothing,
      b: { c: { shape: [], data: [3] }, d: { shape: [2, 0, 3], data: [] } },
      e: { shape: [2], data: [1, 2] },
      f: { shape: [0, 2 ** 32 - 1], data: [] },
    } as const;
    const maxUsers = 2;
    const all = combine({
      sum: sum({ maxUsers, shapes, min: 0, max: 9 }),
      fixed: fixedPoint({ maxUsers, shapes }),
      weighted: weightedMean({ maxUsers, shapes, rounding: 'correlated' }),
    });
    const place = { slot: 1, seed: 'round 7' };
    const result = all.decode(all.encode({ sum: data, fixed: data, weighted: data }, 5, place).vector, { users: 1 });
    for (const tensors of [result.sum.sum, result.fixed.sum, result.weighted.mean]) {
      expect([tensors.a.data.length, tensors.b.d.data.length, tensors.f.data.length]).to.deep.equal([0, 0, 0]);
      expect([tensors.b.d.shape, tensors.f.shape]).to.deep.equal([
        [2, 0, 3],
        [0, 2 ** 32 - 1],
      ]);
      expect(farthest([...tensors.b.c.data, ...tensors.e.data], [3, 1, 2])).to.be.below(1e-3);
    }
  });

  it('that is given with values, or with another shape, is refused by its path', () => {
    const encoding = mean({ maxUsers: 2, shapes: { a: [0, 2], b: [1] } });
    const b = { shape: [1], data: [1] };
    expect(() => encoding.encode({ a: { shape: [0, 2], data: [1] }, b })).to.throw(RangeError, 'data.a.data');
    expect(() => encoding.encode({ a: { shape: [2, 0], data: [] }, b })).to.throw(RangeError, 'data.a.shape');
  });

  it('has its name in no error of a sum, as it has no element', () => {
    const encoding = mean({ maxUsers: 2, shapes: { a: [0], b: [1], c: [0], d: [1] } });
    const { element, index } = refused(
      'ERR_SECAGG_SUM_RANGE',
      () => encoding.decode(Int32Array.of(0, 2 ** 30), { users: 1 }),
      EncodingError,
    );
    expect([element, index]).to.deep.equal(['sum.d[0]', 0]);
  });

  it('beside others that are all empty too is refused, also if products of the other dimensions are infinite', () => {
    const most = 2 ** 32 - 1;
    const huge = Array.from({ length: 40 }, () => most);
    expectRefusal('ERR_SECAGG_NO_VALUES', () => mean({ maxUsers: 1, shapes: { a: [0], b: { c: [...huge, 0] } } }), {
      element: 'shapes',
      value: 0,
      limits: [1, most],
    });
  });
});
