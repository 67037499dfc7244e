// Leaves out the counts of small groups.
import { checkNames, checkNumber, checkObject, kindOf } from '../leaves/checks.ts';
import type { PrivateHistogram } from './private-histogram.ts';

/** What {@link suppressSmallGroups} is told. */
export interface Suppression {
  /** The fewest members that a group must have. */
  readonly least: number;
  /**
   * Standard deviations of the noise by which a count must exceed `least`. At 3, a group with fewer members is shown with a probability of
   * about 1 in 700, at 4 of 1 in 30,000. Default 0.
   */
  readonly margin?: number;
}

/** A histogram without its small groups. */
export interface SuppressedHistogram {
  /** The counts, with noise; null for each that is left out. */
  readonly counts: readonly (number | null)[];
  /** How many are left out. */
  readonly suppressed: number;
}

/**
 * Leaves out the counts of a private histogram that are too low to be shown.
 *
 * It looks at the counts with noise only, so that it costs no privacy, and gives none: the histogram was released, and whoever has it has
 * all counts. It keeps noise from being read as people, and follows rules for publishing. Without a margin, a group that is a little too
 * small is shown nearly as often as not.
 *
 * @throws TypeError for a histogram without noise: which of its groups are left out would tell about users; TypeError, RangeError that name
 * the option.
 * @example
 * ```js
 * import { suppressSmallGroups } from 'secagg/dp';
 *
 * const histogram = { counts: Float64Array.of(151.5, -2.25, 30.75), noise: { standardDeviation: 5 } }; // as `decode` gives it
 * console.log(suppressSmallGroups(histogram, { least: 20, margin: 3 }).counts); // prints: [ 151.5, null, null ]
 * ```
 */
export function suppressSmallGroups(
  histogram: Pick<PrivateHistogram, 'counts' | 'noise'>,
  options: Suppression,
): SuppressedHistogram {
  const { counts, noise } = checkObject(histogram, 'histogram') as Partial<typeof histogram>;
  checkNames(options, 'options', ['least', 'margin']);
  const least = checkNumber(options.least, 'least', 0, Number.MAX_SAFE_INTEGER);
  const margin = checkNumber(options.margin ?? 0, 'margin', 0, 100);
  // The result of an exact histogram has none, whatever its type says.
  const deviation: unknown = (noise as { readonly standardDeviation?: unknown } | undefined)?.standardDeviation;
  if (typeof deviation !== 'number' || !(deviation > 0)) {
    throw new TypeError(`histogram.noise: expected that of a private histogram, got ${kindOf(deviation)}`);
  }
  if (typeof counts !== 'object') throw new TypeError(`histogram.counts: expected a Float64Array, got ${kindOf(counts)}`);
  const kept = Array.from(counts, (count) => (count >= least + margin * deviation ? count : null));
  return { counts: kept, suppressed: kept.filter((count) => count === null).length };
}
