// The integer grid of a private part: how fine its steps are, how much noise each user adds, and how wide the ring must be.
import { leastBits } from '../encoding/statistic.ts';
import { leastVariance, SPARE } from './accounting/calibration.ts';
import { lessVariance } from './accounting/exact-calibration.ts';
import type { ComponentBounds } from './accounting/loss-distribution.ts';
import { MAX_VARIANCE, type Mechanism, type SamplerError } from './mechanism.ts';
import { PrivacyError } from './privacy-error.ts';
import { MAX_SKELLAM_VARIANCE, samplerErrorOf } from './noise/noise.ts';
import type { PrivacyTerms } from './privacy-terms.ts';
import { adjacentSensitivity, roundedSensitivity, type Sensitivity } from './sensitivity.ts';
import { randomSpan } from './span.ts';

/** The grid of a part. All but `steps` is in steps and their squares. */
export interface Grid {
  /** Steps a unit of the input. */
  readonly steps: number;
  /** How long the integer vector of a user may be. */
  readonly fromZero: Sensitivity;
  /** How far apart the sums are that must look alike. */
  readonly sensitivity: Sensitivity;
  /** Parameter σ² of each noise. */
  readonly variance: number;
  /** Largest magnitude of a component of a sum. */
  readonly span: bigint;
  /** In how many components two vectors of a user may differ, and by how many steps; null if only norms limit that. */
  readonly bounds: ComponentBounds | null;
}

/** Real vectors. */
export interface VectorShape {
  readonly dimensions: number;
  /** The largest L2 norm of a user's vector, in units. */
  readonly clip: number;
  /** Components of a transform that flattens the vectors; null if they are not flattened. */
  readonly block: number | null;
}

/** Vectors whose components are limited one by one, on a grid with a whole number of steps a unit: counts, and moments. */
export interface ComponentShape {
  readonly dimensions: number;
  /** The largest magnitude of a component of a user's vector, in units. */
  readonly largest: number;
  /** The fewest steps a unit, unless noise of so many is too wide for the sampler. */
  readonly leastSteps: number;
  /** How far apart integer vectors are, if a unit has this many steps. */
  readonly distances: (steps: number) => Pick<Grid, 'fromZero' | 'sensitivity' | 'bounds'>;
}

/** The noise of one user has at least this variance, so that rounding adds at most one percent to it. */
const FINE_VARIANCE = 25;
/** Below this the noise of one user is so coarse that discrete noise costs much more than continuous noise would. */
const LEAST_VARIANCE = 2;
/** Up to so many components steps are made so fine that no rounding needs to be refused. */
const SHORT = 4096;
const INFLATION = 1.01;
/** How much coarser than planned a grid may be for noise that would be too wide otherwise. */
const COARSEST = 64;
const MAX_BITS = 64;

const mostVariance = (mechanism: Mechanism): number => (mechanism === 'skellam' ? MAX_SKELLAM_VARIANCE : MAX_VARIANCE);

/** @throws PrivacyError ERR_SECAGG_PRIVACY_TARGET. */
export function vectorGrid(shape: VectorShape, terms: PrivacyTerms): Grid {
  const { dimensions, clip } = shape;
  const spanFor = (steps: number, variance: number): bigint => vectorSpan(shape, steps * clip, variance, terms);
  const gridOf = (radius: number): Grid | null => {
    const fromZero = roundedSensitivity(radius, dimensions);
    const sensitivity = adjacentSensitivity(fromZero, terms.adjacency);
    if (isTooFine(sensitivity)) return null;
    const variance = varianceFor(sensitivity, dimensions, terms);
    const steps = radius / clip;
    const bounds = dimensions === 1 ? { components: 1, shift: Math.ceil(Math.sqrt(sensitivity.l2Squared)) } : null;
    return { steps, fromZero, sensitivity, variance, span: spanFor(steps, variance), bounds };
  };
  const grid =
    terms.bits === null
      ? finestNeeded(gridOf, shortestRadius(dimensions), terms)
      : widestGrid(gridOf, terms, Math.sqrt(dimensions));
  return withLessNoise(grid, dimensions, terms, spanFor);
}

