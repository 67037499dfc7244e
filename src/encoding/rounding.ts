// Rounds reals to integers without bias: x becomes ⌊x⌋ + 1 with probability x − ⌊x⌋, else ⌊x⌋. Of all unbiased roundings to
// integers this one has the least variance, f(1 − f) ≤ 1/4 for the fraction f.
import { copyOf } from '../leaves/bytes.ts';
import { fillRandom, type RandomSource } from '../crypto/random.ts';
import { checkOneOf, kindOf } from '../leaves/checks.ts';
import { typedArrayOf } from '../leaves/typed-arrays.ts';
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

export function rounderOf({ rounding = 'stochastic', random }: RoundingOptions, maxUsers: number): Rounder {
  if (random !== undefined && typeof random !== 'function')
    throw new TypeError(`random: expected a function, got ${kindOf(random)}`);
  switch (checkOneOf(rounding, 'rounding', ROUNDINGS)) {
    case 'stochastic':
      return () => {
        const draw = wordsOf(random);
        return (values) => roundStochastically(values, draw(values.length));
      };
    case 'correlated': {
      const count = strataFor(maxUsers);
      return (stream, strata) => {
        const [next, draw] = [strataOf(strata, stream, count), wordsOf(random)];
        return (values) => roundInStrata(values, { strata: next(values.length), count }, draw(values.length));
      };
    }
    case 'nearest':
      return () => roundToNearest;
  }
}

// Doubles of this size are 1 apart, or 2. If one is added to a smaller number and subtracted again, what is left is the nearest integer
// to that number, or the nearest even integer. `Math.floor` and `Math.round` take several times as long.
const TO_INTEGER = 1.5 * 2 ** 52;
const TO_EVEN = 1.5 * 2 ** 53;

function roundStochastically(values: Float64Array, words: Uint32Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    // `value - even` is exact. It is in [−1, 1], or an integer if the value is so large that it is one.
    const even = value + TO_EVEN - TO_EVEN;
    // Uniform in (−1/2, 1/2). With probability f, to within 2^-32, the value and the shift are nearest to the upper integer. There is
    // no branch, as no processor could predict it.
    const shift = ((words[i] ?? 0) - 2_147_483_647.5) * 2 ** -32;
    values[i] = even + (value - even + shift + TO_INTEGER - TO_INTEGER);
  }
}

/** Rounds stochastically, but with u uniform in the user's stratum, (s + jitter)/count, instead of in all of (0, 1). */
function roundInStrata(
  values: Float64Array,
  { strata, count }: { readonly strata: Float64Array; readonly count: number },
  words: Uint32Array,
): void {
  const width = 1 / count;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    const floor = Math.floor(value);
    const u = ((strata[i] ?? 0) + (words[i] ?? 0) / 0x1_0000_0000) * width;
    // ⌊f + u⌋ is 1 with probability f.
    values[i] = floor + Math.floor(value - floor + u);
  }
}

/** Rounds to the nearest integer, halves upwards. */
function roundToNearest(values: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    const even = value + TO_EVEN - TO_EVEN;
    const rest = value - even;
    // Halves go to the even neighbor, which is 0 for 1/2 and 2 for 3/2; upwards means 1 and 2.
    const nearest = rest + TO_INTEGER - TO_INTEGER;
    values[i] = even + nearest + (rest - nearest === 0.5 ? 1 : 0);
  }
}

/** Gives so many uniform words at once, because a call for each component would cost more than all else. */
type DrawWords = (count: number) => Uint32Array;

/** The words that a generator gives. Those of the platform's own lie in memory that the next call overwrites. */
function wordsOf(random: RandomSource | undefined): DrawWords {
  if (random !== undefined) return (count) => wordsFrom(random, count);
  let words = new Uint32Array(0);
  return (count) => {
    if (words.length < count) words = new Uint32Array(count);
    const drawn = words.subarray(0, count);
    fillRandom(new Uint8Array(drawn.buffer, 0, 4 * count));
    return drawn;
  };
}

function wordsFrom(random: RandomSource, count: number): Uint32Array {
  const drawn: unknown = random(4 * count);
  const bytes = typedArrayOf(drawn, 'Uint8Array', 'random');
  if (bytes?.length !== 4 * count) {
    const came = bytes === null ? kindOf(drawn) : `${bytes.length} bytes`;
    throw new TypeError(`random: expected a Uint8Array of ${4 * count} bytes, got ${came}`);
  }
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : copyOf(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, count);
}
