// Private quantiles: a histogram of one event a user, and what is computed from its counts with noise.
import { expect } from 'chai';
import fc from 'fast-check';
import { privateQuantiles, receiptOf, type PrivacyPlan, type PrivateQuantiles } from '../../src/dp/index.ts';
import { quantilesOf } from '../../src/dp/quantiles.ts';
import { refused } from '../support/errors.ts';
import { Session } from '../support/session.ts';
import { seeded, uniforms } from './seeded.ts';
import { sumOf } from './sums.ts';

const TERMS: PrivacyPlan = { maxUsers: 400, threshold: 267, colluders: 5, noiseMultiplier: 1, session: 'quantiles' };
const edges = Array.from({ length: 41 }, (_, i) => i);
const probabilities = [0.1, 0.5, 0.9];

/** What a plan makes of users' values, without a session. */
function decoded(values: readonly (number | null)[], changes: Partial<PrivacyPlan>): PrivateQuantiles {
  const plan = privateQuantiles({ ...TERMS, edges, probabilities, ...changes });
  const vectors = values.map((value) => plan.encode(value).vector);
  return plan.decode(sumOf(vectors, plan.bits), { users: values.length });
}

/** The first value of which at least the part q of all are not above. */
const quantileOf = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(q * values.length) - 1]!;

describe('private quantiles', () => {
  for (const mechanism of ['discrete-gaussian', 'skellam'] as const) {
    it(`are near those of the users who have a value, and between their bounds (${mechanism})`, () => {
      const uniform = uniforms('ages');
      const values = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? null : 40 * uniform() ** 2));
      const known = values.filter((value) => value !== null);
      const noiseMultiplier = 0.1;
      const { quantiles, count, counts, noise } = decoded(values, { mechanism, noiseMultiplier, unsafeRandom: seeded('near') });
      expect(counts.length).to.equal(40);
      expect(count).to.be.closeTo(300, 5 * Math.sqrt(40) * noise.standardDeviation);
      expect(quantiles.map(({ probability }) => probability)).to.deep.equal(probabilities);
      for (const { probability, value, least, most } of quantiles) {
        const exact = quantileOf(known, probability);
        expect(value).to.be.closeTo(exact, 1);
        expect(exact).to.be.within(least, most);
        expect(most - least).to.be.at.most(3);
      }
    });
  }

  it('are between their bounds in at least 99 of 100 sums', () => {
    const uniform = uniforms('coverage');
    // A trusted server draws all noise when it decodes, so that one sum is enough.
    const random = { noiseFrom: 'server', unsafeRandom: seeded('coverage') } as const;
    const plan = privateQuantiles({ ...TERMS, ...random, noiseMultiplier: 40, edges, probabilities });
    const values = Array.from({ length: 267 }, () => 40 * uniform() ** 3);
    const sum = sumOf(
      values.map((value) => plan.encode(value).vector),
      plan.bits,
    );
    let wrong = 0;
    for (let run = 0; run < 400; run++) {
      const { quantiles } = plan.decode(sum, { users: 267 });
      if (quantiles.some(({ probability, least, most }) => !within(quantileOf(values, probability), least, most))) wrong++;
      for (const { value, least, most } of quantiles) expect(value).to.be.within(least, most);
    }
    // With a probability of 1 % each, more than 15 of 400 are wrong once in 10^5 such tests, and the seed is fixed.
    expect(wrong).to.be.at.most(15);
  });

  it('cost what a histogram of one event a user costs', () => {
    const plan = privateQuantiles({ ...TERMS, edges, probabilities });
    const { parts, accounting } = receiptOf(plan, { included: [300], delta: 1e-6 });
    expect(parts[0]!.bounds!.components).to.equal(1);
    expect(parts[0]!.l2Squared).to.equal(parts[0]!.bounds!.shift ** 2);
    expect(accounting).to.equal('loss-distribution');
    const replaced = privateQuantiles({ ...TERMS, edges, probabilities, adjacency: 'replace-one' });
    const ratio = replaced.errorBound({ users: 300 }).rms / plan.errorBound({ users: 300 }).rms;
    expect(ratio).to.be.closeTo(Math.SQRT2, 0.02);
  });

  it('count values at an edge in the bin that begins there, and values beyond in the last bin', () => {
    const plan = privateQuantiles({ ...TERMS, noiseFrom: 'server', edges: [-1, 0, 0.5, 8], probabilities: [0.5] });
    const binOf = (value: number | null): number => [...plan.encode(value).vector].findIndex((count) => Number(count) > 0);
    for (const [value, bin, clipped] of [
      [-1, 0, 0],
      [-0.001, 0, 0],
      [0, 1, 0],
      [0.5, 2, 0],
      [8, 2, 0],
      [9, 2, 1],
      [-2, 0, 1],
      [null, -1, 0],
    ] as const) {
      expect(binOf(value), String(value)).to.equal(bin);
      expect(plan.encode(value).clipped, String(value)).to.equal(clipped);
    }
  });

  it('know nothing if nobody has a value: the bounds are the whole range', () => {
    const { quantiles } = decoded(new Array<null>(267).fill(null), { unsafeRandom: seeded('nobody') });
    expect(quantiles[1]!.least).to.be.at.most(3);
    expect(quantiles[1]!.most).to.be.at.least(37);
  });

  it('refuse what is no number, and edges and probabilities that do not ascend', () => {
    const plan = privateQuantiles({ ...TERMS, edges, probabilities });
    for (const value of [NaN, Infinity, -Infinity]) refused('ERR_SECAGG_VALUE', () => plan.encode(value));
    expect(() => plan.encode('3' as never)).to.throw(TypeError, 'data');
    for (const [name, changes, kind] of [
      ['edges', { edges: [1] }, RangeError],
      ['edges', { edges: 7 }, TypeError],
      ['edges[2]', { edges: [0, 1, 1] }, RangeError],
      ['edges[1]', { edges: [0, NaN] }, RangeError],
      ['probabilities', { probabilities: [] }, RangeError],
      ['probabilities[0]', { probabilities: [0] }, RangeError],
      ['probabilities[0]', { probabilities: [1] }, RangeError],
      ['probabilities[1]', { probabilities: [0.5, 0.5] }, RangeError],
      ["'quantiles'", { quantiles: [0.5] }, TypeError],
    ] as const) {
      expect(() => privateQuantiles({ ...TERMS, edges, probabilities, ...changes } as never), name).to.throw(kind, name);
    }
  });
});

