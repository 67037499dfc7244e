// Hypergeometric tails as fractions of bigints: slow, without rounding, and independent of the planner.
import fc from 'fast-check';

export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export function choose(n: number, k: number): bigint {
  if (k < 0 || k > n) return 0n;
  let result = 1n;
  for (let i = 1; i <= k; i++) result = (result * BigInt(n - k + i)) / BigInt(i);
  return result;
}

/** Pr[X ≥ x] for X marked ones among draws from a population. */
export function upperTail(population: number, marked: number, draws: number, x: number): Fraction {
  let numerator = 0n;
  for (let j = Math.max(x, 0); j <= Math.min(marked, draws); j++) {
    numerator += choose(marked, j) * choose(population - marked, draws - j);
  }
  return { numerator, denominator: choose(population, draws) };
}

/** log2 of a positive bigint. */
function log2OfInteger(n: bigint): number {
  const shift = Math.max(0, n.toString(2).length - 60);
  return Math.log2(Number(n >> BigInt(shift))) + shift;
}

export function log2({ numerator, denominator }: Fraction): number {
  return numerator === 0n ? -Infinity : log2OfInteger(numerator) - log2OfInteger(denominator);
}

/** Whether times · fraction ≤ 2^−bits, exactly. */
export function within({ numerator, denominator }: Fraction, times: number, bits: number): boolean {
  return numerator * BigInt(times) * (1n << BigInt(bits)) <= denominator;
}

/**
 * The same in a property. A case whose probability is the limit itself is passed over: there the planner's guard against
 * rounding decides, for the safe side.
 */
export function clearlyWithin(fraction: Fraction, times: number, bits: number): boolean {
  fc.pre(fraction.numerator * BigInt(times) * (1n << BigInt(bits)) !== fraction.denominator);
  return within(fraction, times, bits);
}
