// Plans: the ring that no sum can leave, the options that follow from a plan, and plans that are refused.
import { expect } from 'chai';
import fc from 'fast-check';
import { combine, fixedPoint, histogram, mean, sum, weightedMean, type Encoding } from '../../src/encoding/index.ts';
import { ServerWrapper, UserWrapper } from '../../src/index.ts';
import { componentLimit, laneBytes, mostComponents } from '../../src/session/parameters.ts';
import { registeredUsers } from '../support/registered-users.ts';
import { addUp } from './plain.ts';
import { expectRefusal } from './refusal.ts';

const usersOf = fc.integer({ min: 2, max: 65_535 }); // as sessions have
const rangeOf = fc.oneof(fc.integer({ min: 2, max: 100 }), fc.integer({ min: 2, max: 2 ** 46 }));
const clipOf = fc.oneof(fc.constantFrom(8, 1, 1e-30, 1e30, 0.1), fc.double({ min: 1e-3, max: 1e6, noNaN: true }));

const registered = registeredUsers([1, 2, 3]);

/** That `maxUsers` of this vector cannot wrap, neither by arithmetic nor in the eyes of the protocol. */
function cannotWrap(encoding: Encoding<never, unknown, unknown>, vector: Int32Array | BigInt64Array): void {
  const { bits, maxUsers } = encoding.options;
  const limit = componentLimit(bits, maxUsers);
  for (const component of vector) expect(BigInt(component) <= limit && -BigInt(component) <= limit).to.equal(true);
  const [pk, sk] = registered.keys.get(1)!;
  new UserWrapper(1, 2, pk, sk, vector, registered.pki, encoding.options); // refuses what could wrap
}

