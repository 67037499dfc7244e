// Private plans, receipts and what is read from sums are what an independent implementation (test/reference/dp) computes.
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { combine } from '../../src/encoding/index.ts';
import {
  epsilonOf,
  privateHistogram,
  privateMean,
  privateMoments,
  privateQuantiles,
  privateSum,
  privateWeightedMean,
  receiptOf,
  type AnyPrivateEncoding,
  type Receipt,
} from '../../src/dp/index.ts';
import type { Encoding } from '../../src/encoding/index.ts';

const read = <T>(name: string): T[] => JSON.parse(readFileSync(new URL(`dp/${name}.json`, import.meta.url), 'utf8')) as T[];

const STATISTICS = { privateHistogram, privateMean, privateMoments, privateQuantiles, privateSum, privateWeightedMean };

interface PlanCase {
  readonly kind: keyof typeof STATISTICS;
  readonly options: object;
}

type AnyPlan = Encoding<never, { readonly noise: { readonly standardDeviation: number } }, { rms: number; likely: number }>;

const planOf = ({ kind, options }: PlanCase): AnyPlan => (STATISTICS[kind] as (options: object) => unknown)(options) as AnyPlan;

/** Relative. Doubles add up over a few hundred operations at most. */
const near = (value: number, expected: number, relative: number, what: string): void => {
  expect(Math.abs(value - expected), `${what}: ${value} instead of ${expected}`).to.be.at.most(relative * Math.abs(expected));
};

type ReceiptCase = Pick<Receipt, 'delta' | 'epsilon' | 'worstEpsilon' | 'accounting'> & {
  readonly included: readonly number[];
  readonly noises: readonly number[];
};

function checkReceipt(plan: AnyPrivateEncoding, expected: ReceiptCase): Receipt {
  const receipt = receiptOf(plan, { included: expected.included, delta: expected.delta });
  expect(receipt.sessions.map(({ noises }) => noises)).to.deep.equal(expected.noises);
  expect(receipt.accounting).to.equal(expected.accounting);
  // Curves agree to the last digits. Loss distributions are never below the exact ε, and above it by little.
  for (const [name, slack] of [['epsilon', 3e-4], ['worstEpsilon', 3e-4]] as const) {
    if (expected.accounting === 'renyi') near(receipt[name], expected[name], 1e-10, name);
    else expect(receipt[name]).to.be.within(expected[name] * (1 - 1e-9), expected[name] * (1 + slack));
  }
  return receipt;
}

describe('private plans beside the independent reference', () => {
  interface Case extends PlanCase {
    readonly bits: number;
    readonly steps: number;
    readonly isLeast: boolean;
    readonly variance: number;
    readonly dimensions: number;
    readonly fromZero: number;
    readonly l2Squared: number;
    readonly l1: number;
    readonly bounds: { readonly components: number; readonly shift: number } | null;
    readonly standardDeviation: number;
    readonly error: { readonly users: number; readonly rms: number; readonly likely: number };
    /** Whether the reference knows what loss distributions say. */
    readonly isExact: boolean;
    readonly receipt: ReceiptCase;
  }

  for (const [i, expected] of read<Case>('plans').entries()) {
    it(`have its norms, steps, noise, ring, errors and receipt: plan ${i}, ${expected.kind}`, () => {
      const plan = planOf(expected);
      const { users, rms, likely } = expected.error;
      const [part] = receiptOf(plan, { included: expected.receipt.included, delta: expected.receipt.delta }).parts;
      expect(plan.bits).to.equal(expected.bits);
      for (const name of ['dimensions', 'l2Squared', 'bounds'] as const) expect(part![name]).to.deep.equal(expected[name]);
      near(part!.l1, expected.l1, 1e-12, 'l1');
      const bound = plan.errorBound(expected.kind === 'privateWeightedMean' ? { users, totalWeight: users * 50 } : { users });
      if (!expected.isLeast) {
        // A target for one release of few components: the least noise, or an ε within a thousandth of the target.
        expect(part!.variance).to.be.within(expected.variance, Math.ceil(expected.variance * 1.004));
        expect(bound.rms * expected.steps).to.be.within(rms * expected.steps * (1 - 1e-9), rms * expected.steps * 1.02);
        const receipt = receiptOf(plan, { included: expected.receipt.included });
        expect(receipt.epsilon).to.be.within(expected.receipt.epsilon * 0.998, 1);
        return;
      }
      expect(part!.variance).to.equal(expected.variance);
      near(part!.standardDeviation, expected.standardDeviation, 1e-12, 'standardDeviation');
      // The errors are in units, so that they hold the steps.
      const divisor = expected.kind === 'privateMean' || expected.kind === 'privateWeightedMean' ? users : 1;
      near(bound.rms * divisor, rms, 1e-11, 'rms');
      near(bound.likely * divisor, likely, 1e-11, 'likely');
      if (expected.isExact) checkReceipt(plan, expected.receipt);
      else {
        const { included, delta, epsilon } = expected.receipt;
        const receipt = receiptOf(plan, { included, delta });
        expect(receipt.epsilon).to.be.within(0.8 * epsilon, epsilon * (1 + 1e-10));
        near(epsilonOf(receipt.curve, delta).epsilon, epsilon, 1e-10, 'epsilon of the curve');
      }
    });
  }

  it('add up their curves in a combination', () => {
    interface Combination {
      readonly parts: Readonly<Record<string, PlanCase>>;
      readonly receipt: ReceiptCase;
    }
    for (const { parts, receipt } of read<Combination>('combined-plans')) {
      const plans = Object.entries(parts).map(([name, part]) => [name, planOf(part)] as const);
      checkReceipt(combine(Object.fromEntries(plans) as never), receipt);
    }
  });

  it('read moments, flags of clips, and quantiles with their bounds from sums', () => {
    interface Case extends PlanCase {
      readonly users: number;
      readonly sum: readonly number[];
      readonly noise: number;
      readonly result: unknown;
    }
    for (const { kind, options, users, sum, noise, result } of read<Case>('sums')) {
      const plan = planOf({ kind, options });
      const decoded = plan.decode(Int32Array.from(sum), { users });
      near(decoded.noise.standardDeviation, noise, 1e-11, 'noise');
      const found = flattened(readings[kind]!(decoded as never));
      const expected = flattened(result);
      expect(found.length).to.equal(expected.length);
      found.forEach((value, i) => { near(value, expected[i]!, 1e-11, kind); });
    }
  });
});

/** The numbers of a result, in the order of the reference. */
const readings: Partial<Record<keyof typeof STATISTICS, (decoded: never) => unknown>> = {
  privateMoments: ({ count, mean, variance }: { count: number; mean: number; variance: number }) => ({ count, mean, variance }),
  privateSum: ({ withinClip, noise }: { withinClip: number | Record<string, number>; noise: { withinClip: number } }) => [
    withinClip,
    noise.withinClip,
  ],
  privateQuantiles: ({ quantiles }: { quantiles: readonly { value: number; least: number; most: number }[] }) =>
    quantiles.map(({ value, least, most }) => ({ value, least, most })),
};

const flattened = (value: unknown): number[] =>
  typeof value === 'number' ? [value] : Object.values(value as object).flatMap(flattened);
