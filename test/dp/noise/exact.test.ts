// The exact samplers: uniform integers, events of probability e^−γ, and inversion that goes on where 53 bits do not decide.
import { expect } from 'chai';
import type { RandomSource } from '../../../src/crypto/random.ts';
import { bernoulliExponential, bigBernoulliExponential, bigUniformBelow, uniformBelow } from '../../../src/dp/noise/bernoulli.ts';
import { discreteLaplace } from '../../../src/dp/noise/exact-gaussian.ts';
import { distribution, ExactSkellam, refined } from '../../../src/dp/noise/exact-skellam.ts';
import { RandomWords } from '../../../src/dp/noise/random-words.ts';
import { chiSquareTail, twoSided } from './checks.ts';
import { ALPHA, randomFor, TIMES } from './streams.ts';

/** Gives these words, and zeros after them. */
function words(...given: readonly number[]): RandomWords {
  let at = 0;
  const source: RandomSource = (length) => {
    const block = new Uint32Array(length / 4);
    for (let i = 0; i < block.length; i++) block[i] = given[at++] ?? 0;
    return new Uint8Array(block.buffer);
  };
  return new RandomWords(source);
}

describe('uniform integers', () => {
  it('take the upper bits of a word, and draw again what is too large', () => {
    for (const bound of [1, 2, 3, 5, 6, 7, 8]) {
      const drawn = Array.from({ length: 8 }, (_, i) => uniformBelow(words((i << 29) >>> 0), bound));
      // With three bits or fewer: each value below the bound has as many words as the others; a rejected one leads to the zeros after it.
      const counts = new Map<number, number>();
      drawn.forEach((value) => counts.set(value, (counts.get(value) ?? 0) + 1));
      const bits = Math.ceil(Math.log2(bound));
      for (let value = 1; value < bound; value++) expect(counts.get(value), `${value} below ${bound}`).to.equal(2 ** (3 - bits));
      expect(Math.max(...drawn)).to.equal(bound - 1);
    }
  });

  it('of more than 31 bits use two words, and bigints as many as it takes', () => {
    expect(uniformBelow(words(0xffff_ffff, 5), 2 ** 31)).to.equal(0x7fff_ffff);
    expect(uniformBelow(words(7, 2 ** 31), 2 ** 31 + 1)).to.equal(2 ** 31);
    expect(uniformBelow(words(7, 2 ** 31 + 1, 9, 3), 2 ** 31 + 1)).to.equal(3);
    expect(uniformBelow(words(0xffff_ffff, 0xffff_ffff), Number.MAX_SAFE_INTEGER)).to.equal(0);
    expect(uniformBelow(words(0xffff_ffff, 0xffff_fffe), Number.MAX_SAFE_INTEGER)).to.equal(Number.MAX_SAFE_INTEGER - 1);
    expect(bigUniformBelow(words(0xffff_ffff, 0xffff_fffe), 2n ** 64n)).to.equal(2n ** 64n - 2n);
    expect(bigUniformBelow(words(0xffff_ffff, 0xffff_ffff, 0x8000_0000, 0, 1, 0), 2n ** 65n - 1n)).to.equal(2n);
    expect(bigUniformBelow(words(), 1n)).to.equal(0n);
  });

  it('are uniform', () => {
    const count = TIMES * 60_000;
    const source = new RandomWords(randomFor('uniform'));
    for (const bound of [3, 10, 100]) {
      for (const draw of [() => uniformBelow(source, bound), () => Number(bigUniformBelow(source, BigInt(bound)))]) {
        const counts = new Float64Array(bound);
        for (let i = 0; i < count; i++) counts[draw()]!++;
        const statistic = counts.reduce((sum, each) => sum + (each - count / bound) ** 2 / (count / bound), 0);
        expect(chiSquareTail(statistic, bound - 1)).to.be.above(ALPHA);
      }
    }
  });
});

