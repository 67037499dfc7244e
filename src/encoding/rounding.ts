// Rounds reals to integers without bias: x becomes ⌊x⌋ + 1 with probability x − ⌊x⌋, else ⌊x⌋. Of all unbiased roundings to
// integers this one has the least variance, f(1 − f) ≤ 1/4 for the fraction f.
import { copyOf } from '../leaves/bytes.ts';
import { systemRandom, type RandomSource } from '../crypto/random.ts';
import { checkBytes, checkOneOf, kindOf } from '../leaves/checks.ts';
import { strataFor, strataOf, type Strata } from './strata.ts';

/**
 * How a value is rounded to an integer.
 *
 * `'stochastic'`: unbiased; one user's error is below one step, with a root mean square of at most half of one.
 * `'correlated'`: unbiased as well, and users' errors cancel instead of merely adding up like noise: up to 1/√3 of the
 * error, and never more. `encode` is then given the user's place.
 * `'nearest'`: at most half a step, but errors of users with similar data add up instead of cancelling.
 */
export type Rounding = 'stochastic' | 'correlated' | 'nearest';
const ROUNDINGS: readonly Rounding[] = ['stochastic', 'correlated', 'nearest'];

/** The rounding of an encoding, and its randomness. */
export interface RoundingOptions {
  /** Default `'stochastic'`. */
  readonly rounding?: Rounding;
  /**
   * Gives `length` fresh unpredictable bytes; by default the platform's cryptographic generator. Set it for reproducible tests only:
   * whoever can predict it learns more about the values than their rounded sum tells.
   */
  readonly random?: RandomSource;
}

/** Rounds values in place. It is called for the blocks of a vector in order. */
export type Round = (values: Float64Array) => void;

/** Begins a user's vector. `stream` is the position of the values in it. Only `'correlated'` rounding uses `strata`. */
export type Rounder = (stream: number, strata: Strata) => Round;

export function rounderOf({ rounding = 'stochastic', random = systemRandom }: RoundingOptions, maxUsers: number): Rounder {
  if (typeof random !== 'function') throw new TypeError(`random: expected a function, got ${kindOf(random)}`);
  switch (checkOneOf(rounding, 'rounding', ROUNDINGS)) {
    case 'stochastic':
      return () => (values) => roundStochastically(values, random);
    case 'correlated': {
      const count = strataFor(maxUsers);
      return (stream, strata) => {
        const next = strataOf(strata, stream, count);
        return (values) => roundInStrata(values, next(values.length), count, random);
      };
    }
    case 'nearest':
      return () => roundToNearest;
  }
}

function roundStochastically(values: Float64Array, random: RandomSource): void {
  const uniform = uniformWords(values.length, random);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    const floor = Math.floor(value);
    // ⌊f + u⌋ is 1 with probability f, to within 2^-32. There is no branch, as no processor could predict it.
    values[i] = floor + Math.floor(value - floor + (uniform[i] ?? 0) / 0x1_0000_0000);
  }
}

/** Rounds stochastically, but with u uniform in the user's stratum, (s + jitter)/count, instead of in all of (0, 1). */
function roundInStrata(values: Float64Array, strata: Float64Array, count: number, random: RandomSource): void {
  const uniform = uniformWords(values.length, random);
  const width = 1 / count;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    const floor = Math.floor(value);
    const u = ((strata[i] ?? 0) + (uniform[i] ?? 0) / 0x1_0000_0000) * width;
    values[i] = floor + Math.floor(value - floor + u);
  }
}

/** Rounds to the nearest integer, halves upwards. */
function roundToNearest(values: Float64Array): void {
  for (let i = 0; i < values.length; i++) values[i] = Math.round(values[i] ?? 0);
}

/** Draws the words of a whole block at once, because a call for each component would cost more than all else. */
function uniformWords(count: number, random: RandomSource): Uint32Array {
  const bytes = checkBytes(random(4 * count), 'random', `a Uint8Array of ${4 * count} bytes`);
  if (bytes.length !== 4 * count) throw new TypeError(`random: expected ${4 * count} bytes, got ${bytes.length}`);
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : copyOf(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, count);
}
