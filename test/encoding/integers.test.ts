// Exact sums and histograms.
import { expect } from 'chai';
import fc from 'fast-check';
import { histogram, sum } from '../../src/encoding/index.ts';
import { addUp } from './plain.ts';
import { expectRefusal } from './refusal.ts';

describe('sums of bounded integers', () => {
  it('are exact, for numbers and for bigints, over any range', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.integer(), fc.integer()).filter(([a, b]) => a !== b),
        fc.array(fc.array(fc.integer(), { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 1000 }),
        (ends, people, spare) => {
          const [min, max] = ends.sort((a, b) => a - b);
          const maxUsers = people.length + spare;
          const inside = (x: number): number => Math.max(min, Math.min(max, x));
          const expected = [0, 1, 2].map((j) => people.reduce((total, row) => total + inside(row[j]!), 0));
          const outside = people.map((row) => row.filter((x) => x < min || x > max).length);
          const users = people.length;

          const numbers = sum({ maxUsers, length: 3, min, max });
          const encoded = people.map((row) => numbers.encode(row));
          expect(encoded.map(({ clipped }) => clipped)).to.deep.equal(outside);
          const result = numbers.decode(
            addUp(
              numbers,
              encoded.map(({ vector }) => vector),
            ),
            { users },
          );
          expect([...result.sum].map((x) => x + 0)).to.deep.equal(expected.map((x) => x + 0));

          const bigs = sum({ maxUsers, length: 3, min: BigInt(min), max: BigInt(max) });
          const big = people.map((row) => bigs.encode(row.map(BigInt)));
          expect(big.map(({ clipped }) => clipped)).to.deep.equal(outside);
          expect(big.map(({ vector }) => vector)).to.deep.equal(encoded.map(({ vector }) => vector));
          const { sum: total } = bigs.decode(
            addUp(
              bigs,
              big.map(({ vector }) => vector),
            ),
            { users },
          );
          expect([...total]).to.deep.equal(expected.map(BigInt));
          expect(numbers.errorBound({ users })).to.deep.equal({ worst: 0, rms: 0 });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are exact in 64 bits, and as doubles up to 2^53', () => {
    const limit = 2n ** 63n - 1n;
    const wide = sum({ maxUsers: 3, shapes: { a: [2], b: { c: [] } }, min: -limit / 3n, max: limit / 3n });
    expect(wide.bits).to.equal(64);
    const tensors = { a: { shape: [2], data: [limit / 3n, -limit] }, b: { c: { shape: [], data: [-1n] } } };
    const { vector, clipped } = wide.encode(tensors);
    expect(clipped).to.equal(1);
    const { sum: total } = wide.decode(addUp(wide, [vector, vector, vector]), { users: 3 });
    expect(total.a.data).to.deep.equal(BigInt64Array.of(3n * (limit / 3n), -3n * (limit / 3n)));
    expect(total.b.c.data).to.deep.equal(BigInt64Array.of(-3n));

    const most = 2 ** 53 - 1;
    for (const [min, max] of [
      [-most, most],
      [0, most],
      [most - 1, most],
      [-most, 1 - most],
    ] as const) {
      const one = sum({ maxUsers: 1, length: 2, min, max });
      expect([...one.decode(one.encode([min, max]).vector, { users: 1 }).sum]).to.deep.equal([min, max]);
    }
  });

  it('take one bit less if the range is on one side of zero', () => {
    const bits = (min: number, max: number): number => sum({ maxUsers: 1000, length: 1, min, max }).bits;
    expect([bits(0, 255), bits(1000, 1255), bits(-128, 127), bits(0, 1)]).to.deep.equal([18, 18, 18, 11]);
  });
});

describe('a histogram', () => {
  it('counts the events in its bins, given one by one or counted', () => {
    const bins = histogram({ maxUsers: 3, bins: 4, maxCount: 2 });
    const people = [{ indices: [0, 3, 3] }, { indices: [3, 3, 3, 3, 1] }, { counts: [1, 0, 9, 0] }];
    const encoded = people.map((data) => bins.encode(data));
    expect(encoded.map(({ clipped }) => clipped)).to.deep.equal([0, 1, 1]);
    const vectors = encoded.map(({ vector }) => vector);
    expect(bins.decode(addUp(bins, vectors), { users: 3 })).to.deep.equal({ counts: Float64Array.of(2, 1, 2, 4) });
    expect(bins.decode(bins.encode({ indices: new Uint16Array(0) }).vector, { users: 1 }).counts).to.deep.equal(
      new Float64Array(4),
    );
    expect(bins.errorBound({ users: 3 })).to.deep.equal({ worst: 0, rms: 0 });
  });

  it('refuses a bin that does not exist, by its index', () => {
    const bins = histogram({ maxUsers: 3, bins: 4 });
    for (const value of [4, -1, 0.5, NaN]) {
      const details = { element: 'data.indices[1]', index: 1, value, limits: [0, 3] } as const;
      expectRefusal('ERR_SECAGG_VALUE', () => bins.encode({ indices: [0, value] }), details);
    }
    expect(() => bins.encode({ indices: ['0'] as never })).to.throw(TypeError, 'data.indices[0]');
    expect(() => bins.encode({ indices: 7 as never })).to.throw(TypeError, 'data.indices');
    expect(() => bins.encode({ counts: [1, 2, 3] })).to.throw(RangeError, 'data.counts: expected 4 values, got 3');
    expectRefusal('ERR_SECAGG_VALUE', () => bins.encode({ counts: [1, 2, 3, 0.5] }), {
      element: 'data.counts[3]',
      index: 3,
      value: 0.5,
    });
    expect(() => bins.encode({ counts: [], indices: [] })).to.throw(TypeError, 'data.indices');
    expect(() => bins.encode({} as never)).to.throw(TypeError, 'data.indices: missing');
    expect(() => bins.encode([1, 2, 3, 4] as never)).to.throw(TypeError, 'data: expected an object, got an array');
  });
});
