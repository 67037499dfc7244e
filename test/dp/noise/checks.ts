// Statistical checks of noise. Each one refuses draws of the right law with a known probability, `alpha`.
import type { NoiseLaw } from '../../../src/dp/mechanism.ts';
import { magnitudes } from './laws.ts';

/** The probability that draws of the law are at least as unlikely as these, by one statistic. */
export type Check = (draws: Int32Array, law: NoiseLaw) => number;

/** The mean is 0. */
const meanCheck: Check = (draws, law) => {
  let sum = 0;
  for (const x of draws) sum += x;
  return twoSided(sum / Math.sqrt(draws.length * momentOf(law, 2)));
};

/** The variance is that of the law. */
export const varianceCheck: Check = (draws, law) => {
  const [second, fourth] = [momentOf(law, 2), momentOf(law, 4)];
  const squares = draws.reduce((total, x) => total + x ** 2, 0);
  return twoSided((squares / draws.length - second) / Math.sqrt((fourth - second ** 2) / draws.length));
};

/** Pearson's χ² over at most 128 groups of neighboring values, each with at least 200 draws expected: that many make χ² exact enough. */
const histogramCheck: Check = (draws, law) => {
  const expected = twoSidedLaw(law);
  const least = Math.max(200 / draws.length, 1 / 128);
  const groupOf = new Int32Array(expected.length);
  const probabilities: number[] = [0];
  expected.forEach((p, i) => {
    groupOf[i] = probabilities.length - 1;
    probabilities[probabilities.length - 1]! += p;
    if (probabilities.at(-1)! >= least) probabilities.push(0);
  });
  const rest = probabilities.pop()!;
  probabilities[probabilities.length - 1]! += rest;
  const middle = (expected.length - 1) / 2;
  const counts = new Float64Array(probabilities.length);
  for (const x of draws) counts[Math.min(groupOf[clamp(x, -middle, middle) + middle]!, probabilities.length - 1)]!++;
  return chiSquareTail(chiSquare(counts, probabilities, draws.length), probabilities.length - 1);
};

/** As many draws as should be are beyond 3 to 4.4 standard deviations: their number has a binomial law, whose tails Poisson's law bounds. */
const tailCheck: Check = (draws, law) => {
  const expected = magnitudes(law);
  const deviation = Math.sqrt(momentOf(law, 2));
  const each = [3, 3.7, 4.4].map((times) => {
    const from = Math.ceil(times * deviation);
    const p = expected.subarray(from).reduce((sum, each) => sum + each, 0);
    let count = 0;
    for (const x of draws) if (x >= from || x <= -from) count++;
    return poissonTwoSided(count, p * draws.length);
  });
  return Math.min(1, each.length * Math.min(...each));
};

/** Draws are not correlated, nor their squares, at distances up to 16 and at fractions of the whole length. */
const correlationCheck: Check = (draws, law) => {
  const [second, fourth] = [momentOf(law, 2), momentOf(law, 4)];
  const lags = [...Array.from({ length: 16 }, (_, i) => i + 1), draws.length >> 2, draws.length >> 1];
  const centered = Float64Array.from(draws, (x) => x * x - second);
  const least = lags.flatMap((lag) => {
    let [products, squares] = [0, 0];
    const pairs = draws.length - lag;
    for (let i = 0; i < pairs; i++) {
      products += draws[i]! * draws[i + lag]!;
      squares += centered[i]! * centered[i + lag]!;
    }
    return [products / (second * Math.sqrt(pairs)), squares / ((fourth - second ** 2) * Math.sqrt(pairs))].map(twoSided);
  });
  return Math.min(1, least.length * Math.min(...least));
};

/** A draw tells nothing of the next one: χ² of disjoint pairs in 8 × 8 groups. */
const pairCheck: Check = (draws, law) => {
  const expected = twoSidedLaw(law);
  const middle = (expected.length - 1) / 2;
  const groupOf = new Int32Array(expected.length);
  let below = 0;
  expected.forEach((p, i) => {
    groupOf[i] = Math.min(7, Math.floor((below + p / 2) * 8));
    below += p;
  });
  const marginal = new Float64Array(8);
  expected.forEach((p, i) => (marginal[groupOf[i]!]! += p));
  const used = [...marginal.keys()].filter((i) => marginal[i]! > 0);
  const counts = new Float64Array(64);
  for (let i = 0; i + 1 < draws.length; i += 2) {
    const first = groupOf[clamp(draws[i]!, -middle, middle) + middle]!;
    const second = groupOf[clamp(draws[i + 1]!, -middle, middle) + middle]!;
    counts[8 * first + second]!++;
  }
  const cells = used.flatMap((i) => used.map((j) => [counts[8 * i + j]!, marginal[i]! * marginal[j]!] as const));
  const statistic = chiSquare(
    cells.map(([count]) => count),
    cells.map(([, p]) => p),
    draws.length >> 1,
  );
  return chiSquareTail(statistic, cells.length - 1);
};

