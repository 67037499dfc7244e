// The words of this folder: the noise of a sum in integers, as users draw it and as accounting sees it, and whom it hides.

/** The law of the noise that each participant adds to each component. */
export type Mechanism = 'discrete-gaussian' | 'skellam';

/**
 * Which sums must look alike.
 *
 * - `'zero-out'`: the sum with a user's vector, and the sum with the integer vector 0 in its place. The user still takes part and adds
 *   noise: the server sees who takes part.
 * - `'replace-one'`: the sums with any two vectors of a user. It needs up to twice the noise.
 */
export type Adjacency = 'zero-out' | 'replace-one';

/**
 * How noise is drawn. `'constant-time'`: no branch and no address depends on the noise, which is within a proven distance of its
 * law. `'exact'`: the law itself, in a time that depends on the noise.
 */
export type Sampler = 'constant-time' | 'exact';

/** The largest parameter σ² of a law: draws of it fit 32 bits. */
export const MAX_VARIANCE: number = 2 ** 52;

/** A law of integer noise. */
export interface NoiseLaw {
  readonly mechanism: Mechanism;
  /**
   * The parameter σ² of the law in squares of a step, a positive integer up to 2^52. It is the variance of Skellam noise. The variance
   * of discrete Gaussian noise is less; at σ² = 1 by two parts in ten million, and above by even less.
   */
  readonly variance: number;
}

/** How far a component that was drawn is from its law. */
export interface SamplerError {
  /** A bound on |ln(P(x) / Q(x))| for all values x that can be drawn. */
  readonly logRatio: number;
  /** A bound on the total variation distance that comes on top, from tails that are cut and thresholds that are finite. */
  readonly totalVariation: number;
}

/**
 * A sum of independent noises around a vector, as an adversary sees it. Privacy is computed from nothing else. Lengths are in steps of
 * the integer grid.
 */
export interface NoisedSum {
  readonly mechanism: Mechanism;
  /** The parameter σ² of each noise. */
  readonly variance: number;
  /** How many independent noises in the sum the adversary does not know; 1 for the noise of a trusted server. */
  readonly noises: number;
  /** How many components carry noise. */
  readonly dimensions: number;
  /** The square of the L2 sensitivity under the adjacency; an integer. */
  readonly l2Squared: number;
  /** The L1 sensitivity under the adjacency. */
  readonly l1: number;
  readonly samplerError: SamplerError;
}

/** The most releases that a target may be for. */
export const MAX_RELEASES: number = 2 ** 32;

/** The privacy that some releases must give together. */
export interface PrivacyTarget {
  /** ε, more than 0. */
  readonly epsilon: number;
  /** δ, in (0, 1); much less than one over the number of users. */
  readonly delta: number;
  /** How many sums over the same users it is for, up to 2^32. Default 1. */
  readonly releases?: number;
}
