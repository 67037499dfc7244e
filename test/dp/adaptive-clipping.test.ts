// Clips that follow the users' norms: what users add for it, what the result tells, and what it costs.
import { expect } from 'chai';
import fc from 'fast-check';
import {
  nextClip,
  privateMean,
  privateSum,
  privateWeightedMean,
  receiptOf,
  type Adjacency,
  type AnyPrivateEncoding,
  type PrivacyPlan,
} from '../../src/dp/index.ts';
import { Session } from '../support/session.ts';
import { seeded, uniforms } from './seeded.ts';
import { sumOf } from './sums.ts';

const TERMS: PrivacyPlan = { maxUsers: 100, threshold: 67, colluders: 5, noiseMultiplier: 0.01, session: 'clips' };

/** The noise in each component of a sum, as its receipt has it: sensitivity, variance. */
const partOf = (plan: AnyPrivateEncoding) => receiptOf(plan, { included: [67], delta: 1e-6 }).parts[0]!;

const squares = (vector: ArrayLike<number | bigint>): number => Array.from(vector, Number).reduce((sum, x) => sum + x * x, 0);

describe('the part of the users within the clip', () => {
  const norms = Array.from({ length: 80 }, (_, i) => (i + 0.5) / 40); // half of them below 1

  for (const flatten of ['hadamard', 'none'] as const) {
    it(`is told beside a sum and a mean, with noise (flatten: ${flatten})`, () => {
      for (const make of [privateSum, privateMean]) {
        const options = { ...TERMS, flatten, unsafeRandom: seeded('within'), type: 'float64' } as const;
        const plan = make({ ...options, length: 3, l2Clip: 1.5, measureClipping: true });
        const vectors = norms.map((norm) => plan.encode([0, norm * 0.6, -norm * 0.8]).vector);
        const { withinClip, noise } = plan.decode(sumOf(vectors, plan.bits), { users: 80 });
        expect(noise.withinClip).to.be.within(0.0005, 0.001);
        expect(withinClip).to.be.closeTo(0.75, 5 * noise.withinClip);
      }
    });
  }

  it('is told for each clip by its name, if there are several', () => {
    const options = { ...TERMS, unsafeRandom: seeded('groups'), maxWeight: 10 };
    const shapes = { kernel: [2, 2], bias: [1] } as const;
    const plan = privateWeightedMean({ ...options, shapes, l2Clip: { kernel: 3, bias: 0.5 }, measureClipping: true });
    const vectors = norms.map((norm) => {
      const kernel = { shape: [2, 2], data: [norm, norm, norm, norm] }; // its norm is twice as large
      return plan.encode({ kernel, bias: { shape: [1], data: [norm / 2] } }, 7).vector;
    });
    const { withinClip, totalWeight } = plan.decode(sumOf(vectors, plan.bits), { users: 80 });
    expect(withinClip.kernel).to.be.closeTo(0.75, 0.02);
    expect(withinClip.bias).to.be.closeTo(0.5, 0.02);
    expect(totalWeight).to.be.closeTo(560, 6);
  });

  it('counts users without data as half', () => {
    const plan = privateMean({ ...TERMS, unsafeRandom: seeded('half'), length: 8, l2Clip: 1, measureClipping: true });
    const vectors = norms.map((_, i) => plan.encode(i % 2 === 0 ? null : [0.1, 0, 0, 0, 0, 0, 0, 0]).vector);
    expect(plan.decode(sumOf(vectors, plan.bits), { users: 80 }).withinClip).to.be.closeTo(0.75, 0.01);
  });

  it('has the noise that is told, over a thousand clips', () => {
    const names = Array.from({ length: 1000 }, (_, i) => `t${i}`);
    const each = <Value>(value: Value): Record<string, Value> => Object.fromEntries(names.map((name) => [name, value]));
    const options = { ...TERMS, noiseMultiplier: 1, unsafeRandom: seeded('noise of flags') };
    const plan = privateSum({ ...options, shapes: each([1]), l2Clip: each(1), measureClipping: true });
    const vectors = Array.from({ length: 67 }, () => plan.encode(null).vector);
    const { withinClip, noise } = plan.decode(sumOf(vectors, plan.bits), { users: 67 });
    const errors = names.map((name) => (withinClip[name]! - 0.5) / noise.withinClip);
    // The standard deviation of a variance over 1,000 flags is 4.5 %: five of them.
    expect(squares(errors) / 1000).to.be.within(0.77, 1.23);
    // z·√(1 + ρ²)/(2ρ) · √G/n for G clips, and √(n/h) times as much for n users where h are honest.
    const formula = ((Math.sqrt(1.01) / 0.2) * Math.sqrt(1000 * (67 / 62))) / 67;
    expect(noise.withinClip / formula).to.be.within(1, 1.03); // rounding
  });

  it('costs 0.5 % more noise, and is not there if it was not asked for', () => {
    const plan = { ...TERMS, noiseMultiplier: 1, length: 1000, l2Clip: 1 };
    const without = privateMean(plan);
    const measured = privateMean({ ...plan, measureClipping: true });
    const ratio = measured.errorBound({ users: 80 }).rms / without.errorBound({ users: 80 }).rms;
    expect(ratio).to.be.closeTo(Math.sqrt(1.01), 0.001);
    expect(measured.vecLen).to.equal(1001);
    expect(measured.bits).to.equal(without.bits);
    expect(measured.options.session).to.not.equal(without.options.session);
    expect(Object.keys(without.decode(without.encode(null).vector, { users: 80 }))).to.deep.equal(['mean', 'noise']);
    expect(() => privateMean({ ...plan, measureClipping: 1 as never })).to.throw(TypeError, 'measureClipping');
  });
});

