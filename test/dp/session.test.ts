// Private plans in whole sessions: the noise of the sum is that of the users who were there, and the receipt is computed from them.
import { expect } from 'chai';
import { combine, sum } from '../../src/encoding/index.ts';
import { privateHistogram, privateMean, privateSum, receiptOf, verifyReceipt, type PrivacyPlan } from '../../src/dp/index.ts';
import { Session } from '../support/session.ts';
import { seeded } from './seeded.ts';

const ids = Array.from({ length: 12 }, (_, i) => 7 * i * i + 3);
const LENGTH = 20_000;
const TERMS: PrivacyPlan = { maxUsers: 12, threshold: 9, colluders: 2, noiseMultiplier: 0.8, session: 'whole sessions' };

type AnyVector = Int32Array | BigInt64Array;

/** Plays a session in which users drop out before they send their vectors, after, and before they help to unmask. */
async function play(
  plan: { readonly vecLen: number; readonly options: object },
  vectorOf: (index: number) => AnyVector,
): Promise<{ sum: AnyVector; included: readonly number[] }> {
  const { vecLen, options } = plan;
  const session = new Session({ ids, threshold: 9, vecLen, options, vectorOf });
  await session.finish([[], [ids[0]!], [ids[1]!], [ids[2]!], []]);
  return { sum: session.server.output()!.getVector(), included: session.server.progress().included! };
}

const variance = (values: ArrayLike<number>): number => Array.from(values).reduce((v, x) => v + x * x, 0) / values.length;

describe('a session with private sums', () => {
  for (const mechanism of ['discrete-gaussian', 'skellam'] as const) {
    it(`has ${mechanism} noise of exactly those in the sum, as its receipt says`, async () => {
      const options = { ...TERMS, mechanism, flatten: 'none', unsafeRandom: seeded(mechanism) } as const;
      const plan = privateSum({ ...options, length: LENGTH, l2Clip: 1, type: 'float64' });
      const { sum: total, included } = await play(plan, () => plan.encode(null).vector);
      expect(included.length).to.equal(10);
      const receipt = receiptOf(plan, { included: [included.length], delta: 1e-6 });
      verifyReceipt(receipt, plan);
      expect(receipt.sessions).to.deep.equal([{ users: 10, noises: 8 }]);
      const [part] = receipt.parts;
      // Five standard deviations of a variance over 20,000 components are 5 %.
      expect(variance(Array.from(total as Int32Array)) / (10 * part!.standardDeviation ** 2)).to.be.within(0.95, 1.05);
      const { sum: decoded, noise } = plan.decode(total, { users: included.length });
      expect(variance(decoded) / noise.standardDeviation ** 2).to.be.within(0.95, 1.05);
      expect(receipt.epsilon).to.be.below(receipt.worstEpsilon);
    });
  }

  it('leaves the noise of the honest users if colluders take theirs away, as its receipt counts on', async () => {
    const plan = privateSum({ ...TERMS, flatten: 'none', length: LENGTH, l2Clip: 1, unsafeRandom: seeded('colluders') });
    const own: AnyVector[] = [];
    const { sum: total, included } = await play(plan, (index) => {
      const { vector } = plan.encode(null);
      if (index === 5 || index === 6) own.push(vector.slice()); // what two colluders tell the server
      return vector;
    });
    const rest = Float64Array.from({ length: LENGTH }, (_, i) =>
      own.reduce((x, vector) => x - Number(vector[i]), Number(total[i])),
    );
    const { sessions, parts } = receiptOf(plan, { included: [included.length], delta: 1e-6 });
    expect(sessions[0]!.noises).to.equal(8);
    expect(variance(rest) / (8 * parts[0]!.standardDeviation ** 2)).to.be.within(0.95, 1.05);
  });

  it('gives the mean of those who were there, beside a histogram and a public count', async () => {
    const noiseMultiplier = 0.01;
    const terms = { ...TERMS, noiseMultiplier, unsafeRandom: seeded('combined') };
    const plan = combine(
      {
        update: privateMean({ ...terms, shapes: { kernel: [5, 5], bias: [3] }, l2Clip: 2, type: 'float64' }),
        classes: privateHistogram({ ...terms, bins: 4 }),
        versions: sum({ maxUsers: 12, length: 1, min: 1, max: 9 }),
      },
      { session: 'round 3', public: ['versions'] },
    );
    const dataOf = (i: number) => ({
      update: {
        kernel: { shape: [5, 5], data: Array.from({ length: 25 }, (_, j) => Math.sin(i + j) / 5) },
        bias: { shape: [3], data: [i / 50, 0, -i / 50] },
      },
      classes: { indices: [i % 4] },
      versions: [2],
    });
    const { sum: total, included } = await play(plan, (i) => plan.encode(dataOf(i)).vector);
    const { update, classes, versions } = plan.decode(total, { users: included.length });
    const who = included.map((id) => ids.indexOf(id));
    expect(versions.sum[0]).to.equal(20);
    for (let bin = 0; bin < 4; bin++) {
      expect(classes.counts[bin]).to.be.closeTo(who.filter((i) => i % 4 === bin).length, 0.5);
    }
    for (let j = 0; j < 25; j++) {
      const exact = who.reduce((x, i) => x + Math.sin(i + j) / 5 / who.length, 0);
      expect(update.mean.kernel.data[j]).to.be.closeTo(exact, 0.02);
    }
    const receipt = receiptOf(plan, { included: [included.length], delta: 1e-6 });
    expect(receipt.parts.map(({ name }) => name)).to.deep.equal(['classes', 'update']);
    expect(receipt.publicParts).to.deep.equal(['versions']);
  });
});
