// What a part of counts releases: histograms, and what is computed from them.
import { cappedSensitivity, type Caps } from './contribution.ts';
import { countGrid } from './grid.ts';
import type { PrivacyTerms } from './privacy-terms.ts';
import { Release } from './release.ts';

/** @throws PrivacyError ERR_SECAGG_PRIVACY_TARGET if no noise meets the target. */
export function countRelease(dimensions: number, caps: Caps, terms: PrivacyTerms): Release {
  const grid = countGrid({ dimensions, fromZero: cappedSensitivity(caps), largest: caps.perBin }, terms);
  // Two vectors of a user differ in up to twice as many bins as one has.
  const components = Math.min(dimensions, terms.adjacency === 'zero-out' ? caps.bins : 2 * caps.bins);
  return new Release(terms, grid, dimensions, { components, shift: caps.perBin * grid.steps });
}