/** The least radius at which rounding makes no vector longer by more than one percent. */
function shortestRadius(dimensions: number): number {
  const excess = INFLATION ** 2 - 1;
  if (dimensions <= SHORT) return Math.sqrt(dimensions) / (INFLATION - 1);
  return (1 + Math.sqrt(1 + 4 * excess * (dimensions / 4 + Math.sqrt(dimensions) / 2))) / (2 * excess);
}

function vectorSpan({ dimensions, block }: VectorShape, radius: number, variance: number, terms: PrivacyTerms): bigint {
  const { maxUsers } = terms;
  // Each user's rounding moves a component by less than one step.
  const fixed = maxUsers + (block === null ? maxUsers * radius : 0);
  const spread = block === null ? 0 : (maxUsers * radius) / Math.sqrt(block);
  return BigInt(Math.ceil(fixed + spanOf(spread, variance, dimensions, terms)));
}

/** A step is a fraction 1/k of a unit: also for counts, so that their noise need not be rounded up to whole counts. */
export function componentGrid({ dimensions, largest, leastSteps, distances }: ComponentShape, terms: PrivacyTerms): Grid {
  // A component of at most `largest` whole units is rounded to no more than that.
  const spanFor = (steps: number, variance: number): bigint =>
    BigInt(Math.ceil(terms.maxUsers * largest * steps + spanOf(0, variance, dimensions, terms)));
  const gridOf = (given: number): Grid | null => {
    const steps = Math.ceil(given);
    const apart = distances(steps);
    if (isTooFine(apart.sensitivity)) return null;
    const variance = varianceFor(apart.sensitivity, dimensions, terms);
    return { steps, ...apart, variance, span: spanFor(steps, variance) };
  };
  const grid =
    terms.bits === null ? finestNeeded(gridOf, leastSteps, terms) : widestGrid((steps) => gridOf(Math.floor(steps)), terms, 1);
  return withLessNoise(grid, dimensions, terms, spanFor);
}

/**
 * The same grid with as much noise as the loss distribution asks for, if it can be computed: never for vectors that only their norm limits. Only
 * for a target of one release, because a ledger adds up curves, by which several would cost more than the target.
 */
function withLessNoise(
  grid: Grid,
  dimensions: number,
  terms: PrivacyTerms,
  spanFor: (steps: number, variance: number) => bigint,
): Grid {
  const { strength, minHonest: noises, chance } = terms;
  if (grid.bounds === null || strength.kind === 'multiplier' || strength.target.releases > 1) return grid;
  const { epsilon, delta } = strength.target;
  const sum = { mechanism: terms.mechanism, noises, dimensions, ...grid.sensitivity };
  const variance = lessVariance(
    (candidate) => ({ ...sum, variance: candidate, samplerError: samplerErrorFor(candidate, terms) }),
    grid.bounds,
    { epsilon, delta: delta - chance, most: grid.variance },
  );
  return { ...grid, variance, span: spanFor(grid.steps, variance) };
}

function spanOf(spread: number, variance: number, dimensions: number, terms: PrivacyTerms): number {
  const { mechanism, maxUsers, noiseFrom, wrapProbability: probability } = terms;
  // The noise of a trusted server is added in the ring too.
  const noises = (noiseFrom === 'server' ? 1 : maxUsers) * variance;
  return randomSpan({ mechanism, variance: noises, dimensions, probability, spread });
}

/**
 * Scales the radius until the noise of one user is fine, and until it is not too wide for the sampler. Its variance grows with the square
 * of the radius, or faster.
 */
