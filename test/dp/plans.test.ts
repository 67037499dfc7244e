// Private plans: what they compute, and what users and servers make of them.
import { expect } from 'chai';
import {
  privateHistogram,
  privateMean,
  privateMoments,
  privateSum,
  privateWeightedMean,
  receiptOf,
  type PrivacyPlan,
} from '../../src/dp/index.ts';
import { refused } from '../support/errors.ts';
import { seeded, uniforms } from './seeded.ts';
import { sumOf } from './sums.ts';

const TERMS: PrivacyPlan = { maxUsers: 100, threshold: 67, colluders: 5, noiseMultiplier: 1, session: 'plans' };
const USERS = 80;

const rootMeanSquare = (errors: readonly number[]): number =>
  Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);

/** Vectors of norm 1 and more that users have. */
function vectorsOf(length: number, seed: string): Float64Array[] {
  const uniform = uniforms(seed);
  return Array.from({ length: USERS }, () => Float64Array.from({ length }, () => (2 * uniform() - 1) * 1.5));
}

/** The mean of vectors, each scaled down to norm 1. */
function clippedMean(vectors: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) {
    const norm = Math.max(1, Math.hypot(...vector));
    for (const [i, value] of vector.entries()) mean[i]! += value / norm / vectors.length;
  }
  return mean;
}

