// What a part of counts releases: histograms, and what is computed from them.
import { cappedDistance, cappedSensitivity, type Caps } from './contribution.ts';
import { componentGrid } from './grid.ts';
import type { PrivacyTerms } from './privacy-terms.ts';
import { Release } from './release.ts';
import { scaledSensitivity } from './sensitivity.ts';

/** @throws PrivacyError ERR_SECAGG_PRIVACY_TARGET if no noise meets the target. */
export function countRelease(dimensions: number, caps: Caps, terms: PrivacyTerms): Release {
  const isZeroOut = terms.adjacency === 'zero-out';
  const fromZero = cappedSensitivity(caps);
  const apart = isZeroOut ? fromZero : cappedDistance(caps, dimensions);
  // Two vectors of a user differ in up to twice as many bins as one has.
  const components = Math.min(dimensions, isZeroOut ? caps.bins : 2 * caps.bins);
  const grid = componentGrid(
    {
      dimensions,
      largest: caps.perBin,
      leastSteps: 1, // counts need no rounding
      distances: (steps) => ({
        fromZero: scaledSensitivity(fromZero, steps),
        sensitivity: scaledSensitivity(apart, steps),
        bounds: { components, shift: caps.perBin * steps },
      }),
    },
    terms,
  );
  return new Release(terms, grid, dimensions);
}
