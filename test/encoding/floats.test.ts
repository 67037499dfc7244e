// Means and sums of floats are within the stated bound of the results of exact arithmetic.
import { expect } from 'chai';
import fc from 'fast-check';
import { fixedPoint, mean, weightedMean, type Rounding, type Tensor } from '../../src/encoding/index.ts';
import { addUp, clip, farthest } from './plain.ts';

const ROUNDINGS: readonly Rounding[] = ['stochastic', 'correlated', 'nearest'];
const shapeOf = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });
const shapesOf = fc.letrec<{ node: object; shapes: object }>((tie) => ({
  node: fc.oneof({ maxDepth: 2 }, shapeOf, tie('shapes')),
  shapes: fc.dictionary(fc.string({ maxLength: 4 }), tie('node'), { minKeys: 1, maxKeys: 3 }),
})).shapes;

/** A user: a seed for its values, its weight as a share of the largest, and whether it is in the sum. */
const peopleOf = fc.array(
  fc.record({ seed: fc.nat(), share: fc.double({ min: 1e-6, max: 1, noNaN: true }), drops: fc.boolean() }),
  {
    minLength: 1,
    maxLength: 12,
  },
);
const planOf = fc.record({
  spare: fc.integer({ min: 0, max: 20 }),
  quantizationRange: fc.oneof(fc.integer({ min: 2, max: 1000 }), fc.integer({ min: 2, max: 2 ** 53 - 1 })),
  clippingRange: fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
  maxWeight: fc.oneof(fc.constantFrom(1, 1000, 1e-3), fc.double({ min: 1e-3, max: 1e9, noNaN: true })),
  type: fc.constantFrom('float32', 'float64' as const),
  rounding: fc.constantFrom(...ROUNDINGS),
  integers: fc.boolean(),
});

/** Data in the shapes of a plan, values by `value`; and the values alone, in the order of sorted names. */
function tensorsOf(shapes: object, value: () => number): { tensors: object; flat: number[] } {
  if (Array.isArray(shapes)) {
    const data = Array.from({ length: (shapes as number[]).reduce((a, b) => a * b, 1) }, value);
    return { tensors: { shape: shapes as number[], data }, flat: data };
  }
  const flat: number[] = [];
  const entries = Object.entries(shapes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, child]) => {
      const inner = tensorsOf(child as object, value);
      flat.push(...inner.flat);
      return [name, inner.tensors] as const;
    });
  return { tensors: Object.fromEntries(entries), flat };
}

function flatten(shapes: object, tensors: object): number[] {
  if (Array.isArray(shapes)) {
    const tensor = tensors as Tensor<Float32Array | Float64Array>;
    expect(tensor.shape).to.deep.equal(shapes);
    return [...tensor.data];
  }
  const names = Object.keys(shapes).sort();
  expect(Object.keys(tensors).sort()).to.deep.equal(names);
  return names.flatMap((name) => flatten((shapes as Record<string, object>)[name]!, (tensors as Record<string, object>)[name]!));
}

/** Values in ±1.3 of the clipping range, some of them at its edges, zero or tiny. */
function valuesOf(seed: number, range: number): () => number {
  let i = seed;
  return () => {
    i = (Math.imul(i, 1_664_525) + 1_013_904_223) >>> 0;
    const special = [range, -range, 0, range * 2 ** -40, -2 * range][i % 23];
    return special ?? (i / 2 ** 31 - 1) * 1.3 * range;
  };
}