const within = (value: number, least: number, most: number): boolean => value >= least && value <= most;

describe('quantiles of counts with errors', () => {
  const cases = fc.record({
    counts: fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 30 }),
    errors: fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 30, maxLength: 30 }),
    asked: fc.uniqueArray(fc.double({ min: 0.01, max: 0.99, noNaN: true }), { minLength: 1, maxLength: 5 }),
  });

  it('ascend, and are between bounds that hold whenever the error of every weighted sum is within its bound', () => {
    fc.assert(
      fc.property(cases, ({ counts, errors, asked }) => {
        const total = counts.reduce((sum, count) => sum + count, 0);
        const noised = Float64Array.from(counts, (count, i) => count + errors[i]!);
        const limits = Array.from({ length: counts.length + 1 }, (_, i) => 10 * i);
        const ascending = asked.sort((a, b) => a - b);
        // A bound that all weighted sums of these errors keep: by the inequality of Cauchy and Schwarz.
        const norm = Math.sqrt(errors.slice(0, counts.length).reduce((sum, error) => sum + error * error, 0));
        const quantiles = quantilesOf(noised, limits, ascending, (squares) => norm * Math.sqrt(squares));
        let last = -Infinity;
        for (const { probability, value, least, most } of quantiles) {
          expect(value).to.be.at.least(last).and.to.be.within(least, most);
          last = value;
          if (total === 0) continue;
          let below = 0;
          const bin = counts.findIndex((count) => (below += count) >= probability * total);
          expect(10 * bin).to.be.at.least(least - 1e-9);
          expect(10 * (bin + 1)).to.be.at.most(most + 1e-9);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are exact at the edges if counts are', () => {
    const exact = quantilesOf(Float64Array.of(10, 0, 20, 10), [0, 1, 2, 4, 8], [0.25, 0.5, 0.75, 0.875], () => 0);
    expect(exact).to.deep.equal([
      { probability: 0.25, value: 1, least: 0, most: 1 },
      { probability: 0.5, value: 3, least: 2, most: 4 },
      { probability: 0.75, value: 4, least: 2, most: 4 },
      { probability: 0.875, value: 6, least: 4, most: 8 },
    ]);
  });

  it('are computed from sums that were made monotone', () => {
    // The sums are 10, 4, 16: the first two become 7 each.
    const [low] = quantilesOf(Float64Array.of(10, -6, 12), [0, 1, 2, 3], [7 / 32], () => 100);
    expect(low!.value).to.equal(0.5);
  });
});

describe('a session for a median', () => {
  it('tells it for those who were there, with drop-outs', async () => {
    const ids = Array.from({ length: 12 }, (_, i) => 3 * i + 1);
    const plan = privateQuantiles({
      ...{ maxUsers: 12, threshold: 9, colluders: 2, noiseMultiplier: 0.05, session: 'median', unsafeRandom: seeded('median') },
      ...{ edges: [0, 10, 20, 30, 40, 50], probabilities: [0.5] },
    });
    const vectorOf = (i: number) => plan.encode(i < 2 ? 45 : i === 2 ? null : 15 + i).vector;
    const session = new Session({ ids, threshold: 9, vecLen: plan.vecLen, options: plan.options, vectorOf });
    await session.finish([[], [ids[0]!], [ids[1]!], [ids[5]!], []]);
    const users = session.server.progress().included!.length;
    const { quantiles, count } = plan.decode(session.server.output()!.getVector(), { users });
    expect(users).to.equal(10);
    expect(count).to.be.closeTo(9, 0.5); // 18 to 26: two below 20
    expect(quantiles[0]!.value).to.be.closeTo(20 + (10 * (4.5 - 2)) / 7, 0.5);
    expect([quantiles[0]!.least, quantiles[0]!.most]).to.deep.equal([20, 30]);
  });
});
