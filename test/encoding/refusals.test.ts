// Refusals of encode and decode. They tell the element, its index and the limits; a user's value is in no text.
import { inspect } from 'node:util';
import { expect } from 'chai';
import { combine, EncodingError, fixedPoint, histogram, mean, sum, weightedMean } from '../../src/encoding/index.ts';
import { refused } from '../support/errors.ts';
import { addUp } from './plain.ts';
import { expectRefusal } from './refusal.ts';

const shapes = { 'dense/kernel': [2, 2], deep: { bias: [2], scalar: [] } } as const;
const tensors = {
  'dense/kernel': { shape: [2, 2], data: [1, 2, 3, 4] },
  deep: { bias: { shape: [2], data: [1, 2] }, scalar: { shape: [], data: [0] } },
};
const named = weightedMean({ maxUsers: 4, shapes });
const flat = mean({ maxUsers: 4, length: 3 });

describe('values', () => {
  it('that are not finite numbers are refused by their index', () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      for (const data of [[0, 0, value], Float64Array.of(0, 0, value), Float32Array.of(0, 0, value)]) {
        const details = { element: 'data[2]', index: 2, value };
        expectRefusal('ERR_SECAGG_VALUE', () => flat.encode(data), details);
        expectRefusal('ERR_SECAGG_VALUE', () => fixedPoint({ maxUsers: 1, length: 3 }).encode(data), details);
        expectRefusal('ERR_SECAGG_VALUE', () => sum({ maxUsers: 1, length: 3, min: 0, max: 9 }).encode(data), details);
      }
    }
    for (const value of ['1', null, undefined, 1n, {}]) {
      expect(() => flat.encode([0, value, 0] as never)).to.throw(TypeError, 'data[1]: expected a number');
    }
    expect(() => flat.encode(BigInt64Array.of(0n, 0n, 0n) as never)).to.throw(
      TypeError,
      'data[0]: expected a number, got bigint',
    );
    expectRefusal('ERR_SECAGG_VALUE', () => sum({ maxUsers: 1, length: 1, min: 0, max: 9 }).encode([0.5]), {
      element: 'data[0]',
      index: 0,
      value: 0.5,
    });
    expect(() => sum({ maxUsers: 1, length: 1, min: 0n, max: 9n }).encode([5] as never)).to.throw(
      TypeError,
      'data[0]: expected a bigint',
    );
    const long = new Float32Array(100_000);
    long[99_999] = NaN;
    expectRefusal('ERR_SECAGG_VALUE', () => mean({ maxUsers: 1, length: 100_000 }).encode(long), {
      element: 'data[99999]',
      index: 99_999,
      value: NaN,
    });
  });

  it('and weights that are refused are told by the error, but neither in its message nor when it is printed', () => {
    const integers = sum({ maxUsers: 1, length: 2, min: 0, max: 9 });
    for (const refusal of [
      refused('ERR_SECAGG_VALUE', () => integers.encode([1, 123.456]), EncodingError),
      refused('ERR_SECAGG_VALUE', () => histogram({ maxUsers: 1, bins: 2 }).encode({ indices: [123.456] }), EncodingError),
      refused(
        'ERR_SECAGG_WEIGHT',
        () => weightedMean({ maxUsers: 1, length: 1, maxWeight: 5 }).encode([0], 123.456),
        EncodingError,
      ),
    ]) {
      expect(refusal.value).to.equal(123.456);
      expect(`${refusal.message} ${inspect(refusal)} ${JSON.stringify(refusal)}`).not.to.contain('123.456');
    }
  });

  it('that are not an array of the plan’s length are refused', () => {
    for (const data of [[], [1, 2], [1, 2, 3, 4], new Float32Array(2)]) {
      expect(() => flat.encode(data)).to.throw(RangeError, `data: expected 3 values, got ${data.length}`);
    }
    for (const data of [undefined, null, 7, 'abc', {}, new DataView(new ArrayBuffer(3)), { length: 3 }]) {
      expect(() => flat.encode(data as never)).to.throw(TypeError, 'data: expected an array or a typed array');
    }
  });

  it('in the place of a shape are not told, as they are part of the input', () => {
    const swapped = { shape: [271, 828], data: [2] };
    expect(() => named.encode({ ...tensors, deep: { ...tensors.deep, bias: swapped } }, 1))
      .to.throw(RangeError, 'data.deep.bias.shape')
      .with.property('message')
      .that.does.not.match(/271|828/);
    const fractions = { shape: [0.271], data: [1, 2] };
    expect(() => named.encode({ ...tensors, deep: { ...tensors.deep, bias: fractions } }, 1))
      .to.throw(RangeError, 'data.deep.bias.shape')
      .with.property('message')
      .that.does.not.match(/271/);
    for (const shape of [[Object.create(null)], [Symbol('2')]]) {
      const strange = { shape, data: [1, 2] };
      expect(() => named.encode({ ...tensors, deep: { ...tensors.deep, bias: strange } }, 1)).to.throw(RangeError);
    }
  });

  it('of an array that becomes shorter while it is read are refused, and those that it grows by are not read', () => {
    const changing = (values: unknown[], length: number): unknown[] =>
      Object.defineProperty([...values], 0, {
        get(this: unknown[]) {
          this.length = length;
          return values[0];
        },
      });
    for (const [encoding, one] of [
      [sum({ maxUsers: 3, length: 2, min: 0n, max: 5n }), 3n],
      [sum({ maxUsers: 3, length: 2, min: 0, max: 5 }), 3],
      [mean({ maxUsers: 3, length: 2, rounding: 'nearest' }), 3],
    ] as const) {
      const encode = (data: unknown[]): unknown => encoding.encode(data as never).vector;
      expect(() => encode(changing([one, one], 1))).to.throw(TypeError, 'data[1]');
      expect(encode(changing([one, one], 9))).to.deep.equal(encode([one, one]));
    }
  });

  it('of named tensors that do not match the plan are refused by their path', () => {
    const wrong: readonly [string, unknown][] = [
      ['data: expected an object, got null', null],
      ['data.deep: missing', { 'dense/kernel': tensors['dense/kernel'] }],
      ['data.more: not in the plan', { ...tensors, more: 1 }],
      ['data.deep: expected an object, got number', { ...tensors, deep: 1 }],
      ['data.deep.scalar: missing', { ...tensors, deep: { bias: tensors.deep.bias } }],
      ['data.deep.scale: not in the plan', { ...tensors, deep: { ...tensors.deep, scale: 1 } }],
      ...[[1, 2], Float32Array.of(1, 2)].map((bias): [string, unknown] => [
        'data.deep.bias: expected an object { shape, data }, got an array of values',
        { ...tensors, deep: { ...tensors.deep, bias } },
      ]),
      ['data.deep.bias.shape: missing', { ...tensors, deep: { ...tensors.deep, bias: { data: [1, 2] } } }],
      [
        'data.deep.bias.shape: expected [2], got number',
        { ...tensors, deep: { ...tensors.deep, bias: { shape: 2, data: [1, 2] } } },
      ],
      [
        'data.deep.bias.shape: expected [2], got [3]',
        { ...tensors, deep: { ...tensors.deep, bias: { shape: [3], data: [1, 2] } } },
      ],
      ['data.dense/kernel.shape: expected [2, 2], got [4]', { ...tensors, 'dense/kernel': { shape: [4], data: [1, 2, 3, 4] } }],
      ['data.dense/kernel.data: expected 4 values, got 3', { ...tensors, 'dense/kernel': { shape: [2, 2], data: [1, 2, 3] } }],
    ];
    for (const [message, data] of wrong) expect(() => named.encode(data as never, 1), message).to.throw(Error, message);
    expectRefusal(
      'ERR_SECAGG_VALUE',
      () => named.encode({ ...tensors, 'dense/kernel': { shape: [2, 2], data: [1, 2, 3, NaN] } }, 1),
      { element: 'data.dense/kernel.data[3]', index: 3, value: NaN },
    );
  });

  it('of tensors with names that objects inherit are encoded like others', () => {
    const odd = JSON.parse('{"__proto__": [1], "constructor": [1], "toString": {"a.b": [1]}}') as Record<string, number[]>;
    const encoding = mean({ maxUsers: 1, shapes: odd as { constructor: number[] } });
    const data = JSON.parse(
      '{"__proto__": {"shape": [1], "data": [1]}, "constructor": {"shape": [1], "data": [2]}, "toString": {"a.b": {"shape": [1], "data": [3]}}}',
    ) as never;
    const { mean: values } = encoding.decode(encoding.encode(data).vector, { users: 1 });
    expect(Object.keys(values).sort()).to.deep.equal(['__proto__', 'constructor', 'toString']);
    expect(() => encoding.encode({} as never)).to.throw(TypeError, 'data.__proto__: missing');
  });
});

