// The tables of the samplers have the laws that they should, to within the bounds that they claim. Nothing is drawn: probabilities are added up.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { NoiseLaw } from '../../../src/dp/mechanism.ts';
import type { ConstantTimeTables } from '../../../src/dp/noise/constant-time.ts';
import { distribution } from '../../../src/dp/noise/exact-skellam.ts';
import { exponential } from '../../../src/dp/noise/exponential.ts';
import { samplerErrorOf, tablesOf } from '../../../src/dp/noise/noise.ts';
import { skellamReach } from '../../../src/dp/noise/skellam-law.ts';
import { TAIL_BITS, type Staircase } from '../../../src/dp/noise/staircase.ts';
import { tiltOf } from '../../../src/dp/noise/thinning.ts';
import { BITS, exactMagnitudes, ONE, referenceLaws } from './laws.ts';
import { distanceFrom, logRatioOf, thinnedGaussian, trialLaw } from './table-law.ts';

const gaussian = (variance: number): NoiseLaw => ({ mechanism: 'discrete-gaussian', variance });
const skellam = (variance: number): NoiseLaw => ({ mechanism: 'skellam', variance });
const near = (value: bigint, expected: bigint, bits: number): boolean => {
  const difference = value > expected ? value - expected : expected - value;
  return difference << BigInt(bits) <= expected;
};

describe('the laws of noise', () => {
  it('the reference gives the committed vectors', function () {
    if (spawnSync('python3', ['--version']).status !== 0) {
      this.test!.title += ' (skipped: no python3 here)';
      this.skip();
    }
    const script = fileURLToPath(new URL('../../reference/dp/noise.py', import.meta.url));
    execFileSync('python3', ['-B', script, '--check'], { stdio: ['ignore', 'ignore', 'inherit'] });
  });

  it('powers of e are right to the last bit', () => {
    // e^-1 by its series in other terms, and e^-n as its powers.
    let [inverse, factorial] = [0n, 1n];
    for (let k = 0n; k < 120n; k++) {
      if (k > 0n) factorial *= k;
      inverse += (k % 2n === 0n ? ONE << 100n : -(ONE << 100n)) / factorial;
    }
    let power = ONE << 100n;
    for (let n = 1n; n <= 100n; n++) {
      power = (power * inverse) >> (BITS + 100n);
      for (const bits of [60, 120, 240]) {
        const exact = power >> (BITS + 100n - BigInt(bits));
        expect(Number(exponential(7n * n, 7n, bits) - exact), `e^-${n}`).to.be.within(0, 1);
      }
    }
    expect(exponential(0n, 5n, 120)).to.equal(1n << 120n);
  });

  it('exact magnitudes agree with the reference, which knows no recurrence', () => {
    for (const { law, points } of referenceLaws()) {
      if (law.variance > 1e7) continue;
      const last = Math.max(...points.map(([x]) => x));
      const exact = exactMagnitudes(law, last);
      for (const [x, p] of points) {
        expect(near(exact[x]!, x === 0 ? p : 2n * p, 120), `${law.mechanism} ${law.variance} at ${x}`).to.equal(true);
      }
    }
  });

  it('the distribution function of exact Skellam noise is right to within its last bit', () => {
    for (const { law, points } of referenceLaws()) {
      if (law.mechanism !== 'skellam' || law.variance > 2500) continue;
      const last = Math.max(...points.map(([x]) => x));
      for (const bits of [128, 256]) {
        const values = distribution(law.variance, bits);
        let sum = 0n;
        exactMagnitudes(law, skellamReach(law.variance, bits))
          .slice(0, -1)
          .forEach((p, x) => {
            sum += p;
            const difference = (values[x]! << (BITS - BigInt(bits))) - sum;
            const unit = 1n << (BITS - BigInt(bits));
            expect(difference < unit && -difference < unit, `${law.variance} at ${x}`).to.equal(true);
          });
        expect(values.length).to.be.above(last);
      }
    }
  });
});