function finestNeeded(gridOf: (radius: number) => Grid | null, least: number, { mechanism }: PrivacyTerms): Grid {
  const most = mostVariance(mechanism);
  let radius = least;
  while (radius > least / COARSEST) {
    const grid = gridOf(radius);
    if (grid === null) {
      throw new PrivacyError(
        'ERR_SECAGG_PRIVACY_TARGET',
        'plan: the noise would be so weak beside the data that steps fine enough for it are too many; a stronger target would do',
      );
    }
    if (grid.variance > most) radius *= 0.99 * Math.sqrt(most / grid.variance);
    else if (grid.variance >= FINE_VARIANCE) return grid;
    else radius = Math.max(radius * 1.01, radius * Math.sqrt(FINE_VARIANCE / grid.variance));
  }
  throw new PrivacyError(
    'ERR_SECAGG_PRIVACY_TARGET',
    `plan: noise of the law ${mechanism} with a variance of up to ${most} is not strong enough; more honest users, a weaker target or ` +
      'discrete Gaussian noise would do',
  );
}

/** The finest grid whose sums fit the ring. */
function widestGrid(gridOf: (radius: number) => Grid | null, terms: PrivacyTerms, least: number): Grid {
  const bits = terms.bits ?? MAX_BITS;
  const fits = (radius: number): Grid | null => {
    const grid = gridOf(radius);
    return grid !== null && leastBits(grid) <= bits && grid.variance <= mostVariance(terms.mechanism) ? grid : null;
  };
  let best: Grid | null = null;
  let [low, high] = [least, least];
  for (let grid = fits(high); grid !== null; grid = fits(high)) {
    best = grid;
    [low, high] = [high, 2 * high];
  }
  for (let i = 0; best !== null && i < 30; i++) {
    const middle = (low + high) / 2;
    const grid = fits(middle);
    if (grid === null) high = middle;
    else [best, low] = [grid, middle];
  }
  if (best !== null && best.variance >= LEAST_VARIANCE) return best;
  const needed = leastBits(finestNeeded(gridOf, least, terms));
  throw new PrivacyError(
    'ERR_SECAGG_PRIVACY_TARGET',
    `bits: ${bits} are too few for sums with this noise; ${needed} bits would do`,
  );
}

/**
 * The least parameter σ² of a user's noise with which the noise of the fewest honest users is strong enough. Then that of more is too: what
 * they add is independent of all else, so that who sees the larger sum learns no more, whatever the law of their noise.
 */
function varianceFor({ l2Squared, l1 }: Sensitivity, dimensions: number, terms: PrivacyTerms): number {
  const { strength, minHonest: noises, mostHonest: mostNoises, mechanism, chance } = terms;
  if (strength.kind === 'multiplier') return Math.ceil((strength.multiplier ** 2 * l2Squared) / noises);
  const { epsilon, delta, releases } = strength.target;
  const left = delta - releases * chance * (1 + SPARE);
  if (left <= 0) {
    const needed = Math.ceil(Math.log2((2 * releases) / delta));
    throw new PrivacyError(
      'ERR_SECAGG_PRIVACY_TARGET',
      `security: chance alone costs a δ of ${releases * chance} in ${releases} sessions; ${needed} would leave half of the target's ${delta}`,
    );
  }
  const samplerError = (variance: number): SamplerError => samplerErrorFor(variance, terms);
  const sum = { mechanism, noises, mostNoises, dimensions, l2Squared, l1, samplerError };
  return leastVariance(sum, { epsilon, delta: left, releases }).variance;
}

/** Beyond the widest noise the sampler's error only falls. */
function samplerErrorFor(variance: number, { mechanism, sampler }: PrivacyTerms): SamplerError {
  return samplerErrorOf({ mechanism, variance: Math.min(variance, mostVariance(mechanism)) }, sampler);
}

/** Squares of norms are added as doubles, and exact below 2^53. */
function isTooFine({ l2Squared }: Sensitivity): boolean {
  return l2Squared > Number.MAX_SAFE_INTEGER;
}
