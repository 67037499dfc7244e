// What may go wrong with a plan, how likely it is, and how likely it may be.
import { lnUpperTail, type Hypergeometric } from '../graph/hypergeometric.ts';

/** One thing that may go wrong, and its probability in one session (over all cohorts, where there are several). */
export interface Bound {
  /** What it would cost: that only the sum is learnt, or that there is a sum. */
  readonly protects: 'privacy' | 'correctness';
  /** In words. */
  readonly event: string;
  /** Base-2 logarithm of an upper bound on its probability; null where it cannot happen. */
  readonly log2: number | null;
  /** What it may be at most. */
  readonly limit: number;
}

/** A union bound: `times` events, each that X is at least `atLeast`. */
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

/** Bits that remain where any of the events of a kind may happen: −log2 of the sum of their bounds; null where none can. */
export function reached(bounds: readonly Bound[], protects: Bound['protects']): number | null {
  const logarithms = bounds.flatMap((bound) =>
    bound.protects === protects && bound.log2 !== null ? [bound.log2 * Math.LN2] : [],
  );
  const sum = lnSum(logarithms);
  return sum === -Infinity ? null : Math.max(0, -sum / Math.LN2);
}

/** ln of the sum of numbers given by their logarithms, which may be too small for doubles. */
export function lnSum(logarithms: readonly number[]): number {
  const largest = Math.max(...logarithms);
  if (logarithms.length === 0 || largest === -Infinity) return -Infinity;
  return largest + Math.log(logarithms.reduce((sum, ln) => sum + Math.exp(ln - largest), 0));
}