describe('events of probability e^−γ', () => {
  it('happen as often as they should, with numbers and with bigints', () => {
    const count = TIMES * 40_000;
    const source = new RandomWords(randomFor('exponential'));
    const big = 2n ** 60n;
    for (const [n, d] of [
      [0, 1],
      [1, 1000],
      [1, 2],
      [1, 1],
      [3, 2],
      [7, 2],
      [2 ** 51 + 1, 2 ** 52],
    ] as const) {
      const events = {
        number: () => bernoulliExponential(source, n, d),
        bigint: () => bigBernoulliExponential(source, BigInt(n) * big, BigInt(d) * big),
      };
      for (const [name, event] of Object.entries(events)) {
        let happened = 0;
        for (let i = 0; i < count; i++) happened += Number(event());
        const p = Math.exp(-n / d);
        if (n === 0) expect(happened).to.equal(count);
        else expect(twoSided((happened - count * p) / Math.sqrt(count * p * (1 - p))), `${name} ${n}/${d}`).to.be.above(ALPHA);
      }
    }
  });

  it('need few random words, so that their time does not grow with γ', () => {
    expect(bernoulliExponential(words(0xffff_ffff), 10 ** 9, 1)).to.equal(false);
  });
});

describe('the discrete Laplace law', () => {
  it('has its probabilities, and 0 once', () => {
    const count = TIMES * 100_000;
    for (const scale of [1, 2, 7]) {
      const source = new RandomWords(randomFor(`laplace ${scale}`));
      const reach = 6 * scale;
      const counts = new Float64Array(2 * reach + 1);
      for (let i = 0; i < count; i++) {
        const x = discreteLaplace(source, scale);
        if (Math.abs(x) <= reach) counts[x + reach]!++;
      }
      const total = (1 + Math.exp(-1 / scale)) / (1 - Math.exp(-1 / scale));
      let statistic = 0;
      counts.forEach((each, i) => {
        const expected = (count * Math.exp(-Math.abs(i - reach) / scale)) / total;
        statistic += (each - expected) ** 2 / expected;
      });
      // What is beyond the reach counts as one group more, which the others determine.
      expect(chiSquareTail(statistic, 2 * reach + 1)).to.be.above(ALPHA);
    }
  });
});

describe('exact Skellam noise', () => {
  /** The words that begin with these bits of a uniform real, and then a sign. */
  const drawnFrom = (bits: bigint, count: number, rest: readonly number[]): RandomWords => {
    const first = bits >> BigInt(count - 53);
    const more = Array.from({ length: count - 53 }, (_, i) => Number((bits >> BigInt(count - 54 - i)) & 1n) * 2 ** 31);
    return words(Number(first >> 21n), Number(first & 0x1f_ffffn) * 2 ** 11, ...more, ...rest);
  };

  it('is decided by further bits if the first 53 are those of a threshold', () => {
    const variance = 4;
    const skellam = new ExactSkellam(variance);
    const values = distribution(variance, 128);
    for (let i = 0; i < 12; i++) {
      const edge = values[i]!;
      for (const [offset, expected] of [
        [-2n, i],
        [2n, i + 1],
      ] as const) {
        expect(skellam.draw(drawnFrom(edge + offset, 128, [0])), `below ${i}`).to.equal(expected);
        expect(skellam.draw(drawnFrom(edge + offset, 128, [1])), `sign of ${i}`).to.equal(expected === 0 ? 0 : -expected);
      }
    }
  });

  it('is decided by the distribution function to 256 bits if 128 are not enough', () => {
    const variance = 4;
    const exact = distribution(variance, 256);
    for (let i = 0; i < 5; i++) {
      for (const [offset, expected] of [
        [-2n, i],
        [2n, i + 1],
      ] as const) {
        const bits = exact[i]! + offset;
        const source = drawnFrom(bits, 256, [0]);
        const first = BigInt(source.next()) * 2n ** 21n + BigInt(source.next() >>> 11);
        expect(refined(variance, source, first)).to.equal(expected);
      }
    }
  });

  it('goes beyond its table for the largest uniform reals', () => {
    const skellam = new ExactSkellam(1);
    const draw = (bits: bigint, count: number): number => skellam.draw(drawnFrom(bits, count, [0]));
    const beyond = draw(2n ** 128n - 2n ** 40n, 128);
    expect(beyond).to.be.within(18, 27);
    expect(draw(2n ** 256n - 2n ** 100n, 256)).to.be.above(beyond);
  });
});
