// Tells which part of the users had values within the clip, so that the application finds a better one ([ATMR19] 1905.03871).
//
// Each user adds a flag for each clip, +κ if its values were within and −κ if not, to the same vector as its values. So the flags get the same
// noise, and the joint vector has an L2 norm of √(l2Clip² + κ²).
//
// DEVIATION from [ATMR19]: there a flag is a sum of its own with noise of its own. Both cost the same for the same errors, because Gaussian
// noise on two vectors is that on one vector with scaled parts. Here one rounding limits the norm of all of it in integers, and flags are
// flattened with the values: beside them, a component to which each user adds ±κ would be the largest of all and make the ring wider.
import type { Clipping } from './clipping.ts';

/**
 * κ² over the square of the clip, all flags together. The noise of the values grows by the root of 1.01, which is 0.5 %, and the standard
 * deviation of a fraction is about 5z/n for n users and the noise multiplier z. docs/privacy-accounting.md derives why not more or less.
 */
export const FLAGS_SQUARED: number = 1 / 100;

/** The fractions that are decoded from a sum. */
export interface WithinClips {
  /** One number, or one for each clip by name. */
  readonly withinClip: number | Readonly<Record<string, number>>;
  /** The standard deviation of the noise in each. */
  readonly deviation: number;
}

/** The flags of a plan, at the end of its vectors. */
export class ClippingFlags {
  readonly #names: readonly string[] | null;
  /** Index of the first flag. */
  readonly #from: number;
  /** κ in the unit of the values. */
  readonly #size: number;

  constructor(clipping: Clipping, from: number) {
    this.#names = clipping.names;
    this.#from = from;
    this.#size = clipping.norm * Math.sqrt(FLAGS_SQUARED / flagCount(clipping));
  }

  write(values: Float64Array, within: readonly boolean[]): void {
    for (const [i, isWithin] of within.entries()) values[this.#from + i] = isWithin ? this.#size : -this.#size;
  }

  /** @param noise one standard deviation of the noise in each value of the sum, in units. */
  read(values: Float64Array, users: number, noise: number): WithinClips {
    const fractionAt = (i: number): number => 1 / 2 + (values[this.#from + i] ?? 0) / (2 * this.#size * users);
    const withinClip =
      this.#names === null ? fractionAt(0) : Object.fromEntries(this.#names.map((name, i) => [name, fractionAt(i)] as const));
    return { withinClip, deviation: noise / (2 * this.#size * users) };
  }
}

/** One for each clip. */
export function flagCount({ names }: Clipping): number {
  return names === null ? 1 : names.length;
}