describe('the tables of the constant-time sampler', () => {
  const LAWS = [
    ...[1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100, 2500, 5_760_000].map(gaussian),
    ...[1, 2, 3, 5, 10, 100, 399].map(skellam),
  ];

  it('draw the law itself but for a total variation below 2^-103, and keep 7 of 10 trials', () => {
    for (const law of LAWS) {
      const { kept, distance } = distanceFrom(exactMagnitudes(law, tablesOf(law).staircase.reach), tablesOf(law));
      const name = `${law.mechanism} ${law.variance}`;
      expect(distance, name).to.be.below(2 ** -103);
      expect(kept, name).to.be.within(0.7, 1);
      expect(kept, name).to.be.closeTo(tablesOf(law).staircase.kept, 1e-12);
      expect(samplerErrorOf(law, 'constant-time')).to.deep.equal({ logRatio: 0, totalVariation: 2 ** -100 });
    }
  });

  it('of larger Skellam noise are within the claimed ratio at every magnitude, and near it', () => {
    for (const law of [400, 401, 700, 1024, 2500, 90_000].map(skellam)) {
      const { logRatio, totalVariation } = samplerErrorOf(law, 'constant-time');
      expect(totalVariation).to.equal(2 ** -100);
      expect(logRatio).to.equal(2 ** -36 / law.variance);
      const tables = tablesOf(law);
      const intended = thinnedGaussian(tiltOf(law.variance, TAIL_BITS), tables);
      const exact = exactMagnitudes(law, tables.staircase.reach);
      const beyond = exact.pop()!;
      const name = `variance ${law.variance}`;
      expect(beyond << 106n < ONE, name).to.equal(true);
      expect(logRatioOf(exact, intended), name).to.be.within(logRatio / 100, logRatio);
      const { kept, distance } = distanceFrom(intended, tables);
      expect(distance, name).to.be.below(2 ** -104);
      expect(kept, name).to.be.above(0.7);
    }
  });

  it('of the largest variance have the probabilities of the reference', () => {
    const { law, points } = referenceLaws().find(({ law: { variance } }) => variance === 2 ** 52)!;
    const { staircase } = tablesOf(law);
    expect(staircase.reach).to.be.below(2 ** 30);
    // The probability that a trial is kept, by the sum of the Gaussian over all integers: its stairs are known exactly.
    const kept = BigInt(Math.round(staircase.kept * 2 ** 53)) << (BITS - 53n);
    const drawn = trialLaw(tablesOf(law));
    for (const [x, p] of points) {
      const expected = ((x === 0 ? p : 2n * p) * kept) >> BITS;
      // The last stair has a probability near 2^-104, of which multiples of 2^-120 tell 13 bits.
      expect(near(drawn(x), expected, x > 8 * 2 ** 26 ? 13 : 45), `at ${x}`).to.equal(true);
      const quotient = (drawn(x) * points[0]![1]) / drawn(0);
      if (x > 0 && x < 5 * 2 ** 26) expect(near(quotient, 2n * p, 80), `at ${x} beside 0`).to.equal(true);
    }
  });
});

describe('tables of weakened samplers are told apart, though no number of draws would do', () => {
  const distanceOf = (law: NoiseLaw, change: (tables: ConstantTimeTables) => ConstantTimeTables): number => {
    const tables = tablesOf(law);
    return distanceFrom(exactMagnitudes(law, tables.staircase.reach), change(tables)).distance;
  };
  const withStaircase = (change: (staircase: Staircase) => Partial<Staircase>) => (tables: ConstantTimeTables) => ({
    ...tables,
    staircase: { ...tables.staircase, ...change(tables.staircase) },
  });

  it('a tail that is cut at nine standard deviations', () => {
    const cut = withStaircase(({ stairs, reach }) => {
      const left = Math.floor((stairs.length / 4) * 0.75);
      return { stairs: stairs.slice(0, 4 * left), reach: Math.floor((reach + 1) / (stairs.length / 4 + 1)) * (left + 1) - 1 };
    });
    for (const law of [gaussian(4), gaussian(2500), skellam(100)]) expect(distanceOf(law, cut)).to.be.within(2 ** -75, 2 ** -45);
  });

  it('thresholds of 60 bits', () => {
    const half = (words: Int32Array): Int32Array => words.map((word, i) => (i % 4 < 2 ? 0 : word));
    const short = withStaircase(({ stairs, digits }) => ({ stairs: half(stairs), digits: half(digits) }));
    for (const law of [gaussian(4), gaussian(2500), skellam(100)])
      expect(distanceOf(law, short)).to.be.within(2 ** -66, 2 ** -50);
  });

  it('a parameter that is wrong by one in millions', () => {
    expect(distanceOf(gaussian(5_760_000), () => tablesOf(gaussian(5_760_001)))).to.be.above(2 ** -26);
  });

  it('0 with both signs, and a digit too few', () => {
    const both = withStaircase(() => ({ zeroTwice: false }));
    expect(distanceOf(gaussian(2500), both)).to.be.above(2 ** -8);
    const fewer = withStaircase(({ digitCount, digits }) => ({ digitCount: digitCount - 1, digits: digits.slice(28) }));
    expect(distanceOf(gaussian(2500), fewer)).to.be.above(2 ** -8);
  });
});
