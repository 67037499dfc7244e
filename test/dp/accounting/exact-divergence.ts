// Exact Rényi divergences of sums of integer noises by summing over their laws, for tests. Shares nothing with src.
import type { NoisedSum } from '../../../src/dp/mechanism.ts';

/** The divergence of a noised sum from the same sum with some components shifted. Components are independent: divergences add up. */
export function exactDivergence(sum: NoisedSum, shifts: readonly number[], order: number): number {
  const law = logLaw(sum, Math.max(...shifts) * order);
  return shifts.reduce((total, shift) => total + scalar(law, shift, order), 0);
}

function scalar(law: Float64Array, shift: number, order: number): number {
  if (shift === 0) return 0;
  const terms: number[] = [];
  for (let i = shift; i < law.length; i++) terms.push(order * (law[i - shift] ?? 0) + (1 - order) * (law[i] ?? 0));
  const top = Math.max(...terms);
  return (top + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - top), 0))) / (order - 1);
}

const LAWS = new Map<string, Float64Array>();

/** ln of the law of the sum, on an interval around 0 that reaches as far as the divergence has mass, in steps of a third more. */
function logLaw({ mechanism, variance, noises }: NoisedSum, least: number): Float64Array {
  const reach = Math.ceil(1.3 ** Math.ceil(Math.log(Math.max(1, least)) / Math.log(1.3)));
  const key = `${mechanism} ${variance} ${noises} ${reach}`;
  const known = LAWS.get(key) ?? computedLaw({ mechanism, variance, noises }, reach);
  LAWS.set(key, known);
  return known;
}

function computedLaw(
  { mechanism, variance, noises }: Pick<NoisedSum, 'mechanism' | 'variance' | 'noises'>,
  reach: number,
): Float64Array {
  const single = mechanism === 'skellam' ? skellam(variance * noises, reach) : discreteGaussian(variance, reach / noises);
  let law = single;
  if (mechanism === 'discrete-gaussian') for (let k = 1; k < noises; k++) law = convolve(law, single);
  return law;
}

function discreteGaussian(variance: number, reach: number): Float64Array {
  const half = Math.ceil(reach + 12 * Math.sqrt(variance));
  const logs = Float64Array.from({ length: 2 * half + 1 }, (_, i) => -((i - half) ** 2) / (2 * variance));
  return normalized(logs);
}

/** ln of Σ_k Poisson(k + |x|)·Poisson(k), up to a constant. */
function skellam(total: number, reach: number): Float64Array {
  const half = Math.ceil(2 * reach + 20 * Math.sqrt(total) + 40);
  const logFactorial = [0];
  for (let i = 1; i < half + 400 + 8 * total; i++) logFactorial.push((logFactorial[i - 1] ?? 0) + Math.log(i));
  const logs = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const x = Math.abs(i - half);
    const terms = Array.from({ length: 200 + 4 * total }, (_, k) => {
      return (2 * k + x) * Math.log(total / 2) - (logFactorial[k] ?? 0) - (logFactorial[k + x] ?? 0);
    });
    return logSum(terms);
  });
  return normalized(logs);
}

function convolve(a: Float64Array, b: Float64Array): Float64Array {
  return Float64Array.from({ length: a.length + b.length - 1 }, (_, i) => {
    const terms: number[] = [];
    for (let j = Math.max(0, i - b.length + 1); j <= Math.min(i, a.length - 1); j++) terms.push((a[j] ?? 0) + (b[i - j] ?? 0));
    return logSum(terms);
  });
}

function normalized(logs: Float64Array): Float64Array {
  const total = logSum([...logs]);
  return logs.map((log) => log - total);
}

function logSum(terms: readonly number[]): number {
  const top = Math.max(...terms);
  return top + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - top), 0));
}