/** Among the first 2^16 draws no run comes twice: runs are so long that two equal ones are less likely than 1e-12. */
const repetitionCheck: Check = (all, law) => {
  const draws = all.subarray(0, 2 ** 16);
  const collision = twoSidedLaw(law).reduce((sum, p) => sum + p ** 2, 0);
  let run = 1;
  const chance = (): number => (draws.length ** 2 / 2) * collision ** run;
  while (chance() > 1e-12) run++;
  const seen = new Set<string>();
  for (let i = 0; i + run <= draws.length; i++) {
    const key = draws.subarray(i, i + run).join();
    if (seen.has(key)) return chance();
    seen.add(key);
  }
  return 1;
};

export const CHECKS: Readonly<Record<string, Check>> = {
  mean: meanCheck,
  variance: varianceCheck,
  histogram: histogramCheck,
  tail: tailCheck,
  correlation: correlationCheck,
  pairs: pairCheck,
  repetition: repetitionCheck,
};

/** The Kullback–Leibler divergence of the frequencies of draws from their law. */
export function divergence(draws: Int32Array, law: NoiseLaw): number {
  const expected = magnitudes(law);
  const counts = new Map<number, number>();
  for (const x of draws) counts.set(x, (counts.get(x) ?? 0) + 1);
  let sum = 0;
  for (const [x, count] of counts) {
    const p = expected[Math.abs(x)]! / (x === 0 ? 1 : 2);
    sum += (count / draws.length) * Math.log(count / draws.length / p);
  }
  return sum;
}

export function momentOf(law: NoiseLaw, order: number): number {
  return magnitudes(law).reduceRight((sum, p, x) => sum + p * x ** order, 0);
}

/** Probabilities from −reach to reach. */
function twoSidedLaw(law: NoiseLaw): Float64Array {
  const one = magnitudes(law);
  const reach = one.length - 1;
  return Float64Array.from({ length: 2 * reach + 1 }, (_, i) => one[Math.abs(i - reach)]! / (i === reach ? 1 : 2));
}

const clamp = (x: number, least: number, most: number): number => Math.max(least, Math.min(most, x));

function chiSquare(counts: ArrayLike<number>, probabilities: ArrayLike<number>, draws: number): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += (counts[i]! - draws * probabilities[i]!) ** 2 / (draws * probabilities[i]!);
  return sum;
}

/** P(|Z| ≥ |z|) for a standard normal Z. */
export const twoSided = (z: number): number => upperGamma(0.5, z ** 2 / 2);
/** P(χ² ≥ value). */
export const chiSquareTail = (value: number, freedom: number): number => upperGamma(freedom / 2, value / 2);

/** Twice the smaller one of P(N ≤ count) and P(N ≥ count) for Poisson's law. */
function poissonTwoSided(count: number, mean: number): number {
  const most = upperGamma(count + 1, mean);
  const least = count === 0 ? 1 : 1 - upperGamma(count, mean);
  return Math.min(1, 2 * Math.min(most, least));
}

/** The regularized upper incomplete gamma function Q(a, x), by its series or its continued fraction (Lentz). */
function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a];
    for (let n = 1; term > sum * 1e-17; n++) sum += term *= x / (a + n);
    return 1 - scale * sum;
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let result = d;
  for (let n = 1; n < 10_000; n++) {
    const factor = n * (a - n);
    b += 2;
    d = 1 / (factor * d + b);
    c = b + factor / c;
    result *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return scale * result;
}

/** Stirling's series, above 10 and by recurrence below. */
function logGamma(x: number): number {
  if (x < 10) return logGamma(x + 1) - Math.log(x);
  const inverse = 1 / x ** 2;
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / x;
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series;
}
