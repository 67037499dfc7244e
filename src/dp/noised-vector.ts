// The common part of all private plans: scales, flattens and rounds a user's vector, adds noise to it, and reads such a sum.
import { visitSum } from '../encoding/blocks.ts';
import { store } from '../encoding/components.ts';
import { EncodingError } from '../encoding/encoding-error.ts';
import { nameOf, type Placement } from '../encoding/statistic.ts';
import type { SumVector } from '../masking/vector.ts';
import { roundConditionally } from './conditional-rounding.ts';
import { flatten, unflatten } from './flatten.ts';
import { noiseOf, type Noise } from './noise/noise.ts';
import type { Release } from './release.ts';

const BLOCK = 16_384;
/**
 * How far the norm of noise in d components may exceed √d standard deviations. Further with a probability below 1e-12, or 1e-9 for Skellam noise
 * of the least variance: docs/privacy-accounting.md.
 */
const NORM_TAIL = 7.5;

/** A private part in its place in the vector of a session. */
export class NoisedVector {
  readonly #release: Release;
  readonly #placement: Placement;
  readonly #flat: boolean;
  readonly #noise: Noise;

  constructor(release: Release, placement: Placement, flat: boolean) {
    const { mechanism, sampler, random } = release.terms;
    this.#release = release;
    this.#placement = placement;
    this.#flat = flat;
    this.#noise = noiseOf({ mechanism, variance: release.grid.variance }, sampler, random);
  }

  get length(): number {
    return this.#release.dimensions;
  }

  /** Writes a user's vector, in units and within its clip. The values are overwritten. */
  write(values: Float64Array, out: SumVector): void {
    const { grid, terms } = this.#release;
    for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * grid.steps;
    if (this.#flat) flatten(values, this.#placement.digest);
    roundConditionally(values, grid.fromZero.l2Squared, terms.random);
    if (terms.noiseFrom === 'users') this.#addNoise(values);
    store(out, this.#placement.offset, values);
    values.fill(0);
  }

  /** Integers plus integers: doubles add them exactly. */
  #addNoise(values: Float64Array): void {
    const noise = new Int32Array(Math.min(BLOCK, values.length));
    for (let from = 0; from < values.length; from += BLOCK) {
      const part = noise.subarray(0, Math.min(BLOCK, values.length - from));
      this.#noise.fill(part);
      for (let i = 0; i < part.length; i++) values[from + i] = (values[from + i] ?? 0) + (part[i] ?? 0);
    }
    noise.fill(0);
  }

  /**
   * Reads a sum in units; a trusted server adds its noise first.
   *
   * The noise of the server is added in the ring, as that of users is, and before any check. So the result, and whether there is one, follow
   * from the noised sum alone, whatever a user that lies has sent: an exact sum that wraps, or that a check refuses, would show the others.
   * A total of cohorts is no residue, and is not reduced: then a cohort's sum that a liar made wrap would show by a jump of 2^bits.
   *
   * @throws TypeError for a total to which a trusted server would add its noise, if users may lie; EncodingError `ERR_SECAGG_SUM_RANGE` if the sum is longer than honest vectors and the noise can make it.
   */
  read(sum: SumVector, users: number, isTotal: boolean): Float64Array {
    const { grid, terms, standardDeviation } = this.#release;
    const values = new Float64Array(this.length);
    visitSum(sum, this.#placement.offset, this.length, (part, from) => {
      values.set(part, from);
    });
    if (terms.noiseFrom === 'server') {
      if (isTotal && terms.session.adversary !== 'semi-honest') {
        throw new TypeError(
          "cohorts: expected the sum of one: if users may lie, noise of the server goes to the sum of each cohort; it may go to a total if the plan's adversary is 'semi-honest'",
        );
      }
      this.#addNoise(values);
      if (!isTotal) wrap(values, this.#placement.bits);
    }
    const noise = Math.sqrt(this.#release.noisesIn(users)) * standardDeviation;
    const most = users * Math.sqrt(grid.fromZero.l2Squared) + noise * (Math.sqrt(this.length) + NORM_TAIL);
    const norm = euclideanNorm(values);
    if (norm > most * (1 + 2 ** -30)) {
      const message = `expected an L2 norm of at most ${most}, which honest vectors and their noise have, got ${norm}`;
      const element = nameOf('sum', this.#placement.path);
      throw new EncodingError('ERR_SECAGG_SUM_RANGE', message, { element, value: norm, limits: [0, most] });
    }
    if (this.#flat) unflatten(values, this.#placement.digest);
    for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) / grid.steps;
    return values;
  }
}

/** Moves integers into the ring: to their residues from −2^(bits − 1) on. */
function wrap(values: Float64Array, bits: number): void {
  const size = 2 ** bits;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    values[i] = value - size * Math.floor(value / size + 1 / 2);
  }
}

function euclideanNorm(values: Float64Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}