describe('floats', () => {
  it('come back as their weighted mean within the stated bound, for any users, weights, shapes and dropouts', () => {
    fc.assert(
      fc.property(shapesOf, peopleOf, planOf, (shapes, people, { spare, integers, ...numbers }) => {
        const maxUsers = people.length + spare;
        const plan = { ...numbers, maxUsers, shapes: shapes as Record<string, number[]> };
        let encoding: ReturnType<typeof weightedMean<typeof plan>>;
        try {
          encoding = weightedMean(plan);
        } catch (error) {
          expect((error as Error).message).to.match(/need a ring of (6[5-9]|7\d) bits/);
          return;
        }
        const included = people.filter(({ drops }, i) => i === 0 || !drops);
        const exact: number[] = [];
        let totalWeight = 0;
        const vectors = included.map(({ seed, share }) => {
          const weight = integers
            ? Math.max(Math.min(1, plan.maxWeight), Math.floor(share * plan.maxWeight))
            : share * plan.maxWeight;
          const { tensors, flat } = tensorsOf(shapes, valuesOf(seed, plan.clippingRange));
          totalWeight += weight;
          flat.forEach((x, j) => (exact[j] = (exact[j] ?? 0) + weight * clip(x, plan.clippingRange)));
          const place =
            plan.rounding === 'correlated' ? { slot: people.findIndex((p) => p.seed === seed), seed: 'any' } : undefined;
          const { vector, clipped } = encoding.encode(tensors as never, weight, place);
          expect(clipped).to.equal(flat.filter((x) => Math.abs(x) > plan.clippingRange).length);
          return vector;
        });
        const users = included.length;
        const result = encoding.decode(addUp(encoding, vectors), { users });
        const { worst, rms } = encoding.errorBound({ users, totalWeight });
        expect(rms <= worst).to.equal(true);
        expect(result.totalWeight / totalWeight).to.be.closeTo(1, integers ? 1e-12 : 1e-8);
        const rounding = plan.clippingRange * 2 ** -48; // of the doubles that are compared with
        const error = farthest(
          flatten(shapes, result.mean),
          exact.map((x) => x / totalWeight),
        );
        expect(error).to.be.at.most(worst + rounding);
      }),
      { numRuns: 400 },
    );
  });

  it('come back as their mean and as their sum within the stated bound', () => {
    fc.assert(
      fc.property(
        peopleOf,
        planOf,
        fc.integer({ min: -3, max: 30 }),
        (people, { spare, quantizationRange, ...numbers }, fractionBits) => {
          const { clippingRange, type, rounding } = numbers;
          const base = { maxUsers: people.length + spare, length: 5, clippingRange, type, rounding };
          const [means, sums] = [
            mean({ ...base, quantizationRange: Math.min(quantizationRange, 2 ** 50) }),
            fixedPoint({ ...base, fractionBits }),
          ];
          const exact = new Array<number>(5).fill(0);
          const included = people.filter(({ drops }, i) => i === 0 || !drops);
          const encoded = included.map(({ seed }, slot) => {
            const data = Float64Array.from({ length: 5 }, valuesOf(seed, clippingRange));
            data.forEach((x, j) => (exact[j]! += clip(x, clippingRange)));
            const place = rounding === 'correlated' ? { slot, seed: Uint8Array.of(1) } : undefined;
            return [means.encode(data, undefined, place).vector, sums.encode(data, undefined, place).vector] as const;
          });
          const users = included.length;
          const mine = means.decode(
            addUp(
              means,
              encoded.map(([v]) => v),
            ),
            { users },
          );
          const slack = users * clippingRange * 2 ** -48;
          expect(
            farthest(
              mine.mean,
              exact.map((x) => x / users),
            ),
          ).to.be.at.most(means.errorBound({ users }).worst + slack);
          const total = sums.decode(
            addUp(
              sums,
              encoded.map(([, v]) => v),
            ),
            { users },
          );
          expect(farthest(total.sum, exact)).to.be.at.most(sums.errorBound({ users }).worst + slack);
          expect(mine.mean).to.be.instanceOf(type === 'float32' ? Float32Array : Float64Array);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('on the grid are summed exactly, in rings of up to 64 bits', () => {
    for (const [clippingRange, fractionBits, bits] of [
      [100, 8, 18],
      [2 ** 20, 30, 54],
      [2 ** 20, 40, 64],
    ] as const) {
      const encoding = fixedPoint({ maxUsers: 4, length: 4, clippingRange, fractionBits, type: 'float64' });
      expect(encoding.bits).to.be.within(bits - 1, bits);
      const step = 2 ** -fractionBits;
      const data = [step, -step, clippingRange / 2 + step, -clippingRange + 3 * step];
      const vectors = Array.from({ length: 3 }, () => encoding.encode(data).vector);
      const { sum } = encoding.decode(addUp(encoding, vectors), { users: 3 });
      expect([...sum]).to.deep.equal(data.map((x) => 3 * x));
    }
  });

  it('are as exact as doubles in a ring of 64 bits, with weights of any size', () => {
    const encoding = weightedMean({
      maxUsers: 1000,
      length: 3,
      quantizationRange: 2 ** 53 - 1,
      maxWeight: 2 ** 40,
      type: 'float64',
    });
    expect(encoding.bits).to.equal(63);
    const vectors = [1, 2 ** 40, 77_777].map((weight, i) => encoding.encode([1.234567890123, -8, i], weight).vector);
    const { mean: values, totalWeight } = encoding.decode(addUp(encoding, vectors), { users: 3 });
    expect(totalWeight).to.equal(2 ** 40 + 77_778);
    expect(values[0]).to.be.closeTo(1.234567890123, 1e-11);
    expect(values[1]).to.be.closeTo(-8, 1e-11);
    expect(values[2]).to.be.closeTo((2 ** 40 + 2 * 77_777) / totalWeight, 1e-11);
  });

  it('are taken from any kind of array, which is not changed', () => {
    const encoding = mean({ maxUsers: 3, length: 3, rounding: 'nearest', quantizationRange: 2 ** 20 });
    const data = [1, -2, 3];
    const expected = encoding.encode(data).vector;
    for (const kind of [Float32Array, Float64Array, Int32Array, Int8Array, Int16Array]) {
      const array = kind.from(data);
      expect(encoding.encode(array).vector).to.deep.equal(expected);
      expect([...array]).to.deep.equal(data);
    }
    expect(encoding.encode(Float64Array.from([0, ...data, 0]).subarray(1, 4)).vector).to.deep.equal(expected);
  });

  it('longer than a block, in several tensors, are each in their place', () => {
    const lengths = { a: 16_383, b: 1, c: 40_000, d: 16_384 };
    const shapes = Object.fromEntries(Object.entries(lengths).map(([name, n]) => [name, [n]]));
    for (const quantizationRange of [2 ** 22, 2 ** 40]) {
      const encoding = weightedMean({ maxUsers: 2, shapes, quantizationRange });
      let next = 0;
      const tensors = Object.fromEntries(
        Object.entries(lengths).map(([name, n]) => [
          name,
          { shape: [n], data: Float64Array.from({ length: n }, () => Math.sin(next++)) },
        ]),
      );
      const { mean: result } = encoding.decode(encoding.encode(tensors, 1000).vector, { users: 1 });
      for (const name of Object.keys(lengths)) expect(farthest(result[name]!.data, tensors[name]!.data)).to.be.below(1e-5);
    }
  });

  it('beyond the clipping range are clipped before they are weighted, and counted', () => {
    const encoding = weightedMean({ maxUsers: 2, length: 3, clippingRange: 1 });
    const { vector, clipped } = encoding.encode([100, -1, 1 + 2 ** -50], 1);
    expect(clipped).to.equal(2);
    const { worst } = encoding.errorBound({ users: 1, totalWeight: 1 });
    expect(farthest(encoding.decode(vector, { users: 1 }).mean, [1, -1, 1])).to.be.at.most(worst);
  });

  it('have an error in inverse proportion to the total weight, also if all weights are small', () => {
    const encoding = weightedMean({ maxUsers: 10, length: 1, type: 'float64' });
    const at = (totalWeight: number): number => encoding.errorBound({ users: 5, totalWeight }).worst;
    expect(at(5) / at(5000)).to.be.closeTo(1000, 0.1);
    expect(() => encoding.errorBound({ users: 5 })).to.throw(TypeError, 'totalWeight');
    expect(() => encoding.errorBound({ users: 5, totalWeight: 5001 })).to.throw(RangeError, 'totalWeight');
    expect(() => encoding.errorBound({ users: 11, totalWeight: 5 })).to.throw(RangeError, 'users');
    expect(() => mean({ maxUsers: 10, length: 1 }).errorBound({ users: 5, totalWeight: 5 })).to.throw(TypeError, 'totalWeight');
  });
});
