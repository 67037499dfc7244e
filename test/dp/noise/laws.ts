// Laws of integer noise: from the independent reference, in doubles for statistics, and in exact integers for tables.
import { readFileSync } from 'node:fs';
import type { NoiseLaw } from '../../../src/dp/mechanism.ts';
import { skellamMasses, skellamReach } from '../../../src/dp/noise/skellam-law.ts';

/** Fraction bits of exact probabilities. */
export const BITS = 400n;
export const ONE = 1n << BITS;

interface Written {
  readonly mechanism: NoiseLaw['mechanism'];
  readonly variance: number;
  readonly probabilities: Readonly<Record<string, string>>;
}

/** A law, and its probabilities at some points as test/reference/dp/noise.py has them: 45 digits, in units of 2^-400. */
export interface ReferenceLaw {
  readonly law: NoiseLaw;
  readonly points: readonly (readonly [x: number, probability: bigint])[];
}

export function referenceLaws(): ReferenceLaw[] {
  const file = new URL('../../vectors/dp/noise.json', import.meta.url);
  const laws = JSON.parse(readFileSync(file, 'utf8')) as Written[];
  return laws.map(({ mechanism, variance, probabilities }) => ({
    law: { mechanism, variance },
    points: Object.entries(probabilities).map(([x, decimal]) => [Number(x), fraction(decimal)] as const),
  }));
}

/** `1.25e-7` in units of 2^-400. */
function fraction(decimal: string): bigint {
  const [, whole = '', digits = '', exponent = ''] = /^(\d)\.(\d+)e-(\d+)$/.exec(decimal) ?? [];
  return (BigInt(whole + digits) << BITS) / 10n ** BigInt(digits.length + Number(exponent));
}

/** P(|x| = i) for i from 0 to `last` in units of 2^-400, and P(|x| > last) as one more element. */
export function exactMagnitudes({ mechanism, variance }: NoiseLaw, last: number): bigint[] {
  const one = mechanism === 'skellam' ? skellamOneSided(variance, last) : gaussianOneSided(variance, last);
  const both = one.map((weight, x) => (x === 0 ? weight : 2n * weight));
  const total = both.reduce((sum, weight) => sum + weight, 0n);
  const law = both.map((weight) => (weight << BITS) / total);
  return [...law.slice(0, last + 1), law.slice(last + 1).reduce((sum, p) => sum + p, 0n)];
}

/** The weights e^(−x²/2σ²) by x → x + 1: each is the one before times e^(−(2x+1)/2σ²), and these factors fall by e^(−1/σ²). */
function gaussianOneSided(variance: number, last: number): bigint[] {
  const reach = last + Math.ceil(6 * Math.sqrt(variance)) + 20;
  let [weight, factor] = [ONE, exponential(1n, 2n * BigInt(variance))];
  const step = exponential(1n, BigInt(variance));
  return Array.from({ length: reach }, () => {
    const here = weight;
    weight = (weight * factor) >> BITS;
    factor = (factor * step) >> BITS;
    return here;
  });
}

/** e^(−n/d) for n ≤ d by its series. */
function exponential(n: bigint, d: bigint): bigint {
  let [sum, term] = [0n, ONE];
  for (let k = 1n; term !== 0n; k++) {
    sum += term;
    term = (-term * n) / (d * k);
  }
  return sum;
}

function skellamOneSided(variance: number, last: number): readonly bigint[] {
  const reach = Math.max(last + 1, skellamReach(variance, 140));
  return skellamMasses(variance, reach, 300).masses;
}

/** P(|x| = i) in doubles, to where they vanish beside 2^-60. Computed apart from what is tested. */
export function magnitudes({ mechanism, variance }: NoiseLaw): Float64Array {
  const reach = Math.ceil(9 * Math.sqrt(variance)) + 30;
  const weights = new Float64Array(reach + 1);
  if (mechanism === 'discrete-gaussian') {
    for (let x = 0; x <= reach; x++) weights[x] = Math.exp(-(x ** 2) / (2 * variance));
  } else {
    // Miller's algorithm from far above, where any start will do; scaled down on the way, because it grows without bound.
    let [above, here] = [0, 1e-300];
    for (let x = 3 * reach; x >= 0; x--) {
      if (x <= reach) weights[x] = here;
      [above, here] = [here, above + ((2 * x) / variance) * here];
      if (here > 1e250) {
        [above, here] = [above * 1e-250, here * 1e-250];
        for (let i = x; i <= reach; i++) weights[i] = (weights[i] ?? 0) * 1e-250;
      }
    }
  }
  let total = 0;
  for (let x = reach; x >= 0; x--) total += weights[x] = (x === 0 ? 1 : 2) * (weights[x] ?? 0);
  return weights.map((weight) => weight / total);
}
