// How far the integer vector of one user may lie from zero, and two of its vectors from each other. Lengths are in steps.
import type { Adjacency } from './mechanism.ts';

/** Norms of integer vectors. */
export interface Sensitivity {
  /** The square of the L2 norm, an integer below 2^53. */
  readonly l2Squared: number;
  /** The L1 norm. */
  readonly l1: number;
}

/** The probability β with which one conditional rounding is refused is at most e^(−½). */
const REFUSAL_EXPONENT = 1 / 2;
/** Up to this part of the radius, what rounding may add to a norm is paid for, so that no try is refused. One percent, and rounding errors. */
const NEGLIGIBLE = 0.0101;

/**
 * Norms of a vector of `dimensions` reals of L2 norm up to `radius` after conditional rounding ([KLS21] 2102.06387, Proposition 7 and
 * section 4.1). The first bound holds for every rounding to a neighboring integer, so that no rounding is ever refused under it, and the
 * number of tries tells nothing; the second for a share of at least 1 − β of all roundings, and it is less. An integer vector has
 * ‖v‖₁ ≤ √d·‖v‖₂, and ‖v‖₁ ≤ ‖v‖₂².
 */
export function roundedSensitivity(radius: number, dimensions: number): Sensitivity {
  const root = Math.sqrt(dimensions);
  const always = (radius + root) ** 2;
  const mostly = radius ** 2 + dimensions / 4 + Math.sqrt(2 * REFUSAL_EXPONENT) * (radius + root / 2);
  return integerSensitivity(Math.floor(root <= NEGLIGIBLE * radius ? always : Math.min(always, mostly)), dimensions);
}

/** Norms of integer vectors of `dimensions` components, of which only the square of the L2 norm is limited. */
function integerSensitivity(l2Squared: number, dimensions: number): Sensitivity {
  return { l2Squared, l1: Math.min(Math.sqrt(dimensions * l2Squared), l2Squared) };
}

/** How far two vectors of a user lie apart of which only the norm is limited: with `'replace-one'` twice as far as from zero. */
export function adjacentSensitivity(fromZero: Sensitivity, adjacency: Adjacency): Sensitivity {
  const { l2Squared, l1 } = fromZero;
  return adjacency === 'zero-out' ? fromZero : { l2Squared: 4 * l2Squared, l1: 2 * l1 };
}

/** The same norms on a grid of this many steps a unit. */
export function scaledSensitivity({ l2Squared, l1 }: Sensitivity, steps: number): Sensitivity {
  return { l2Squared: steps ** 2 * l2Squared, l1: steps * l1 };
}