describe('a shape', () => {
  it('that lacks a dimension is refused, and not taken for a shorter one', () => {
    for (const shape of [Object.assign(new Array<number>(3), { 0: 2, 2: 3 }), new Array<number>(2)]) {
      expect(() => mean({ maxUsers: 4, shapes: { kernel: shape } })).to.throw(TypeError, 'shapes.kernel[');
    }
  });
});

describe('a place', () => {
  it('that is no object with a slot and a seed is refused', () => {
    const correlated = mean({ maxUsers: 4, length: 1, rounding: 'correlated' });
    for (const place of [null, 5, [], { slot: 0, seed: 'x', sed: 'y' }, { slot: 0 }, { slot: '0', seed: 'x' }]) {
      expect(() => correlated.encode([1], undefined, place as never)).to.throw(TypeError, 'place');
    }
  });
});

describe('weights', () => {
  it('outside of [0, maxWeight] are refused', () => {
    for (const value of [-1, -Number.MIN_VALUE, 1000.001, NaN, Infinity, -Infinity]) {
      const details = { element: 'weight', value, limits: [0, 1000] } as const;
      expectRefusal('ERR_SECAGG_WEIGHT', () => named.encode(tensors, value), details);
    }
    for (const weight of ['1', null, 1n]) expect(() => named.encode(tensors, weight as never)).to.throw(TypeError, 'weight');
  });

  it('that are missing, or given to an encoding that takes none, are refused', () => {
    expect(() => named.encode(tensors)).to.throw(TypeError, 'weight: missing');
    for (const encode of [
      () => flat.encode([1, 2, 3], 1),
      () => fixedPoint({ maxUsers: 1, length: 1 }).encode([1], 1),
      () => sum({ maxUsers: 1, length: 1, min: 0, max: 1 }).encode([1], 1),
      () => histogram({ maxUsers: 1, bins: 1 }).encode({ counts: [1] }, 1),
      () => combine({ flat }).encode({ flat: [1, 2, 3] }, 1),
    ]) {
      expect(encode).to.throw(TypeError, 'weight: this encoding takes none');
    }
  });

  it('are exact, from the smallest to the largest, in rings of few and many bits', () => {
    for (const quantizationRange of [2, 16, 2 ** 22, 2 ** 50]) {
      for (const maxWeight of [1, 1000, 0.001, 2 ** 53 - 1]) {
        const encoding = weightedMean({ maxUsers: 3, length: 1, quantizationRange, maxWeight });
        const total = (...weights: number[]): number => {
          const vectors = weights.map((weight) => encoding.encode([0], weight).vector);
          return encoding.decode(addUp(encoding, vectors), { users: weights.length }).totalWeight;
        };
        expect(total(maxWeight, maxWeight, maxWeight)).to.equal(3 * maxWeight);
        expect(total(maxWeight / 4)).to.be.closeTo(maxWeight / 4, maxWeight * 2 ** -51);
        expect(total(Number.MIN_VALUE)).to.be.greaterThan(0);
      }
    }
  });
});

