// What a part with noise releases in each session: all that its privacy and the error of its result are computed from.
import type { NoisedSum, SamplerError } from './mechanism.ts';
import { samplerErrorOf, standardDeviationOf } from './noise/noise.ts';
import type { Grid } from './grid.ts';
import type { PrivacyTerms } from './privacy-terms.ts';

export class Release {
  readonly terms: PrivacyTerms;
  readonly grid: Grid;
  /** Components that carry noise. */
  readonly dimensions: number;
  readonly samplerError: SamplerError;

  constructor(terms: PrivacyTerms, grid: Grid, dimensions: number) {
    this.terms = terms;
    this.grid = grid;
    this.dimensions = dimensions;
    this.samplerError = samplerErrorOf({ mechanism: terms.mechanism, variance: grid.variance }, terms.sampler);
  }

  /** The sum as an adversary sees it that does not know this many of the noises in it. */
  sumWith(noises: number): NoisedSum {
    const { grid, dimensions, samplerError } = this;
    const { variance, sensitivity } = grid;
    return { mechanism: this.terms.mechanism, variance, noises, dimensions, ...sensitivity, samplerError };
  }

  /** Independent noises in a sum of this many users. */
  noisesIn(users: number): number {
    return this.terms.noiseFrom === 'server' ? 1 : users;
  }

  /** The standard deviation of one noise, in steps. */
  get standardDeviation(): number {
    return standardDeviationOf({ mechanism: this.terms.mechanism, variance: this.grid.variance });
  }
}
