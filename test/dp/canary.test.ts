// An adversary that looks for one user's vector in the sum proves no more than receipts claim; and it proves more if noise is too weak.
import { expect } from 'chai';
import { receiptOf, type Mechanism } from '../../src/dp/index.ts';
import { Session } from '../support/session.ts';
import {
  canaryPlan,
  detections,
  honestVectors,
  LENGTH,
  lowerLimit,
  provenEpsilon,
  statistic,
  TERMS,
  upperLimit,
  USERS,
  type CanaryPlan,
} from './canary.ts';
import { FRESH, randomFor } from './noise/streams.ts';
import { sumOf } from './sums.ts';

const SUMS = 4000;
/** At δ = 1e-5 no number of sums that a test can make proves anything. */
const DELTA = 0.1;
/** A side of Clopper and Pearson's interval. */
const SIDE = FRESH ? 5e-10 : 5e-7;
/** Each mechanism and the ε of its receipts: orders are real numbers for the first, and whole ones, here 3, for Skellam noise. */
const CLAIMED: readonly (readonly [Mechanism, number])[] = [
  ['discrete-gaussian', 1.656],
  ['skellam', 1.697],
];

/** The exact ε at δ = 0.1 of Gaussian noise as wide as the sensitivity: Φ(½ − ε) − e^ε·Φ(−½ − ε) = 0.1. No noise claims less. */
const TIGHT = 1.16;

/** What is claimed for the noise of a plan with the multiplier 1: the ε of its receipt, and the threshold of 1.25 deviations. */
function claimOf(plan: CanaryPlan): { readonly epsilon: number; readonly threshold: number } {
  const receipt = receiptOf(plan, { included: [USERS], delta: DELTA });
  const { variance, l2Squared } = receipt.parts[0]!;
  expect(Math.sqrt((receipt.sessions[0]!.noises * variance) / l2Squared)).to.be.within(1, 1.001);
  const { standardDeviation } = plan.decode(new Int32Array(LENGTH), { users: USERS }).noise;
  return { epsilon: receipt.epsilon, threshold: 1.25 * standardDeviation * Math.sqrt(2 / USERS) };
}

/** The ε that an adversary proves of noise that is `multiplier` times as wide as claimed. */
function proven(mechanism: Mechanism, multiplier: number, threshold: number): number {
  const plan = canaryPlan({ ...TERMS, mechanism, unsafeRandom: randomFor(`canary ${mechanism} ${multiplier}`) }, multiplier);
  const [present, absent] = [true, false].map((there) => detections(plan, there, SUMS, threshold)) as [number, number];
  return provenEpsilon({ present, absent }, SUMS, DELTA, SIDE);
}

describe('a canary in sums with noise', function () {
  this.timeout(60_000);

  for (const [mechanism, claimed] of CLAIMED) {
    const { epsilon, threshold } = claimOf(canaryPlan({ ...TERMS, mechanism }, 1));

    it(`proves no more of ${mechanism} noise than its receipt claims, nor than the exact ε`, () => {
      expect(epsilon).to.be.closeTo(claimed, 0.001);
      expect(proven(mechanism, 1, threshold)).to.be.within(0.5, TIGHT);
    });

    // Of fresh noise, the second is missed once in some thousand runs.
    if (!FRESH) {
      it(`proves that ${mechanism} noise of 1/√2 of its deviation is not what its exact ε would need`, () => {
        expect(proven(mechanism, Math.SQRT1_2, threshold)).to.be.within(TIGHT + 0.1, epsilon);
      });
      it(`proves that ${mechanism} noise of half its deviation is not what its receipt claims`, () => {
        expect(proven(mechanism, 1 / 2, threshold)).to.be.above(epsilon + 0.5);
      });
    }
  }

  for (const [mechanism] of CLAIMED) {
    it(`sees in whole sessions, without a colluder's noise, what it sees in added vectors of ${mechanism} noise`, async () => {
      const plan = canaryPlan({ ...TERMS, mechanism, unsafeRandom: randomFor(`canary in sessions ${mechanism}`) }, 1);
      for (const present of [true, false, true, false, true, false]) {
        const honest = honestVectors(plan, present);
        const colluder = plan.encode(null).vector;
        const vectors = [...honest, colluder];
        const session = new Session({
          ids: [4, 5, 9],
          threshold: USERS,
          vecLen: plan.vecLen,
          options: plan.options,
          vectorOf: (index) => vectors[index]!,
        });
        await session.finish();
        const sum = session.server.output()!.getVector();
        const known = colluder.map((x: number | bigint) => -x as never) as typeof colluder;
        const left = sumOf([sum, known], plan.bits);
        expect(left).to.deep.equal(sumOf(honest, plan.bits));
        expect(Number.isFinite(statistic(plan, left))).to.equal(true);
      }
    });
  }

  it('proves what Clopper and Pearson allow', () => {
    // Published limits at 95 %: 8 of 10 lies in [0.4439, 0.9748], 0 of 20 below 0.1684.
    expect(upperLimit(8, 10, 0.025)).to.be.closeTo(0.9748, 1e-4);
    expect(lowerLimit(8, 10, 0.025)).to.be.closeTo(0.4439, 1e-4);
    expect(upperLimit(0, 20, 0.025)).to.be.closeTo(0.1684, 1e-4);
    // Of 4,000 sums each, as many as are to be expected of Gaussian noise that is as wide as claimed, ÷ √2, and ÷ 2.
    const expected = [
      { present: 1605, absent: 423, epsilon: 0.7 },
      { present: 1447, absent: 154, epsilon: 1.4 },
      { present: 1234, absent: 25, epsilon: 2.5 },
    ];
    for (const { epsilon, ...found } of expected) expect(provenEpsilon(found, SUMS, DELTA, 5e-7)).to.be.closeTo(epsilon, 0.05);
  });
});
