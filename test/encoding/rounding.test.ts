// Rounding has no bias and the stated variance, and draws its bits in bulk. Seeds make the tests repeatable.
import { expect } from 'chai';
import fc from 'fast-check';
import { fixedPoint, mean, type Place } from '../../src/encoding/index.ts';
import { strataFor, strataOf } from '../../src/encoding/strata.ts';
import { addUp, seeded, uniform } from './plain.ts';

const LENGTH = 1 << 16;
const constant = (value: number): Float64Array => new Float64Array(LENGTH).fill(value);
const moments = (values: Iterable<number>): { mean: number; variance: number } => {
  let [count, sum, squares] = [0, 0, 0];
  for (const value of values) [count, sum, squares] = [count + 1, sum + value, squares + value ** 2];
  return { mean: sum / count, variance: squares / count - (sum / count) ** 2 };
};

/** Multiples of 2^-20 of every size up to 2^62, with as many digits as a double has. */
const values = fc
  .tuple(fc.maxSafeInteger(), fc.integer({ min: -20, max: 9 }))
  .map(([digits, exponent]) => digits * 2 ** exponent)
  .filter((value) => Math.abs(value) <= 2 ** 62);
/** Where the distance between doubles becomes a half, one and two. */
const EDGES = [2 ** 51 - 0.25, 2 ** 51 + 0.5, 2 ** 52 - 0.5, 2 ** 52 + 1, 2 ** 53 - 1, 2 ** 53 + 2, 2 ** 62].flatMap((x) => [
  x,
  -x,
]);
/** ⌊value + share/2^33⌋. */
const floorOf = (value: number, share: number): bigint => {
  const [scaled, one] = [BigInt(value * 2 ** 20) * 2n ** 13n + BigInt(share), 2n ** 33n];
  return scaled / one - (scaled % one < 0n ? 1n : 0n);
};
/** A grid of integers that doubles of up to 2^62 fit into. */
const wide = { length: 1, maxUsers: 1, clippingRange: 2 ** 62, fractionBits: 0, type: 'float64' } as const;

/** Integers, so that what is rounded is the value itself. */
const grid = { length: LENGTH, clippingRange: 1000, fractionBits: 0, type: 'float64' } as const;

describe('stochastic rounding', () => {
  it('is unbiased and has the variance f(1 − f), for every fraction and sign', () => {
    const encoding = fixedPoint({ ...grid, maxUsers: 2, random: seeded(1) });
    for (const fraction of [0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999]) {
      for (const whole of [0, 5, -1, -700]) {
        const { vector } = encoding.encode(constant(whole + fraction));
        expect(new Set(vector as Int32Array).size).to.equal(fraction === 0 ? 1 : 2);
        const expected = fraction * (1 - fraction);
        const { mean: average, variance } = moments(vector as Int32Array);
        const deviation = Math.sqrt(expected / LENGTH);
        expect(Math.abs(average - whole - fraction)).to.be.at.most(5 * deviation);
        expect(Math.abs(variance - expected)).to.be.at.most(5 * deviation);
      }
    }
  });

  it('of a value with the fraction f goes up for the share f of all random words, exactly, however large the value is', () => {
    const expectRounded = (value: number, word: number): void => {
      const random = (): Uint8Array => new Uint8Array(Uint32Array.of(word).buffer);
      const { vector } = fixedPoint({ ...wide, random }).encode([value]);
      expect(vector[0], `${value} with ${word}`).to.equal(floorOf(value, 2 * word + 1));
    };
    const words = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
    for (const value of [...EDGES, 0, 0.5, -0.5, 2 ** -20, -(2 ** -20)]) words.forEach((word) => expectRounded(value, word));
    fc.assert(fc.property(values, fc.integer({ min: 0, max: 2 ** 32 - 1 }), expectRounded), { numRuns: 2000 });
  });

  it('keeps integers and the edges of the range as they are', () => {
    const encoding = fixedPoint({ ...grid, maxUsers: 2, length: 6 });
    const data = [0, -0, 1, -1, 1000, -1000];
    for (let run = 0; run < 100; run++) expect([...encoding.encode(data).vector]).to.deep.equal(data.map((x) => x + 0));
  });

  it('of many users adds up to an error with the stated root mean square', () => {
    const users = 50;
    const encoding = mean({ maxUsers: users, length: LENGTH, random: seeded(2), quantizationRange: 255, type: 'float64' });
    const draw = uniform(3);
    const exact = new Float64Array(LENGTH);
    const vectors = Array.from({ length: users }, () => {
      const data = Float64Array.from({ length: LENGTH }, () => draw() * 12 - 6);
      data.forEach((x, j) => (exact[j]! += x / users));
      return encoding.encode(data).vector;
    });
    const { mean: values } = encoding.decode(addUp(encoding, vectors), { users });
    const { mean: bias, variance } = moments(values.map((x, j) => x - exact[j]!));
    const { rms } = encoding.errorBound({ users });
    // Fractions that are spread evenly have f(1 − f) = 1/6 on average, where the bound takes the largest, 1/4.
    expect(Math.sqrt(variance) / rms).to.be.closeTo(Math.sqrt(4 / 6), 0.02);
    expect(Math.abs(bias)).to.be.below((5 * rms) / Math.sqrt(LENGTH));
  });

  it('takes its bits from the generator in bulk, and repeats itself with the same bits', () => {
    const calls: number[] = [];
    const random = (length: number): Uint8Array => {
      calls.push(length);
      return seeded(7)(length);
    };
    const encoding = mean({ maxUsers: 2, length: LENGTH, random });
    const data = constant(1.23);
    const { vector } = encoding.encode(data);
    expect(calls.length).to.be.at.most(16);
    expect(calls.reduce((a, b) => a + b)).to.equal(4 * LENGTH);
    expect(encoding.encode(data).vector).to.deep.equal(vector);
    // Bytes in the middle of a larger buffer are as good.
    const offset = mean({ maxUsers: 2, length: LENGTH, random: (n) => new Uint8Array([0, ...seeded(7)(n)]).subarray(1) });
    expect(offset.encode(data).vector).to.deep.equal(vector);
    const system = mean({ maxUsers: 2, length: LENGTH });
    const [one, other] = [system.encode(data).vector, system.encode(data).vector];
    expect(one).not.to.deep.equal(other);
    expect(one.slice(0, LENGTH / 4)).not.to.deep.equal(one.slice(LENGTH / 4, LENGTH / 2));
  });

  it('refuses a generator that gives other bytes than it is asked for', () => {
    for (const random of [() => new Uint8Array(1), () => [1, 2, 3, 4] as never]) {
      expect(() => mean({ maxUsers: 2, length: 1, random }).encode([1])).to.throw(TypeError, 'random');
    }
  });
});