describe('a private mean', () => {
  for (const mechanism of ['discrete-gaussian', 'skellam'] as const) {
    for (const flatten of ['hadamard', 'none'] as const) {
      it(`is off by the noise that it tells, with ${mechanism} noise and ${flatten === 'none' ? 'no flattening' : 'flattening'}`, () => {
        const length = 3000; // no power of two
        const options = { mechanism, flatten, unsafeRandom: seeded(`${mechanism} ${flatten}`), bits: 20 };
        const plan = privateMean({ ...TERMS, ...options, length, l2Clip: 1, type: 'float64' });
        const vectors = vectorsOf(length, 'mean');
        const sum = sumOf(
          vectors.map((vector) => plan.encode(vector).vector),
          plan.bits,
        );
        const { mean, noise } = plan.decode(sum, { users: USERS });
        const exact = clippedMean(vectors);
        const error = rootMeanSquare(Array.from(mean, (value, i) => value - exact[i]!));
        // The standard deviation of a variance over 3,000 components is 2.6 %: five of them, and the rounding on top.
        expect(error / noise.standardDeviation).to.be.within(0.93, 1.08);
        expect(error).to.be.at.most(plan.errorBound({ users: USERS }).rms * 1.07);
        const { likely, worst } = plan.errorBound({ users: USERS });
        expect(worst).to.equal(Infinity);
        const beyond = Array.from(mean).filter((value, i) => Math.abs(value - exact[i]!) > likely);
        expect(beyond.length).to.be.below(0.01 * length);
      });
    }
  }

  it('has the noise that its multiplier asks for, beside the honest users only', () => {
    const plan = privateMean({ ...TERMS, length: 100, l2Clip: 1 });
    const [part] = receiptOf(plan, { included: [67], delta: 1e-6 }).parts;
    const honest = 62;
    expect(Math.sqrt((honest * part!.variance) / part!.l2Squared)).to.be.within(1, 1.0001);
    expect(plan.options).to.deep.include({ adversary: 'malicious', colluders: 5, minHonest: honest, modularInputs: true });
  });

  it('meets its target with the least users that there can be, and not with less noise', () => {
    const target = { epsilon: 8, delta: 1e-6, releases: 200 };
    const plan = privateMean({ ...TERMS, noiseMultiplier: undefined, target, length: 1000, l2Clip: 1 } as never);
    const { variance, l2Squared } = receiptOf(plan, { included: [67] }).parts[0]!;
    const multiplier = Math.sqrt((62 * variance) / l2Squared);
    const again = (factor: number): number => {
      const other = privateMean({ ...TERMS, noiseMultiplier: multiplier * factor, length: 1000, l2Clip: 1 });
      const { curve } = receiptOf(other, { included: [67], delta: 1e-6 });
      const all = { ...curve, values: curve.values.map((value) => 200 * value) };
      return Math.min(...all.orders.map((a, i) => all.values[i]! + Math.log1p(-1 / a) - Math.log(1e-6 * a) / (a - 1)));
    };
    expect(again(1)).to.be.within(7.9, 8.0001);
    expect(again(0.99)).to.be.above(8);
  });

  it('costs less with more survivors, by the values of an independent computation', () => {
    // n = 100, t = 67, c = 5, δ = 1e-6, ε = 1: 0.845 at 90 survivors, 0.796 at 100; 1.29 at 67 if noise were made for 100.
    const target = { epsilon: 1, delta: 1e-6 };
    const plan = privateMean({ maxUsers: 100, threshold: 67, colluders: 5, target, length: 1000, l2Clip: 1 });
    expect(receiptOf(plan, { included: [67] }).epsilon).to.be.within(0.999, 1);
    expect(receiptOf(plan, { included: [90] }).epsilon).to.be.closeTo(0.845, 0.003);
    expect(receiptOf(plan, { included: [100] }).epsilon).to.be.closeTo(0.796, 0.003);
    expect(receiptOf(plan, { included: [100] }).worstEpsilon).to.equal(receiptOf(plan, { included: [67] }).epsilon);
  });

  it('needs twice the noise if any two vectors must look alike', () => {
    const zeroOut = privateMean({ ...TERMS, length: 100, l2Clip: 1 });
    const replaceOne = privateMean({ ...TERMS, length: 100, l2Clip: 1, adjacency: 'replace-one' });
    const ratio = replaceOne.errorBound({ users: 80 }).rms / zeroOut.errorBound({ users: 80 }).rms;
    expect(ratio).to.be.closeTo(2, 0.01);
  });

  it('clips each tensor at its own norm, if it is told one for each', () => {
    const shapes = { a: [2], b: { c: [1], d: [1] } };
    const options = { ...TERMS, noiseMultiplier: 1e-4, bits: 30, unsafeRandom: seeded('groups') };
    const plan = privateMean({ ...options, shapes, l2Clip: { a: 5, b: 1 }, type: 'float64' });
    const data = { a: { shape: [2], data: [30, 40] }, b: { c: { shape: [1], data: [0.5] }, d: { shape: [1], data: [0] } } };
    const encoded = Array.from({ length: 67 }, () => plan.encode(data));
    expect(encoded[0]!.clipped).to.equal(1);
    const { mean } = plan.decode(
      sumOf(
        encoded.map(({ vector }) => vector),
        plan.bits,
      ),
      { users: 67 },
    );
    expect(mean.a.data[0]).to.be.closeTo(3, 0.01);
    expect(mean.a.data[1]).to.be.closeTo(4, 0.01);
    expect(mean.b.c.data[0]).to.be.closeTo(0.5, 0.01);
    const [part] = receiptOf(plan, { included: [67], delta: 1e-6 }).parts;
    const whole = privateMean({ ...options, length: 4, l2Clip: Math.sqrt(26) });
    expect(receiptOf(whole, { included: [67], delta: 1e-6 }).parts[0]!.l2Squared).to.equal(part!.l2Squared);
  });

  it('takes the largest doubles: they are clipped like others', () => {
    const plan = privateMean({
      ...TERMS,
      noiseMultiplier: 1e-3,
      length: 2,
      l2Clip: 1,
      unsafeRandom: seeded('huge'),
      type: 'float64',
    });
    const vectors = Array.from({ length: 67 }, () => plan.encode([Number.MAX_VALUE, -Number.MAX_VALUE]).vector);
    const { mean } = plan.decode(sumOf(vectors, plan.bits), { users: 67 });
    expect(mean[0]).to.be.closeTo(Math.SQRT1_2, 0.02);
    expect(mean[1]).to.be.closeTo(-Math.SQRT1_2, 0.02);
  });

  it('gives zeros and noise for a user without data', () => {
    const plan = privateMean({ ...TERMS, length: 2000, l2Clip: 1, unsafeRandom: seeded('nothing') });
    const { vector, clipped } = plan.encode(null);
    expect(clipped).to.equal(0);
    const { variance } = receiptOf(plan, { included: [67], delta: 1e-6 }).parts[0]!;
    const spread = rootMeanSquare(Array.from(vector, Number)) / Math.sqrt(variance);
    expect(spread).to.be.within(0.92, 1.08); // five standard deviations
  });

  it('refuses a sum that is longer than honest vectors and their noise', () => {
    const plan = privateMean({ ...TERMS, length: 1000, l2Clip: 1, bits: 24, unsafeRandom: seeded('long') });
    const honest = sumOf(
      vectorsOf(1000, 'honest').map((vector) => plan.encode(vector).vector),
      24,
    ) as Int32Array;
    plan.decode(honest, { users: USERS });
    const forged = honest.map((value, i) => (i % 2 === 0 ? 2 ** 22 : value)); // one user sent a vector of many times its clip
    refused('ERR_SECAGG_SUM_RANGE', () => plan.decode(forged, { users: USERS }));
  });
});

