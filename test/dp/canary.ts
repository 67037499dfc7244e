// A canary: an adversary who knows everything but whether one user's vector is in the sum, and how much its guesses prove about ε.
import { privateSum, type PrivacyPlan } from '../../src/dp/index.ts';
import { sumOf } from './sums.ts';

/** Components of the vector: few, and not flattened, so that thousands of sums take a second. */
export const LENGTH = 4;
/** The user's vector, as long as the clip. The best test between it and zeros looks in its direction: the noise is nearly Gaussian. */
const CANARY = Float64Array.from({ length: LENGTH }, (_, i) => (i % 3 === 1 ? -1 : 1) / Math.sqrt(LENGTH));

export const USERS = 3;
/** Three users, one of whom tells the adversary its noise: that of two is left. */
export const TERMS: PrivacyPlan = { maxUsers: USERS, threshold: USERS, colluders: 1, session: 'canary' };

export type CanaryPlan = ReturnType<typeof canaryPlan>;

/** @param multiplier deviations of the honest users' noise in a sensitivity. */
export function canaryPlan(terms: PrivacyPlan, multiplier: number) {
  return privateSum({ ...terms, noiseMultiplier: multiplier, length: LENGTH, l2Clip: 1, type: 'float64', flatten: 'none' });
}

/** The vectors of the honest users. All but the canary contribute nothing: the adversary knows what they have, and has subtracted it. */
export const honestVectors = (plan: CanaryPlan, present: boolean): (Int32Array | BigInt64Array)[] =>
  [present ? CANARY : null, null].map((data) => plan.encode(data).vector);

/** Where a sum lies in the direction of the canary, in units of the clip. */
export function statistic(plan: CanaryPlan, sum: Int32Array | BigInt64Array): number {
  return plan.decode(sum, { users: USERS }).sum.reduce((dot, value, i) => dot + value * CANARY[i]!, 0);
}

/** How often the adversary says that the canary is there: if its statistic is above a threshold that was set beforehand. */
export function detections(plan: CanaryPlan, present: boolean, sums: number, threshold: number): number {
  let found = 0;
  for (let i = 0; i < sums; i++) if (statistic(plan, sumOf(honestVectors(plan, present), plan.bits)) > threshold) found++;
  return found;
}

/** P(X ≤ k) for a binomial X of n draws. */
function binomialBelow(k: number, n: number, p: number): number {
  let log = n * Math.log1p(-p);
  let sum = Math.exp(log);
  for (let i = 1; i <= k; i++) {
    log += Math.log((n - i + 1) / i) + Math.log(p) - Math.log1p(-p);
    sum += Math.exp(log);
  }
  return sum;
}

/** Clopper and Pearson's limit above a probability: the p at which so few successes have the probability `alpha`. */
export function upperLimit(successes: number, draws: number, alpha: number): number {
  if (successes === draws) return 1;
  let [low, high] = [0, 1];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (binomialBelow(successes, draws, middle) > alpha) low = middle;
    else high = middle;
  }
  return high;
}

export const lowerLimit = (successes: number, draws: number, alpha: number): number =>
  1 - upperLimit(draws - successes, draws, alpha);

/** What detections prove: (ε, δ) needs P(detected | there) ≤ e^ε·P(detected | not there) + δ. Wrong with a probability of 2·alpha. */
export function provenEpsilon(found: { present: number; absent: number }, sums: number, delta: number, alpha: number): number {
  return Math.log((lowerLimit(found.present, sums, alpha) - delta) / upperLimit(found.absent, sums, alpha));
}
