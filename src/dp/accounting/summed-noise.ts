// The law of the sum of some integer noises, pointwise: what privacy loss distributions are made from.
import type { NoisedSum } from '../mechanism.ts';
import { convolutionTau } from './convolution.ts';

/** The law of a sum of noises, symmetric around 0 and log-concave, as far as it is needed. */
export interface SummedNoise {
  /** ln P(x) for |x| up to the reach, each within the ratio of the truth; -Infinity where it is too small for a number. */
  readonly logMass: (x: number) => number;
  /** A bound on |ln| of the ratio between this law and the true one. */
  readonly ratio: number;
}

/** The largest reach of a law that is computed. */
export const MAX_REACH: number = 2 ** 21;

/** The largest reach of a law that is computed by convolving. */
const MAX_CONVOLVED = 4096;

/** Distances from one discrete Gaussian that are counted as a ratio instead of convolving. */
const NEGLIGIBLE_RATIO = 2 ** -40;

/** More than all rounding errors of double arithmetic on sums of so few positive terms, relatively. */
const ROUNDING = 2 ** -37;

/** Probabilities below have no full precision after a product, and are taken for none. */
export const LEAST_VALUE = 1e-290;

/** Standard deviations after which conditional laws are cut. What is cut is below e^-98 of what is kept. */
const CUT = 14;

/** The least x for which P(|X| > x) ≤ `tail` is proven. */
export function tailReach({ mechanism, variance, noises }: NoisedSum, tail: number): number {
  const total = noises * variance;
  const nats = Math.log(2 / tail);
  // A sum of discrete Gaussians is subgaussian: P(X ≥ x) ≤ e^(-x²/2s²).
  const gaussian = Math.ceil(Math.sqrt(2 * total * nats));
  if (mechanism === 'discrete-gaussian') return gaussian;
  // Chernoff's bound for Skellam noise: E e^(tX) = e^(μ(cosh t - 1)), with sinh t = x/μ.
  const bound = (x: number): number => x * Math.asinh(x / total) - Math.hypot(x, total) + total;
  let reach = gaussian;
  while (reach <= MAX_REACH && bound(reach) < nats) reach = Math.ceil(reach * 1.1) + 1;
  return reach;
}

/** The law of the sum of all noises, for |x| up to a reach. Takes as long as the reach, or its square if it has to convolve. */
export function summedNoise({ mechanism, variance, noises }: NoisedSum, reach: number): SummedNoise {
  if (mechanism === 'skellam') return table(skellam(variance * noises, reach), ROUNDING);
  const ratio = convolutionTau(variance, noises) / 2;
  // A sum of discrete Gaussians is none. It is taken for one only together with how far it is from it.
  if (ratio <= NEGLIGIBLE_RATIO || reach > MAX_CONVOLVED) return discreteGaussian(variance * noises, ratio + ROUNDING);
  return table(convolved(variance, noises, reach), ROUNDING);
}

function table(logs: Float64Array, ratio: number): SummedNoise {
  return { logMass: (x) => logs[Math.abs(x)] ?? -Infinity, ratio };
}

function discreteGaussian(total: number, ratio: number): SummedNoise {
  // By Poisson summation Σ e^(-x²/2s²) = √(2π)·s·Σ e^(-2π²s²k²), of which the terms k = 0, ±1, ±2 have full precision for s² ≥ 1/4.
  const theta = 1 + 2 * Math.exp(-2 * Math.PI ** 2 * total) + 2 * Math.exp(-8 * Math.PI ** 2 * total);
  const logZ = Math.log(2 * Math.PI * total) / 2 + Math.log(theta);
  return { logMass: (x) => (-x * x) / (2 * total) - logZ, ratio };
}

/** ln(e^-μ·I_x(μ)) for x from 0 to the reach. */
function skellam(total: number, reach: number): Float64Array {
  // I_n/I_(n-1) = 1/(2n/μ + I_(n+1)/I_n), backward from where it is as good as 0: stable, and all terms are positive.
  const start = reach + 60 + 2 * Math.ceil(Math.sqrt(40 * (total + 40)));
  const ratios = new Float64Array(start + 1);
  for (let n = start, ratio = 0; n > 0; n--) {
    ratio = 1 / ((2 * n) / total + ratio);
    ratios[n] = ratio;
  }
  const logs = new Float64Array(start + 1);
  for (let n = 1; n <= start; n++) logs[n] = (logs[n - 1] ?? 0) + Math.log(ratios[n] ?? 0);
  const sum = logs.reduce((partial, log, n) => partial + (n === 0 ? 1 : 2) * Math.exp(log), 0);
  return logs.subarray(0, reach + 1).map((log) => log - Math.log(sum));
}

/** ln of the law of a sum of discrete Gaussians for x from 0 to the reach, by convolving laws of doubled numbers of noises. */
function convolved(variance: number, noises: number, reach: number): Float64Array {
  // Given a sum x of all, that of j noises is around x·j/n with a standard deviation of at most σ√j.
  const window = (j: number): number => Math.ceil((reach * j) / noises + CUT * Math.sqrt(variance * j)) + 1;
  const single = discreteGaussian(variance, 0);
  let power = Float64Array.from({ length: 2 * window(1) + 1 }, (_, i) => Math.exp(single.logMass(i - window(1))));
  let sum: Float64Array | null = null;
  let summed = 0;
  for (let size = 1; size <= noises; size *= 2) {
    if (Math.floor(noises / size) % 2 === 1) {
      summed += size;
      sum = sum === null ? power : centered(sum, power, window(summed));
    }
    if (2 * size <= noises) power = centered(power, power, window(2 * size));
  }
  const all = sum ?? power;
  const half = (all.length - 1) / 2;
  return Float64Array.from({ length: reach + 1 }, (_, x) => {
    const mass = all[half + x] ?? 0;
    return mass < LEAST_VALUE ? -Infinity : Math.log(mass);
  });
}

/** The convolution of two laws around 0, up to a window. */
function centered(a: Float64Array, b: Float64Array, window: number): Float64Array<ArrayBuffer> {
  const [halfA, halfB] = [(a.length - 1) / 2, (b.length - 1) / 2];
  const half = Math.min(window, halfA + halfB);
  const out = new Float64Array(2 * half + 1);
  for (let x = -half; x <= half; x++) {
    let sum = 0;
    const last = Math.min(halfA, x + halfB);
    for (let y = Math.max(-halfA, x - halfB); y <= last; y++) sum += (a[y + halfA] ?? 0) * (b[x - y + halfB] ?? 0);
    out[x + half] = sum;
  }
  return out;
}