describe('a sum', () => {
  const { vector } = named.encode(tensors, 5);

  it('of another kind or length than the plan’s, or of no user, is refused', () => {
    expect(() => named.decode(BigInt64Array.from(vector, BigInt), { users: 1 })).to.throw(
      TypeError,
      'sum: expected an Int32Array',
    );
    expect(() => named.decode([...vector] as never, { users: 1 })).to.throw(TypeError, 'sum');
    const wide = mean({ maxUsers: 4, length: 3, quantizationRange: 2 ** 40 });
    expect(() => wide.decode(new Int32Array(3), { users: 1 })).to.throw(TypeError, 'sum: expected a BigInt64Array');
    expect(() => named.decode(vector.subarray(1), { users: 1 })).to.throw(RangeError, 'sum: expected');
    for (const users of [0, 5, 1.5, NaN]) expect(() => named.decode(vector, { users })).to.throw(RangeError, 'users');
    expect(() => named.decode(vector, {} as never)).to.throw(TypeError, 'users');
  });

  it('whose terms have a misspelt name is refused', () => {
    const { vector } = flat.encode([1, 2, 3]);
    expect(() => flat.decode(vector, { users: 1, cohort: 2 } as never)).to.throw(TypeError, 'terms');
    expect(() => flat.decode(vector, { users: 1, totalWeight: 2 } as never)).to.throw(TypeError, 'terms');
    expect(() => flat.errorBound({ users: 1, cohort: 2 } as never)).to.throw(TypeError, 'terms');
  });

  it('whose weights are all zero is refused with a code, not divided by zero', () => {
    const zeros = new Int32Array(named.vecLen);
    expectRefusal('ERR_SECAGG_ZERO_WEIGHT', () => named.decode(zeros, { users: 3 }), { element: 'totalWeight', value: 0 });
    expectRefusal('ERR_SECAGG_ZERO_WEIGHT', () => combine({ named }).decode(zeros, { users: 3 }), {
      element: 'totalWeight.named',
      value: 0,
    });
  });

  it('that honest users cannot have made is refused by the name of the element', () => {
    const changed = (index: number, value: number): Int32Array => {
      const sum = Int32Array.from(vector as Int32Array);
      sum[index] = value;
      return sum;
    };
    const digits = named.vecLen - 7; // then deep.bias, deep.scalar, dense/kernel
    const digit = 2 ** 22 - 1; // the largest of one user
    for (const [index, value, element, at, limits] of [
      [0, -1, 'totalWeight', 0, [0n, BigInt(digit)]],
      [0, 2 ** 30, 'totalWeight', 0, [0n, BigInt(digit)]],
      [digits - 1, digit, 'totalWeight', null, [0, 1000]],
      [digits, -(2 ** 23), 'sum.deep.bias[0]', 0, null],
      [digits + 2, 2 ** 23, 'sum.deep.scalar[0]', 0, null],
      [digits + 6, 2 ** 23, 'sum.dense/kernel[3]', 3, null],
    ] as const) {
      const error = refused('ERR_SECAGG_SUM_RANGE', () => named.decode(changed(index, value), { users: 1 }), EncodingError);
      expect([error.element, error.index]).to.deep.equal([element, at]);
      if (limits !== null) expect(error.limits).to.deep.equal(limits);
      const [least, most] = error.limits!;
      expect(Number(error.value) < least || Number(error.value) > most).to.equal(true);
    }

    // Users without a weight send zeros.
    const weightless = new Int32Array(named.vecLen);
    weightless[named.vecLen - 1] = 1;
    expectRefusal('ERR_SECAGG_SUM_RANGE', () => named.decode(weightless, { users: 3 }), {
      element: 'sum.dense/kernel[3]',
      index: 3,
      value: 1,
      limits: [0, 0],
    });

    for (const decode of [
      () => flat.decode(Int32Array.of(0, 2 ** 23, 0), { users: 1 }),
      () => histogram({ maxUsers: 3, bins: 2 }).decode(Int32Array.of(0, -1), { users: 1 }),
      () => sum({ maxUsers: 3, length: 2, min: 0n, max: 1n }).decode(Int32Array.of(0, 2), { users: 1 }),
      () => sum({ maxUsers: 3, length: 2, min: 0n, max: 1n }).decode(Int32Array.of(0, -1), { users: 1 }),
      () => fixedPoint({ maxUsers: 3, length: 2 }).decode(Int32Array.of(0, 8 * 65_536 + 1), { users: 1 }),
    ]) {
      const { element, index } = refused('ERR_SECAGG_SUM_RANGE', decode, EncodingError);
      expect([element, index]).to.deep.equal(['sum[1]', 1]);
    }
  });
});