describe('the joint vector of values and flags', () => {
  const cases = fc.record({
    length: fc.integer({ min: 1, max: 40 }),
    bits: fc.constantFrom(undefined, 16, 24),
    flatten: fc.constantFrom('hadamard', 'none'),
    weighted: fc.boolean(),
    scales: fc.tuple(fc.double({ min: 0, max: 3, noNaN: true }), fc.double({ min: 0, max: 3, noNaN: true })),
    seed: fc.string(),
  });

  it('of no user is longer than the receipt says, in integers, and no two are further apart', () => {
    fc.assert(
      fc.property(cases, ({ length, bits, flatten, weighted, scales, seed }) => {
        // A trusted server adds the noise when it decodes, so that these vectors have none.
        const random = { noiseFrom: 'server', unsafeRandom: seeded(seed) } as const;
        const options = { ...TERMS, ...random, noiseMultiplier: 1, length, l2Clip: 1, flatten, measureClipping: true } as const;
        const plan = { ...options, ...(bits !== undefined && { bits }) };
        const uniform = uniforms(seed);
        const data = scales.map((scale, i) => Array.from({ length }, () => (2 * uniform() - 1) * scale * (i === 0 ? 1 : -1)));
        const encoded = (adjacency: Adjacency) => {
          if (weighted) {
            const each = privateWeightedMean({ ...plan, adjacency });
            return { part: partOf(each), vectors: data.map((values) => Array.from(each.encode(values, 1000).vector, Number)) };
          }
          const each = privateMean({ ...plan, adjacency });
          return { part: partOf(each), vectors: data.map((values) => Array.from(each.encode(values).vector, Number)) };
        };
        const zeroOut = encoded('zero-out');
        for (const vector of zeroOut.vectors) expect(squares(vector)).to.be.at.most(zeroOut.part.l2Squared);
        const replaceOne = encoded('replace-one');
        const [one, other] = replaceOne.vectors;
        const apart = one!.map((x, i) => x - other![i]!);
        expect(squares(apart)).to.be.at.most(replaceOne.part.l2Squared);
        expect(apart.reduce((sum, x) => sum + Math.abs(x), 0)).to.be.at.most(replaceOne.part.l1);
      }),
      { numRuns: 100 },
    );
  });

  it('of a user without data is zero, as that of a user whose data is taken out', () => {
    const plan = privateMean({ ...TERMS, noiseFrom: 'server', length: 5, l2Clip: 1, measureClipping: true });
    expect([...plan.encode(null).vector].map(Number)).to.deep.equal([0, 0, 0, 0, 0, 0]);
  });
});

