// What the entry of the samplers promises: which laws it takes, how far off it is, and that randomness is wiped.
import { expect } from 'chai';
import type { RandomSource } from '../../../src/crypto/random.ts';
import type { Mechanism, NoiseLaw, Sampler } from '../../../src/dp/mechanism.ts';
import { MAX_SKELLAM_VARIANCE, noiseOf, samplerErrorOf, standardDeviationOf, tablesOf } from '../../../src/dp/noise/noise.ts';
import { magnitudes } from './laws.ts';
import { stream } from './streams.ts';

const MECHANISMS: readonly Mechanism[] = ['discrete-gaussian', 'skellam'];
const SAMPLERS: readonly Sampler[] = ['constant-time', 'exact'];
const each = MECHANISMS.flatMap((mechanism) => SAMPLERS.map((sampler) => [mechanism, sampler] as const));

describe('noise', () => {
  it('of a variance that is no integer from 1 to 2^52 is refused', () => {
    for (const [mechanism, sampler] of each) {
      for (const variance of [0, -1, 0.5, 2 ** 52 + 1, 2 ** 53, Infinity, NaN]) {
        const law = { mechanism, variance };
        expect(() => noiseOf(law, sampler, stream('')), `${variance}`).to.throw(RangeError);
        expect(() => samplerErrorOf(law, sampler)).to.throw(RangeError);
        expect(() => standardDeviationOf(law)).to.throw(RangeError);
      }
      expect(() => noiseOf({ mechanism, variance: '4' as never }, sampler, stream(''))).to.throw(TypeError);
    }
  });

  it('of another mechanism or by another sampler is refused', () => {
    expect(() => noiseOf({ mechanism: 'gaussian' as never, variance: 4 }, 'exact', stream(''))).to.throw(RangeError);
    expect(() => noiseOf({ mechanism: 'skellam', variance: 4 }, 'fast' as never, stream(''))).to.throw(RangeError);
  });

  it('of Skellam’s law is refused above a variance of 2^26, with the reason', () => {
    for (const sampler of SAMPLERS) {
      const law: NoiseLaw = { mechanism: 'skellam', variance: MAX_SKELLAM_VARIANCE + 1 };
      expect(() => noiseOf(law, sampler, stream(''))).to.throw(RangeError, 'coarser grid');
    }
  });

  it('of the largest variances is drawn', function () {
    this.timeout(60_000);
    for (const [mechanism, sampler] of each) {
      const variance = mechanism === 'skellam' ? MAX_SKELLAM_VARIANCE : 2 ** 52;
      const out = new Int32Array(2000);
      noiseOf({ mechanism, variance }, sampler, stream(`largest ${mechanism} ${sampler}`)).fill(out);
      const squares = out.reduce((sum, x) => sum + x ** 2, 0) / out.length;
      // Five standard deviations of the sample variance.
      expect(squares / variance, `${mechanism} ${sampler}`).to.be.within(1 - 0.16, 1 + 0.16);
    }
  });

  it('fills arrays of every length', () => {
    for (const [mechanism, sampler] of each) {
      const noise = noiseOf({ mechanism, variance: 2500 }, sampler, stream(`${mechanism} ${sampler}`));
      for (const length of [0, 1, 2, 3, 17, 1000, 4097]) {
        const out = new Int32Array(length).fill(0x7fff_ffff);
        noise.fill(out);
        expect(out.every((x) => Math.abs(x) < 1000)).to.equal(true);
      }
    }
  });

  it('is the same for the same random bytes, wherever they lie in memory, and new at each call', () => {
    for (const [mechanism, sampler] of each) {
      const fill = (random: RandomSource): Int32Array[] => {
        const noise = noiseOf({ mechanism, variance: 90_000 }, sampler, random);
        return [0, 1].map(() => {
          const out = new Int32Array(500);
          noise.fill(out);
          return out;
        });
      };
      const unaligned: RandomSource = (() => {
        const random = stream('same');
        return (length) => {
          const bytes = new Uint8Array(length + 1).subarray(1);
          bytes.set(random(length));
          return bytes;
        };
      })();
      const [first, second] = fill(stream('same'));
      expect(fill(unaligned)).to.deep.equal([first, second]);
      expect([...second!].filter((x, i) => x === first![i])).to.have.length.below(20);
    }
  });

  it('wipes the random bytes that it was made from', () => {
    for (const [mechanism, sampler] of each) {
      for (const variance of [4, 2500]) {
        for (const offset of [0, 2]) {
          const blocks: Uint8Array[] = [];
          const random = stream(`wiped ${mechanism} ${sampler}`);
          const noted: RandomSource = (length) => {
            const bytes = new Uint8Array(length + offset).subarray(offset);
            bytes.set(random(length));
            blocks.push(bytes);
            return bytes;
          };
          noiseOf({ mechanism, variance }, sampler, noted).fill(new Int32Array(10_000));
          expect(blocks.length).to.be.above(1);
          for (const block of blocks) expect(block.every((byte) => byte === 0)).to.equal(true);
        }
      }
    }
  });

  it('refuses a source that gives something else than the bytes that it is asked for', () => {
    for (const [mechanism, sampler] of each) {
      for (const bad of [() => new Uint8Array(5), () => 'bytes', () => Promise.resolve(new Uint8Array(4))]) {
        const noise = noiseOf({ mechanism, variance: 4 }, sampler, bad as never);
        expect(() => noise.fill(new Int32Array(4))).to.throw(TypeError);
      }
    }
  });

  it('makes the tables of a law once, and keeps those of the last eight laws', () => {
    const variances = [101, 102, 103, 104, 105, 106, 107, 108];
    const made = variances.map((variance) => tablesOf({ mechanism: 'discrete-gaussian', variance }));
    variances.forEach((variance, i) => expect(tablesOf({ mechanism: 'discrete-gaussian', variance })).to.equal(made[i]));
    tablesOf({ mechanism: 'discrete-gaussian', variance: 109 });
    expect(tablesOf({ mechanism: 'discrete-gaussian', variance: 108 })).to.equal(made[7]);
    expect(tablesOf({ mechanism: 'discrete-gaussian', variance: 101 })).not.to.equal(made[0]);
    expect(tablesOf({ mechanism: 'skellam', variance: 108 })).not.to.equal(made[7]);
  });

  it('says how far from its law it is', () => {
    const cut = { logRatio: 0, totalVariation: 2 ** -100 };
    for (const variance of [1, 399, 400, 2 ** 26]) {
      const law: NoiseLaw = { mechanism: 'discrete-gaussian', variance };
      expect(noiseOf(law, 'constant-time', stream('')).error).to.deep.equal(cut);
      for (const mechanism of MECHANISMS) {
        expect(samplerErrorOf({ mechanism, variance }, 'exact')).to.deep.equal({ logRatio: 0, totalVariation: 0 });
      }
      const logRatio = variance < 400 ? 0 : 2 ** -36 / variance;
      expect(samplerErrorOf({ mechanism: 'skellam', variance }, 'constant-time')).to.deep.equal({ ...cut, logRatio });
    }
  });

  it('has the standard deviation of its law', () => {
    const of = (mechanism: Mechanism, variance: number): number => standardDeviationOf({ mechanism, variance });
    // theory: variances .999999788768 at σ² = 1, and 4.0, 100 above.
    expect(of('discrete-gaussian', 1) ** 2).to.be.closeTo(0.999999788768, 5e-13);
    for (const variance of [1, 2, 3, 4, 100, 2500]) {
      const second = magnitudes({ mechanism: 'discrete-gaussian', variance }).reduceRight((sum, p, x) => sum + p * x ** 2, 0);
      expect(of('discrete-gaussian', variance) ** 2 / second).to.be.closeTo(1, 1e-14);
      expect(of('skellam', variance)).to.equal(Math.sqrt(variance));
    }
    expect(of('discrete-gaussian', 2 ** 52)).to.equal(2 ** 26);
    // P(0) of the same source.
    for (const [variance, p] of [
      [1, 0.398942278267],
      [4, 0.199471140201],
      [100, 0.03989422804],
    ] as const) {
      expect(magnitudes({ mechanism: 'discrete-gaussian', variance })[0]).to.be.closeTo(p, 1e-12);
    }
  });
});
