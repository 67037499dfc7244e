// What one session costs, for a number of honest users in its sum: curves and ε of all its parts together.
import { epsilonOf } from './accounting/conversion.ts';
import { composed, curveOf, lesser, type Curve } from './accounting/curve.ts';
import { isNarrow, lossDistributionEpsilon, type ComponentBounds } from './accounting/loss-distribution.ts';
import type { Mechanism, Sampler, SamplerError } from './mechanism.ts';

/** The noise of one part, as a receipt tells it. Lengths are in steps of its integer grid. */
export interface ReceiptPart {
  /** Its name in a combination, with dots if combinations are nested; empty for a plan that is not combined. */
  readonly name: string;
  /** The law of the noise. */
  readonly mechanism: Mechanism;
  /** How it was drawn. */
  readonly sampler: Sampler;
  /** Parameter σ² of each user's noise, or of the server's. */
  readonly variance: number;
  /** The standard deviation of each user's noise, or of the server's. */
  readonly standardDeviation: number;
  /** How far a drawn component is from the law. */
  readonly samplerError: SamplerError;
  /** Components that carry noise. */
  readonly dimensions: number;
  /** The square of the L2 sensitivity under the adjacency. */
  readonly l2Squared: number;
  /** The L1 sensitivity under the adjacency. */
  readonly l1: number;
  /** In how many components two vectors of a user may differ, and by how many steps; null if only norms limit that. */
  readonly bounds: ComponentBounds | null;
}

/** Unknown noises in a sum, and the fewest that there can be. */
interface NoiseRange {
  readonly noises: number;
  readonly fewest: number;
}

/**
 * What one session with this many unknown noises costs.
 *
 * A bound for fewer noises holds for more: who adds one more to a sum computes from the sum alone, and learns nothing. The bound for more
 * may be larger, because what samplers are off by is counted for each noise.
 */
export function sessionCurve(parts: readonly ReceiptPart[], { noises, fewest }: NoiseRange): Curve {
  const curveFor = (part: ReceiptPart): Curve => {
    const curve = curveOf({ ...part, noises });
    return noises === fewest ? curve : lesser(curve, curveOf({ ...part, noises: fewest }));
  };
  return composed(parts.map(curveFor));
}

interface SessionEpsilon {
  readonly accounting: 'renyi' | 'loss-distribution';
  readonly epsilon: number;
  readonly worstEpsilon: number;
}

/** The least ε that is known for one session and what gives it, and ε if only the fewest noises were in its sum. */
export function sessionEpsilon(
  { parts, chance }: { readonly parts: readonly ReceiptPart[]; readonly chance: number },
  { noises, fewest }: NoiseRange,
  delta: number,
): SessionEpsilon {
  if (delta <= chance) return { accounting: 'renyi', epsilon: Infinity, worstEpsilon: Infinity };
  const left = delta - chance;
  const worst = {
    curve: epsilonOf(sessionCurve(parts, { noises: fewest, fewest }), left).epsilon,
    exact: exactEpsilon(parts, fewest, left),
  };
  const worstEpsilon = Math.min(worst.curve, worst.exact);
  // What the total variation of more samplers adds to δ does not count either: the fewest noises, as drawn, are in every sum.
  const curve =
    noises === fewest ? worst.curve : Math.min(worst.curve, epsilonOf(sessionCurve(parts, { noises, fewest }), left).epsilon);
  const exact = noises === fewest ? worst.exact : Math.min(worst.exact, exactEpsilon(parts, noises, left));
  return exact < curve
    ? { accounting: 'loss-distribution', epsilon: exact, worstEpsilon }
    : { accounting: 'renyi', epsilon: curve, worstEpsilon };
}

/** ε by the loss distribution of the only part; Infinity if there are several, or if it cannot be computed. */
function exactEpsilon(parts: readonly ReceiptPart[], noises: number, delta: number): number {
  const [part] = parts;
  if (parts.length !== 1 || part === undefined || part.bounds === null) return Infinity;
  const sum = { ...part, noises };
  return isNarrow(sum, part.bounds) ? lossDistributionEpsilon(sum, part.bounds, { releases: 1, delta }) : Infinity;
}
