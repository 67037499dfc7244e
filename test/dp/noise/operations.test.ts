// The constant-time sampler does the same whatever it draws: its tables and random words are read at the same places in the same order.
import { expect } from 'chai';
import { runTrials, type ConstantTimeTables } from '../../../src/dp/noise/constant-time.ts';
import { tablesOf } from '../../../src/dp/noise/noise.ts';
import { addReached, thresholdsOf, wordsOf } from '../../../src/dp/noise/thresholds.ts';
import { stream } from './streams.ts';

type Access = readonly [array: string, index: string];

/** The same array, which notes each element that is read. */
function watched<T extends Int32Array | Float64Array>(array: T, name: string, log: Access[]): T {
  return new Proxy(array, {
    get(target, property): unknown {
      if (typeof property === 'string' && /^\d+$/.test(property)) log.push([name, property]);
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
}

const TRIALS = 16;

function wordsFor({ staircase, thinning }: ConstantTimeTables): Int32Array {
  return new Int32Array(TRIALS * (4 * (1 + staircase.digitCount) + 1 + (thinning === null ? 0 : 3)));
}

function accesses(tables: ConstantTimeTables, words: Int32Array): { readonly log: readonly Access[]; readonly out: Int32Array } {
  const log: Access[] = [];
  const { staircase, thinning } = tables;
  const seen = {
    staircase: {
      ...staircase,
      stairs: watched(staircase.stairs, 'stairs', log),
      digits: watched(staircase.digits, 'digits', log),
    },
    thinning: thinning === null ? null : { ...thinning, coefficients: watched(thinning.coefficients, 'coefficients', log) },
  };
  const out = new Int32Array(TRIALS + 1);
  const kept = runTrials(out, seen, watched(words, 'words', log));
  return { log, out: out.subarray(0, kept) };
}

describe('the constant-time sampler', () => {
  for (const [mechanism, variance] of [
    ['discrete-gaussian', 4],
    ['discrete-gaussian', 2500],
    ['discrete-gaussian', 2 ** 52],
    ['skellam', 100],
    ['skellam', 2500],
  ] as const) {
    it(`reads the same for all randomness: ${mechanism}, σ² = ${variance}`, () => {
      const tables = tablesOf({ mechanism, variance });
      const words = wordsFor(tables);
      const random = stream(`operations ${mechanism} ${variance}`);
      const drawn = Array.from({ length: 20 }, () => new Int32Array(random(words.byteLength).buffer));
      const lowest = words.slice();
      const highest = words.slice().fill(-1);
      const logs = [lowest, highest, ...drawn].map((each) => accesses(tables, each));
      const first = logs[0]!.log.map((access) => access.join(' ')).join();
      for (const { log } of logs) expect(log.map((access) => access.join(' ')).join() === first).to.equal(true);
      // Each threshold is read for every two draws, and each random word once.
      const reads = (name: string): number => logs[0]!.log.filter(([array]) => array === name).length;
      expect(reads('stairs')).to.equal((tables.staircase.stairs.length * TRIALS) / 2);
      expect(reads('digits')).to.equal((tables.staircase.digits.length * TRIALS) / 2);
      expect(reads('words')).to.equal(words.length);
      // They are different draws, from 0 to the largest magnitude.
      expect([...logs[0]!.out].every((x) => x === 0)).to.equal(true);
      expect(new Set(logs.flatMap(({ out }) => [...out])).size).to.be.above(10);
    });
  }

  it('draws the largest magnitude, of both signs, if every random bit is 1, or all but the signs', () => {
    for (const variance of [4, 2500, 5_760_000, 2 ** 52]) {
      const tables = tablesOf({ mechanism: 'discrete-gaussian', variance });
      const { reach, digitCount } = tables.staircase;
      const words = wordsFor(tables).fill(-1);
      expect([...accesses(tables, words).out]).to.deep.equal(new Array<number>(TRIALS).fill(-reach));
      for (let k = 0; k < TRIALS; k++) words[4 * TRIALS * (1 + digitCount) + k]! &= 0x7fff_ffff;
      expect([...accesses(tables, words).out]).to.deep.equal(new Array<number>(TRIALS).fill(reach));
    }
  });

  it('keeps x = 0 with one sign only', () => {
    const tables = tablesOf({ mechanism: 'discrete-gaussian', variance: 2500 });
    const words = wordsFor(tables);
    expect([...accesses(tables, words).out]).to.deep.equal(new Array<number>(TRIALS).fill(0));
    for (let k = 0; k < TRIALS; k++) words[4 * TRIALS * (1 + tables.staircase.digitCount) + k] = -0x8000_0000;
    expect([...accesses(tables, words).out]).to.deep.equal([]);
  });

  it('keeps x exactly if G ≥ u(u + 2^(κ+1)·y), in 60 bits', () => {
    for (const variance of [2500, 5_760_000, 2 ** 40, 2 ** 52]) {
      const tables = tablesOf({ mechanism: 'discrete-gaussian', variance });
      const { shift, stairs, digits, digitCount, reach } = tables.staircase;
      const random = stream(`comparison ${variance}`);
      const below = (most: number): number => new DataView(random(4).buffer).getUint32(0) % most;
      for (let run = 0; run < 300; run++) {
        const [y, u] = [below(stairs.length / 4 + 1), run === 0 ? 2 ** shift - 1 : below(2 ** shift)];
        const a = BigInt(u) * (BigInt(u) + (BigInt(y) << BigInt(shift + 1)));
        for (const g of [a, a - 1n, a + 1n]) {
          if (g < 0n) continue;
          const words = wordsFor(tables);
          for (let k = 0; k < TRIALS; k++) {
            words[4 * TRIALS * (1 + digitCount) + k] = u;
            reachThreshold(words, 4 * k, stairs, y - 1);
            for (let j = 0; j < digitCount; j++) {
              reachThreshold(words, 4 * TRIALS * (1 + j) + 4 * k, digits, 7 * j + Number((g >> BigInt(3 * j)) & 7n) - 1, 7 * j);
            }
          }
          const out = new Int32Array(TRIALS + 1);
          const kept = runTrials(out, tables, words);
          expect([...out.subarray(0, kept)]).to.deep.equal(new Array<number>(g >= a ? TRIALS : 0).fill(y * 2 ** shift + u));
        }
      }
      expect(reach).to.equal((stairs.length / 4 + 1) * 2 ** shift - 1);
    }
  });
});

/** Writes the least uniform number that reaches a threshold of a table; none if it is the one before the first. */
function reachThreshold(words: Int32Array, at: number, table: Int32Array, threshold: number, first = 0): void {
  if (threshold < first) return;
  const stored = [3, 2, 1, 0].reduce((sum, i) => (sum << 30n) | BigInt(table[4 * threshold + i]!), 0n);
  for (let i = 0; i < 4; i++) words[at + i] = Number(((stored + 1n) >> BigInt(30 * i)) & 0x3fff_ffffn);
}

describe('thresholds', () => {
  it('are reached from the threshold itself on, in every word', () => {
    const weights = [3n, 1n << 40n, 5n, 1n << 80n, 1n, 1n << 118n, 7n, 1n << 119n];
    const thresholds = thresholdsOf(weights);
    const words = wordsOf(thresholds);
    const values = thresholds.flatMap((threshold) => [threshold - 1n, threshold, threshold + 1n]);
    values.push(0n, (1n << 120n) - 1n);
    if (values.length % 2 === 1) values.push(1n);
    const random = Int32Array.from(
      values.flatMap((value) => [0n, 30n, 60n, 90n].map((by) => Number((value >> by) & 0x3fff_ffffn))),
    );
    for (const upper of [0, 0x4000_0000, -0x4000_0000]) {
      // The two upper bits of a word do not count.
      const out = new Int32Array(values.length);
      addReached(
        out,
        words,
        { from: 0, to: words.length, shift: 0 },
        random.map((word) => word | upper),
        0,
      );
      expect([...out]).to.deep.equal(values.map((value) => thresholds.filter((threshold) => threshold <= value).length));
    }
    expect(() => wordsOf([0n])).to.throw(RangeError);
    expect(() => wordsOf([(1n << 120n) + 1n])).to.throw(RangeError);
  });

  it('are added to what is there, shifted, from the place that is told', () => {
    const words = wordsOf([1n, 2n, 1n << 119n, 1n << 120n]);
    const out = Int32Array.of(5, 6);
    addReached(out, words, { from: 4, to: 12, shift: 3 }, Int32Array.of(9, 9, 9, 9, 9, 0, 0, 0, 1, 0, 0, 0), 4);
    expect([...out]).to.deep.equal([5 + 8, 6]);
  });
});