describe('rounding to the nearest', () => {
  it('is off by at most half a step, rounds halves up, and needs no random bits', () => {
    const random = (): never => {
      throw new Error('asked for bits');
    };
    const encoding = fixedPoint({ ...grid, maxUsers: 2, length: 8, rounding: 'nearest', random });
    const data = [0.5, -0.5, 1.5, 0.49999999999999994, -0.75, 2.4, 999.9, -0.2];
    expect([...encoding.encode(data).vector].map((x) => Number(x) + 0)).to.deep.equal([1, 0, 2, 0, -1, 2, 1000, 0]);
  });

  it('is exact, however large the value is', () => {
    const encoding = fixedPoint({ ...wide, rounding: 'nearest' });
    const expectRounded = (value: number): void => {
      expect(encoding.encode([value]).vector[0], String(value)).to.equal(floorOf(value, 2 ** 32));
    };
    EDGES.forEach(expectRounded);
    fc.assert(fc.property(values, expectRounded), { numRuns: 2000 });
  });
});

describe('correlated rounding', () => {
  const place = (slot: number, seed: Place['seed'] = 'session 7'): Place => ({ slot, seed });
  const correlated = { rounding: 'correlated', random: seeded(11) } as const;

  it('gives different users different strata, and each user every stratum equally often', () => {
    for (const users of [1, 2, 3, 5, 8, 50]) {
      const p = strataFor(users);
      expect(p).to.equal({ 1: 3, 2: 3, 3: 3, 5: 5, 8: 11, 50: 53 }[users]);
      const strata = Array.from({ length: users }, (_, slot) => strataOf({ slot, seed: Uint8Array.of(1, 2) }, 0, p)(LENGTH));
      for (let j = 0; j < 1000; j++) {
        const row = strata.map((values) => values[j]!);
        expect(new Set(row).size).to.equal(users);
        expect(row.every((s) => Number.isInteger(s) && s >= 0 && s < p)).to.equal(true);
      }
      for (const values of strata) {
        const counts = new Array<number>(p).fill(0);
        for (const s of values) counts[s]!++;
        const expected = LENGTH / p;
        expect(counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)).to.be.below(p + 6 * Math.sqrt(2 * p));
      }
    }
    expect([strataFor(65_535), strataFor(65_521)]).to.deep.equal([65_537, 65_521]);
  });

  it('computes strata rightly at the ends, where the products are largest', () => {
    const p = 65_537;
    const of = (slot: number): Float64Array => strataOf({ slot, seed: Uint8Array.of(1) }, 0, p)(50_000);
    // Slot 0 has b, slot 1 a + b; the inverse of p − 2 is (p − 1)/2, and that of p − 1 itself.
    const [zero, one, beforeLast, last] = [of(0), of(1), of(p - 2), of(p - 1)];
    for (let j = 0; j < zero.length; j++) {
      const [a, b] = [(one[j]! - zero[j]! + p) % p, zero[j]!];
      expect([beforeLast[j], last[j]]).to.deep.equal([(a * ((p - 1) / 2) + b) % p, (a * (p - 1) + b) % p]);
    }
  });

  it('is unbiased for each user, whatever the others do', () => {
    for (const slot of [0, 1, 6]) {
      const encoding = fixedPoint({ ...grid, ...correlated, maxUsers: 7 });
      for (const fraction of [0.05, 0.3, 0.5, 0.95]) {
        const { mean: average, variance } = moments(
          encoding.encode(constant(fraction), undefined, place(slot)).vector as Int32Array,
        );
        const deviation = Math.sqrt((fraction * (1 - fraction)) / LENGTH);
        expect(Math.abs(average - fraction)).to.be.at.most(5 * deviation);
        expect(Math.abs(variance - fraction * (1 - fraction))).to.be.at.most(5 * deviation);
      }
    }
  });

  it('never has two users’ errors correlated positively', () => {
    const encoding = fixedPoint({ ...grid, ...correlated, maxUsers: 4 });
    for (const [f, g] of [
      [0.5, 0.5],
      [0.1, 0.75],
      [0.2, 0.2],
      [0.9, 0.6],
    ] as const) {
      const [a, b] = [encoding.encode(constant(f), undefined, place(1)), encoding.encode(constant(g), undefined, place(3))];
      let covariance = 0;
      for (let j = 0; j < LENGTH; j++) covariance += ((Number(a.vector[j]) - f) * (Number(b.vector[j]) - g)) / LENGTH;
      expect(covariance).to.be.below(4 / (4 * Math.sqrt(LENGTH)));
    }
  });

  it('has a sum whose error is within the stated root mean square, whatever the values are', () => {
    const draw = uniform(5);
    const patterns: Record<string, (i: number, n: number) => number> = {
      alike: () => 0.37,
      halves: () => 0.5,
      spread: (i, n) => (i + 0.5) / n,
      'two groups': (i) => (i % 2 === 0 ? 0.25 : 0.75),
      random: () => draw(),
      small: (i, n) => i / n ** 2,
    };
    for (const [maxUsers, users] of [
      [2, 2],
      [3, 2],
      [7, 7],
      [30, 29],
      [30, 10],
      [97, 97],
    ] as const) {
      const encoding = fixedPoint({ ...grid, ...correlated, maxUsers, length: 4096 });
      for (const [name, fraction] of Object.entries(patterns)) {
        const fractions = Array.from({ length: users }, (_, i) => fraction(i, users));
        const vectors = fractions.map((f, i) => encoding.encode(new Float64Array(4096).fill(f), undefined, place(i)).vector);
        const total = fractions.reduce((a, b) => a + b);
        const { sum } = encoding.decode(addUp(encoding, vectors), { users });
        const { mean: bias, variance } = moments(sum.map((x) => x - total));
        const { rms } = encoding.errorBound({ users });
        expect(variance, `${name}, ${users} of ${maxUsers}`).to.be.below(rms ** 2 * (1 + 5 / 64));
        expect(Math.abs(bias)).to.be.below((5 * rms) / 64);
        expect(variance).to.be.at.most(fractions.reduce((v, f) => v + f * (1 - f), 0) * (1 + 5 / 64) + 1e-9);
      }
    }
  });

  it('states a smaller error than stochastic rounding from a third of the users on, and never a larger one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), fc.double({ min: 0, max: 1, noNaN: true }), (maxUsers, share) => {
        const users = Math.max(1, Math.floor(share * maxUsers));
        const rms = (rounding: 'stochastic' | 'correlated'): number =>
          mean({ maxUsers, length: 1, rounding, type: 'float64' }).errorBound({ users }).rms;
        expect(rms('correlated')).to.be.at.most(rms('stochastic'));
        if (maxUsers > 100 && share > 0.5) expect(rms('correlated')).to.be.below(0.83 * rms('stochastic'));
      }),
    );
  });

  it('draws other strata for another seed or statistic, and the same for a text and its bytes', () => {
    const encoding = fixedPoint({ ...grid, maxUsers: 97, rounding: 'correlated', random: (n) => new Uint8Array(n) });
    const of = (seed: Place['seed']): unknown => encoding.encode(constant(0.5), undefined, place(3, seed)).vector;
    expect(of('a')).to.deep.equal(of(Uint8Array.of(97)));
    expect(of('a')).not.to.deep.equal(of('b'));
    const [x, y, again] = [0, 100, 0].map((stream) => strataOf({ slot: 1, seed: Uint8Array.of(1) }, stream, 97));
    expect(x!(100)).not.to.deep.equal(y!(100));
    // In blocks of any length, the same stream; the first 100 were taken above.
    const whole = again!(160).slice(100);
    expect([...x!(20).slice(), ...x!(40)]).to.deep.equal([...whole]);
  });

  it('needs a place, which no other rounding takes', () => {
    const [with_, without] = [mean({ maxUsers: 5, length: 1, rounding: 'correlated' }), mean({ maxUsers: 5, length: 1 })];
    for (const [bad, kind, name] of [
      [undefined, TypeError, 'place'],
      [{ slot: 5, seed: '' }, RangeError, 'place.slot'],
      [{ slot: -1, seed: '' }, RangeError, 'place.slot'],
      [{ slot: '1', seed: '' }, TypeError, 'place.slot'],
      [{ slot: 1 }, TypeError, 'place.seed'],
    ] as const) {
      expect(() => with_.encode([1], undefined, bad as never)).to.throw(kind, name);
    }
    expect(() => without.encode([1], undefined, place(0))).to.throw(TypeError, 'place');
  });
});