describe('a private mean with weights', () => {
  it('is the mean by weight, and tells the total', () => {
    const options = { ...TERMS, noiseMultiplier: 0.01, bits: 28, unsafeRandom: seeded('weights'), maxWeight: 500 };
    const plan = privateWeightedMean({ ...options, length: 10, l2Clip: 1, type: 'float64' });
    const weights = Array.from({ length: USERS }, (_, i) => (i % 5) * 100);
    const vectors = vectorsOf(10, 'weighted').map((vector) => vector.map((x) => x / 10));
    const sum = sumOf(
      vectors.map((vector, i) => plan.encode(i % 5 === 0 ? null : vector, weights[i]).vector),
      plan.bits,
    );
    const { mean, totalWeight } = plan.decode(sum, { users: USERS });
    const total = weights.reduce((a, b) => a + b, 0);
    expect(totalWeight / total).to.be.closeTo(1, 0.01);
    for (let j = 0; j < 10; j++) {
      const exact = vectors.reduce((x, vector, i) => x + (weights[i]! / total) * vector[j]!, 0);
      expect(mean[j]).to.be.closeTo(
        exact,
        5 * plan.errorBound({ users: USERS, totalWeight: total }).rms + 0.01 * Math.abs(exact),
      );
    }
  });

  it('does not read the values of a user without weight, and refuses other weights', () => {
    const plan = privateWeightedMean({ ...TERMS, length: 3, l2Clip: 1 });
    plan.encode([NaN, NaN, NaN], 0);
    for (const weight of [-1, 1001, NaN, Infinity]) refused('ERR_SECAGG_WEIGHT', () => plan.encode([1, 2, 3], weight));
    expect(() => plan.encode([1, 2, 3])).to.throw(TypeError, 'weight');
  });

  it('has no mean if the noise is larger than the weights', () => {
    const plan = privateWeightedMean({ ...TERMS, length: 1, l2Clip: 1, flatten: 'none' });
    refused('ERR_SECAGG_ZERO_WEIGHT', () => plan.decode(Int32Array.of(1, -1), { users: 67 }));
  });
});

describe('a private sum', () => {
  it('is the sum, and a trusted server adds the noise to it when it decodes', () => {
    const options = {
      ...TERMS,
      noiseFrom: 'server',
      length: 2000,
      l2Clip: 1,
      type: 'float64',
      unsafeRandom: seeded('server'),
    } as const;
    const plan = privateSum(options);
    const vectors = vectorsOf(2000, 'trusted');
    const sum = sumOf(
      vectors.map((vector) => plan.encode(vector).vector),
      plan.bits,
    );
    const { sum: noised, noise } = plan.decode(sum, { users: USERS });
    const exact = clippedMean(vectors).map((x) => x * USERS);
    const error = rootMeanSquare(Array.from(noised, (value, i) => value - exact[i]!));
    expect(noise.standardDeviation).to.be.closeTo(1, 0.02); // the multiplier times the clip, and rounding
    expect(error / noise.standardDeviation).to.be.within(0.92, 1.08);
    // The users' noise together is stronger, as it must suffice without colluders and those that drop out.
    const distributed = privateSum({ ...options, noiseFrom: 'users' });
    const ratio = distributed.errorBound({ users: 100 }).rms / plan.errorBound({ users: 100 }).rms;
    expect(ratio).to.be.closeTo(Math.sqrt(100 / 62), 0.01);
    expect(distributed.errorBound({ users: 100 }).ratioToTrusted).to.equal(Math.sqrt(100 / 62));
    expect(plan.errorBound({ users: 100 }).ratioToTrusted).to.equal(1);
    expect(plan.options).to.deep.include({ minHonest: 1, modularInputs: false });
  });
});