describe('the next clip', () => {
  it('falls if more users than wanted were within, and rises if fewer were', () => {
    expect(nextClip({ clip: 2, withinClip: 0.5 })).to.equal(2);
    expect(nextClip({ clip: 2, withinClip: 1 })).to.equal(2 * Math.exp(-0.1));
    expect(nextClip({ clip: 2, withinClip: 0.2, target: 0.8, rate: 1 })).to.equal(2 * Math.exp(-(0.2 - 0.8)));
  });

  it('has limits, whatever the noise', () => {
    expect(nextClip({ clip: 1, withinClip: -1e9 })).to.equal(Math.exp(0.1));
    expect(nextClip({ clip: 1, withinClip: 1e9 })).to.equal(Math.exp(-0.1));
    expect(nextClip({ clip: 1, withinClip: 0, most: 1.01 })).to.equal(1.01);
    expect(nextClip({ clip: 1, withinClip: 1, least: 0.99 })).to.equal(0.99);
  });

  it('is refused for what is no fraction, no clip or no rate', () => {
    for (const [name, changes] of [
      ['withinClip', { withinClip: NaN }],
      ['withinClip', { withinClip: Infinity }],
      ['clip', { clip: 0 }],
      ['target', { target: 1.5 }],
      ['rate', { rate: -1 }],
      ['least', { least: 3, most: 2 }],
    ] as const) {
      expect(() => nextClip({ clip: 1, withinClip: 0.5, ...changes }), name).to.throw(RangeError, name);
    }
    expect(() => nextClip({ clip: 1, withinClip: 0.5, eta: 0.2 } as never)).to.throw(TypeError, 'eta');
    expect(() => nextClip({ clip: 1 } as never)).to.throw(TypeError, 'withinClip');
  });

  it('comes to the quantile of the norms that it is told, from far away', () => {
    // Norms e^(2u) with u uniform in [0, 1): three quarters are below e^1.5.
    const uniform = uniforms('norms');
    let clip = 0.1;
    const last: number[] = [];
    for (let run = 0; run < 60; run++) {
      const options = { ...TERMS, noiseMultiplier: 1, unsafeRandom: seeded(`run ${run}`), session: `run ${run}` };
      const plan = privateMean({ ...options, length: 4, l2Clip: clip, measureClipping: true });
      const vectors = Array.from({ length: 100 }, () => plan.encode([Math.exp(2 * uniform()), 0, 0, 0]).vector);
      const { withinClip } = plan.decode(sumOf(vectors, plan.bits), { users: 100 });
      clip = nextClip({ clip, withinClip, target: 0.75, rate: 0.3 });
      if (run >= 40) last.push(Math.log(clip));
    }
    expect(last.reduce((sum, log) => sum + log / last.length, 0)).to.be.closeTo(1.5, 0.1);
  });
});

describe('a session that measures its clip', () => {
  it('tells the fraction of those who were there, with drop-outs', async () => {
    const ids = Array.from({ length: 12 }, (_, i) => 5 * i + 2);
    const plan = privateSum({
      ...{ maxUsers: 12, threshold: 9, colluders: 2, noiseMultiplier: 0.05, session: 'clip of a session' },
      ...{ length: 30, l2Clip: 1, measureClipping: true, unsafeRandom: seeded('session') },
    });
    // Users 0 and 1 drop out; of the others all but 2, 3 and 4 are within the clip.
    const vectorOf = (i: number) => plan.encode(new Array<number>(30).fill(i < 5 ? 0.5 : 0.1)).vector;
    const session = new Session({ ids, threshold: 9, vecLen: plan.vecLen, options: plan.options, vectorOf });
    await session.finish([[], [ids[0]!], [ids[1]!], [ids[5]!], []]);
    const users = session.server.progress().included!.length;
    expect(users).to.equal(10);
    const { withinClip, sum, noise } = plan.decode(session.server.output()!.getVector(), { users });
    expect(withinClip).to.be.closeTo(0.7, 5 * noise.withinClip);
    expect(noise.withinClip).to.be.below(0.04);
    expect(sum[7]).to.be.closeTo(3 / Math.sqrt(30) + 7 * 0.1, 5 * noise.standardDeviation);
  });
});
