// What may go wrong with a plan, with its probability and the largest probability that is allowed.
import { lnUpperTail, type Hypergeometric } from '../graph/hypergeometric.ts';

/** One thing that may go wrong, with its probability in one session, or in all cohorts together. */
export interface Bound {
  /** What it would break: `'privacy'`, that the server learns the sum alone, or `'correctness'`, that there is a sum. */
  readonly protects: 'privacy' | 'correctness';
  /** The event in words. */
  readonly event: string;
  /** Base-2 logarithm of an upper bound on its probability; null if it cannot happen. */
  readonly log2: number | null;
  /** The largest `log2` that is allowed. */
  readonly limit: number;
}

/** A union bound over `times` events, each of which is that X ≥ `atLeast`. */
export function unionBound(
  { protects, event, limit }: Omit<Bound, 'log2'>,
  times: number,
  distribution: Hypergeometric,
  atLeast: number,
): Bound {
  return boundOf({ protects, event, limit }, Math.log(times) + lnUpperTail(distribution, atLeast));
}

export function boundOf(bound: Omit<Bound, 'log2'>, ln: number): Bound {
  return { ...bound, log2: ln === -Infinity ? null : Math.min(0, ln / Math.LN2) };
}

/** Bits that the bounds of one kind leave together: −log2 of their sum; null if none of the events can happen. */
export function reached(bounds: readonly Bound[], protects: Bound['protects']): number | null {
  const logarithms = bounds.flatMap((bound) =>
    bound.protects === protects && bound.log2 !== null ? [bound.log2 * Math.LN2] : [],
  );
  const sum = lnSum(logarithms);
  return sum === -Infinity ? null : Math.max(0, -sum / Math.LN2);
}

/** ln of a sum of numbers that are given by their logarithms, as they may be too small for doubles. */
export function lnSum(logarithms: readonly number[]): number {
  const largest = Math.max(...logarithms);
  if (logarithms.length === 0 || largest === -Infinity) return -Infinity;
  return largest + Math.log(logarithms.reduce((sum, ln) => sum + Math.exp(ln - largest), 0));
}