describe('a private histogram', () => {
  it('counts with noise, and bounds what one user adds', () => {
    const plan = privateHistogram({ ...TERMS, bins: 50, maxBins: 2, maxCount: 3, unsafeRandom: seeded('histogram') });
    const sum = sumOf(
      Array.from({ length: USERS }, (_, i) => plan.encode({ indices: [i % 50, i % 50, (i + 1) % 50] }).vector),
      plan.bits,
    );
    const { counts, noise } = plan.decode(sum, { users: USERS });
    const exact = new Float64Array(50);
    for (let i = 0; i < USERS; i++) {
      exact[i % 50]! += 2;
      exact[(i + 1) % 50]! += 1;
    }
    const error = rootMeanSquare(Array.from(counts, (count, i) => count - exact[i]!));
    expect(error / noise.standardDeviation).to.be.within(0.5, 1.5); // five standard deviations
    // Δ2 = √(2 · 3²), and 80 users' noise where 62 suffice.
    expect(noise.standardDeviation).to.be.closeTo(Math.sqrt(18 * (80 / 62)), 0.1);
    expect(plan.encode({ indices: [1, 1, 1, 1, 1] }).clipped).to.equal(2);
    expect(plan.encode({ counts: [1, 1, 1, 1, 1, ...new Array<number>(45).fill(0)] }).clipped).to.equal(3);
  });

  it('needs √2 of the noise if any two of a user’s histograms must look alike', () => {
    const plan = { ...TERMS, bins: 10, maxBins: 1 };
    const ratio =
      privateHistogram({ ...plan, adjacency: 'replace-one' }).errorBound({ users: 80 }).rms /
      privateHistogram(plan).errorBound({ users: 80 }).rms;
    expect(ratio).to.be.closeTo(Math.SQRT2, 0.02);
  });

  it('refuses what is no count', () => {
    const plan = privateHistogram({ ...TERMS, bins: 3 });
    for (const count of [-1, 0.5, NaN, Infinity, 2 ** 60])
      refused('ERR_SECAGG_VALUE', () => plan.encode({ counts: [0, count, 0] }));
    refused('ERR_SECAGG_VALUE', () => plan.encode({ indices: [3] }));
    expect(() => plan.encode({ counts: [1, 2] })).to.throw(RangeError, 'data.counts');
  });
});

describe('private moments', () => {
  it('are the count, the mean and the variance of those who have a value', () => {
    const plan = privateMoments({ ...TERMS, noiseMultiplier: 0.01, lower: 0, upper: 120, unsafeRandom: seeded('moments') });
    const ages = Array.from({ length: USERS }, (_, i) => (i % 4 === 0 ? null : 20 + (i % 40)));
    const sum = sumOf(
      ages.map((age) => plan.encode(age).vector),
      plan.bits,
    );
    const { count, mean, variance } = plan.decode(sum, { users: USERS });
    const known = ages.filter((age) => age !== null);
    const exact = known.reduce((a, b) => a + b, 0) / known.length;
    expect(count).to.be.closeTo(60, 0.5);
    expect(mean).to.be.closeTo(exact, 1);
    expect(variance).to.be.closeTo(
      known.reduce((v, age) => v + (age - exact) ** 2 / known.length, 0),
      40,
    );
  });

  it('stay in their ranges, whatever the noise', () => {
    const plan = privateMoments({ ...TERMS, noiseMultiplier: 5, lower: 10, upper: 20, unsafeRandom: seeded('ranges') });
    for (let i = 0; i < 50; i++) {
      const { mean, variance } = plan.decode(plan.encode(12).vector, { users: 67 });
      expect(mean).to.be.within(10, 20);
      expect(variance).to.be.within(0, 25);
    }
  });

  it('move values beyond the range to its edge, and refuse what is no number', () => {
    const plan = privateMoments({ ...TERMS, lower: 10, upper: 20 });
    expect(plan.encode(21).clipped).to.equal(1);
    for (const value of [NaN, Infinity]) refused('ERR_SECAGG_VALUE', () => plan.encode(value));
    expect(() => plan.encode('12' as never)).to.throw(TypeError, 'data');
  });
});