describe('the ring of an encoding', () => {
  it('has 32 bits for 1,023 users at the default parameters, and 33 for 1,024', () => {
    expect([1, 2, 1023, 1024, 65_535].map((maxUsers) => weightedMean({ maxUsers, length: 1 }).bits)).to.deep.equal([
      23, 24, 32, 33, 38,
    ]);
  });

  it('is the least in which the largest components of all users fit', () => {
    fc.assert(
      fc.property(usersOf, rangeOf, (maxUsers, quantizationRange) => {
        const { bits } = mean({ maxUsers, length: 1, quantizationRange });
        const enough = (b: number): boolean => 2n * componentLimit(b, maxUsers) >= BigInt(quantizationRange);
        expect(enough(bits)).to.equal(true);
        expect(enough(bits - 1)).to.equal(false);
      }),
    );
  });

  it('is never left, whatever the parameters, weights and values are, also at the edges', () => {
    fc.assert(
      fc.property(
        fc.record({ maxUsers: usersOf, quantizationRange: rangeOf, clippingRange: clipOf }),
        fc.oneof(fc.integer({ min: 1, max: 2 ** 40 }), fc.double({ min: 1e-9, max: 1e9, noNaN: true })),
        fc.double({ min: 2 ** -30, max: 1, noNaN: true }),
        fc.constantFrom('stochastic', 'nearest', 'correlated' as const),
        (numbers, maxWeight, share, rounding) => {
          const plan = {
            ...numbers,
            length: 6,
            type: 'float64',
            rounding,
            random: (n: number) => new Uint8Array(n).fill(255),
          } as const;
          const clipped = numbers.clippingRange;
          const data = [clipped, -clipped, clipped * (1 - 2 ** -52), -clipped * (1 - 2 ** -52), 0, 1e300];
          const place = rounding === 'correlated' ? ([{ slot: numbers.maxUsers - 1, seed: 's' }] as const) : ([] as const);
          const weighted = weightedMean({ ...plan, maxWeight });
          for (const weight of [maxWeight, maxWeight * share])
            cannotWrap(weighted, weighted.encode(data, weight, ...place).vector);
          const plain = mean(plan);
          cannotWrap(plain, plain.encode(data, undefined, ...place).vector);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is never left by sums and counts', () => {
    fc.assert(
      fc.property(
        usersOf,
        fc.maxSafeInteger(),
        fc.maxSafeInteger(),
        fc.integer({ min: -20, max: 20 }),
        (maxUsers, a, b, fractionBits) => {
          const [min, max] = [a, b].map((x) => Math.trunc(x / 65_536)).sort((x, y) => x - y) as [number, number];
          if (min === max) return;
          const numbers = sum({ maxUsers, length: 4, min, max });
          cannotWrap(numbers, numbers.encode([min, max, min - 1, max + 1]).vector);
          const bigs = sum({ maxUsers, length: 4, min: BigInt(min), max: BigInt(max) });
          expect(bigs.bits).to.equal(numbers.bits);
          cannotWrap(bigs, bigs.encode([min, max, min - 1, max + 1].map(BigInt)).vector);
          const counts = histogram({ maxUsers, bins: 1, maxCount: Math.ceil((max - min) / 2) });
          cannotWrap(counts, counts.encode({ counts: [max] }).vector);
          const floats = fixedPoint({ maxUsers, length: 2, clippingRange: 1000.3, fractionBits });
          cannotWrap(floats, floats.encode([1001, -1001]).vector);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is never left by the sum of all users with their largest values', () => {
    for (const [maxUsers, quantizationRange] of [
      [3, 7],
      [100, 2 ** 22],
      [1000, 2 ** 50],
    ] as const) {
      const encoding = weightedMean({ maxUsers, length: 2, quantizationRange, clippingRange: 0.3, maxWeight: 77.7 });
      const vectors = Array.from({ length: maxUsers }, () => encoding.encode([5, -5], 77.7).vector);
      const { mean: values, totalWeight } = encoding.decode(addUp(encoding, vectors), { users: maxUsers });
      expect(totalWeight).to.be.closeTo(77.7 * maxUsers, 1e-9);
      expect([...values].map((x) => x.toFixed(5))).to.deep.equal(['0.30000', '-0.30000']);
    }
  });

  it('is refused above 64 bits, with the numbers', () => {
    for (const [bits, plan] of [
      [69, () => weightedMean({ maxUsers: 65_535, length: 1, quantizationRange: 2 ** 53 - 1 })],
      [65, () => fixedPoint({ maxUsers: 2, length: 1, clippingRange: 2 ** 30, fractionBits: 32 })],
    ] as const) {
      expectRefusal('ERR_SECAGG_RING_SIZE', plan, { element: 'plan', value: bits, limits: [1, 64] });
    }
    expect(fixedPoint({ maxUsers: 1, length: 1, clippingRange: 2 ** 30, fractionBits: 32 }).bits).to.equal(64);
  });
});

describe('the options of an encoding', () => {
  it('are all options that a server and its users need', () => {
    const { options } = mean({ maxUsers: 10, length: 5 });
    expect(options).to.deep.equal({ session: options.session, bits: 26, maxUsers: 10 });
    expect(options.session).to.match(/^secagg\/encoding 1 [0-9a-f]{64}$/);
  });

  it('name another session for each change of a parameter that all must agree on', () => {
    const plan = { maxUsers: 10, length: 5 };
    const encodings = [
      mean(plan),
      mean({ ...plan, maxUsers: 11 }),
      mean({ ...plan, length: 6 }),
      mean({ ...plan, clippingRange: 8.000001 }),
      mean({ ...plan, quantizationRange: 2 ** 22 + 1 }),
      mean({ ...plan, session: 'round 7' }),
      mean({ maxUsers: 10, shapes: { a: [5] } }),
      mean({ maxUsers: 10, shapes: { b: [5] } }),
      mean({ maxUsers: 10, shapes: { a: [5, 1] } }),
      mean({ maxUsers: 10, shapes: { a: { a: [5] } } }),
      weightedMean(plan),
      weightedMean({ ...plan, maxWeight: 1001 }),
      fixedPoint(plan),
      fixedPoint({ ...plan, fractionBits: 17 }),
      sum({ ...plan, min: 0, max: 9 }),
      sum({ ...plan, min: -1, max: 9 }),
      sum({ ...plan, min: 0, max: 10 }),
      histogram({ maxUsers: 10, bins: 5 }),
      histogram({ maxUsers: 10, bins: 5, maxCount: 2 }),
      combine({ a: mean(plan) }),
      combine({ b: mean(plan) }),
      combine({ a: mean(plan) }, { session: 'round 7' }),
      combine({ a: mean({ ...plan, session: 'round 7' }) }),
    ];
    expect(new Set(encodings.map(({ options }) => options.session)).size).to.equal(encodings.length);
  });

  it('name the same session however a plan is written, and whatever each party chooses for itself', () => {
    const session = (encoding: Encoding<never, unknown, unknown>): string => encoding.options.session;
    const plan = { maxUsers: 10, shapes: { a: [2], b: { c: [3], d: [] } } } as const;
    const same = [
      mean(plan),
      mean({ shapes: { b: { d: [], c: [3] }, a: [2] }, maxUsers: 10, clippingRange: 8, quantizationRange: 2 ** 22, session: '' }),
      mean({ ...plan, type: 'float64' }),
      mean({ ...plan, rounding: 'nearest' }),
      mean({ ...plan, rounding: 'correlated' }),
    ];
    expect(new Set(same.map(session)).size).to.equal(1);
    const [x, y] = [mean(plan), histogram({ maxUsers: 10, bins: 2 })];
    expect(session(combine({ x, y }))).to.equal(session(combine({ y, x })));
  });
});

describe('a plan', () => {
  const wrong: readonly [string, () => unknown, typeof TypeError | typeof RangeError][] = [
    ['plan', () => mean(null as never), TypeError],
    ['plan', () => mean([] as never), TypeError],
    ["plan: unknown option 'clipingRange'", () => mean({ maxUsers: 1, length: 1, clipingRange: 1 } as never), TypeError],
    ["plan: unknown option 'maxWeight'", () => mean({ maxUsers: 1, length: 1, maxWeight: 1 } as never), TypeError],
    ['maxUsers', () => mean({ length: 1 } as never), TypeError],
    ['maxUsers', () => mean({ maxUsers: 0, length: 1 }), RangeError],
    ['maxUsers', () => histogram({ maxUsers: 1_000_001, bins: 1 }), RangeError],
    ['maxUsers', () => sum({ maxUsers: 1.5, length: 1, min: 0, max: 1 }), RangeError],
    ['length or shapes', () => mean({ maxUsers: 1 } as never), TypeError],
    ['length or shapes', () => mean({ maxUsers: 1, length: 1, shapes: { a: [1] } } as never), TypeError],
    ['length', () => mean({ maxUsers: 1, length: 0 }), RangeError],
    ['length', () => mean({ maxUsers: 1, length: '1' } as never), TypeError],
    ['shapes', () => mean({ maxUsers: 1, shapes: [1] as never }), TypeError],
    ['shapes: expected at least one', () => mean({ maxUsers: 1, shapes: {} }), RangeError],
    ['shapes.a.b: expected at least one', () => mean({ maxUsers: 1, shapes: { a: { b: {} } } }), RangeError],
    ['shapes.a.b', () => mean({ maxUsers: 1, shapes: { a: { b: 3 } } } as never), TypeError],
    ['shapes.a.b[1]', () => mean({ maxUsers: 1, shapes: { a: { b: [1, -1] } } }), RangeError],
    ['shapes.a.b[0]', () => mean({ maxUsers: 1, shapes: { a: { b: [0.5] } } }), RangeError],
    ['shapes.a.b: expected at most', () => mean({ maxUsers: 1, shapes: { a: { b: [2 ** 20, 2 ** 20] } } }), RangeError],
    ['shapes: expected at most', () => mean({ maxUsers: 1, shapes: { a: [2 ** 31], b: [2 ** 31] } }), RangeError],
    ['clippingRange', () => mean({ maxUsers: 1, length: 1, clippingRange: 0 }), RangeError],
    ['clippingRange', () => mean({ maxUsers: 1, length: 1, clippingRange: NaN }), RangeError],
    ['clippingRange', () => mean({ maxUsers: 1, length: 1, clippingRange: Infinity }), RangeError],
    ['clippingRange', () => mean({ maxUsers: 1, length: 1, clippingRange: '8' as never }), TypeError],
    ['clippingRange', () => mean({ maxUsers: 1, length: 1, clippingRange: 2 ** 101 }), RangeError],
    ['quantizationRange', () => mean({ maxUsers: 1, length: 1, quantizationRange: 1 }), RangeError],
    ['quantizationRange', () => mean({ maxUsers: 1, length: 1, quantizationRange: 2.5 }), RangeError],
    ['type', () => mean({ maxUsers: 1, length: 1, type: 'float16' as never }), RangeError],
    ['rounding', () => mean({ maxUsers: 1, length: 1, rounding: 'up' as never }), RangeError],
    ['random', () => mean({ maxUsers: 1, length: 1, random: 7 as never }), TypeError],
    ['session', () => mean({ maxUsers: 1, length: 1, session: 7 as never }), TypeError],
    ['maxWeight', () => weightedMean({ maxUsers: 1, length: 1, maxWeight: 0 }), RangeError],
    ['maxWeight', () => weightedMean({ maxUsers: 1, length: 1, maxWeight: 2 ** 53 }), RangeError],
    ['fractionBits', () => fixedPoint({ maxUsers: 1, length: 1, fractionBits: 0.5 }), RangeError],
    ['max: expected more than min', () => sum({ maxUsers: 1, length: 1, min: 1, max: 1 }), RangeError],
    ['max: expected more than min', () => sum({ maxUsers: 1, length: 1, min: 2n, max: 1n }), RangeError],
    ['min', () => sum({ maxUsers: 1, length: 1, min: 0.5, max: 1 }), RangeError],
    ['min', () => sum({ maxUsers: 1, length: 1, min: 0n, max: 1 } as never), TypeError],
    ['max', () => sum({ maxUsers: 1, length: 1, min: 0, max: 1n } as never), TypeError],
    ['bins', () => histogram({ maxUsers: 1, bins: 0 }), RangeError],
    ['maxCount', () => histogram({ maxUsers: 2, bins: 1, maxCount: 2 ** 53 - 1 }), RangeError],
    ['encodings', () => combine(null as never), TypeError],
    ['encodings: expected at least one', () => combine({}), RangeError],
    ['encodings.a', () => combine({ a: 7 as never }), TypeError],
    ['encodings.b', () => combine({ a: mean({ maxUsers: 1, length: 1 }), b: mean({ maxUsers: 2, length: 1 }) }), RangeError],
    ['unknown option', () => combine({ a: mean({ maxUsers: 1, length: 1 }) }, { sesion: '' } as never), TypeError],
    ['session', () => combine({ a: mean({ maxUsers: 1, length: 1 }) }, { session: 7 } as never), TypeError],
  ];
  it('that is wrong is refused by the name of the argument', () => {
    for (const [name, plan, kind] of wrong) expect(plan, name).to.throw(kind, name);
  });

  it('of integers whose sums could leave their type is refused with the largest sum', () => {
    for (const [value, most, plan] of [
      [2n ** 54n - 2n, 2n ** 53n - 1n, () => sum({ maxUsers: 2, length: 1, min: 0, max: 2 ** 53 - 1 })],
      [2n ** 63n, 2n ** 63n - 1n, () => sum({ maxUsers: 2, length: 1, min: 0n, max: 2n ** 62n })],
    ] as const) {
      expectRefusal('ERR_SECAGG_RING_SIZE', plan, { element: 'plan', value, limits: [0n, most] });
    }
  });

  it('of more components than a session has is refused with both numbers, before anybody encodes', () => {
    for (const [bits, quantizationRange] of [
      [8, 64],
      [16, 2 ** 14],
      [32, 2 ** 30],
      [63, 2 ** 53 - 1],
    ] as const) {
      const most = mostComponents(bits);
      const plan = { maxUsers: 2, quantizationRange };
      const largest = mean({ ...plan, length: most });
      expect(laneBytes(largest.bits)).to.equal(laneBytes(bits));
      const details = { element: 'plan', value: most + 1, limits: [1, most] } as const;
      expectRefusal('ERR_SECAGG_VECTOR_SIZE', () => mean({ ...plan, length: most + 1 }), details);
      new ServerWrapper(2, largest.vecLen, largest.options); // a session has as many
      const parts = { head: largest, more: mean({ ...plan, length: 1 }) };
      expectRefusal('ERR_SECAGG_VECTOR_SIZE', () => combine(parts), details);
    }
  });

  it('takes any clipping range that doubles can hold', () => {
    for (const clippingRange of [1e-100, 2 ** 100, 1e100]) {
      const encoding = mean({ maxUsers: 3, length: 2, clippingRange, type: 'float64' });
      const { mean: values } = encoding.decode(encoding.encode([clippingRange, -clippingRange / 2]).vector, { users: 1 });
      expect(values[0]! / clippingRange).to.be.closeTo(1, 1e-6);
      expect(values[1]! / clippingRange).to.be.closeTo(-0.5, 1e-6);
    }
  });
});
