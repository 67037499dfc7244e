// The law of Skellam noise in integers: P(x) = e^(−μ) · I_|x|(μ) for the variance μ, by the recurrence of the Bessel functions
// I_(x−1) = I_(x+1) + (2x/μ) · I_x ([AS64] 9.6.26), downwards. All its terms are positive, so that no digits are lost.
import { exponential } from './exponential.ts';

/** Fraction bits beyond those that are asked for: they pay for the roundings of up to 2^20 steps. */
const GUARD = 40;

/** Skellam noise of variance `variance` is further from 0 than this with a probability of at most 2^-bits. Chernoff's bound, with room to spare. */
export function skellamReach(variance: number, bits: number): number {
  const most = (bits + 8) * Math.LN2;
  const exponent = (x: number): number => x * Math.asinh(x / variance) - x ** 2 / (Math.hypot(x, variance) + variance);
  let reach = 1;
  while (exponent(reach) < most) reach *= 2;
  for (let step = reach / 2; step >= 1; step /= 2) if (exponent(reach - step) >= most) reach -= step;
  return reach;
}

/**
 * P(x + 1) / P(x) as a fraction of 2^(bits + GUARD), wrong by at most 2^-bits of itself.
 *
 * The quotient r_x is in (0, 1), and r_(x−1) = μ / (2x + μ·r_x). This is decreasing in r_x and contracts, so that the bounds 0 and 1 far
 * above x become two bounds at x that are close together.
 */
function quotientAt(variance: number, x: number, bits: number): bigint {
  const width = BigInt(bits + GUARD);
  const mu = BigInt(variance);
  let steps = Math.ceil(Math.sqrt(x ** 2 + bits * variance) - x) + 16;
  for (;;) {
    let [low, high] = [0n, 1n << width];
    for (let i = BigInt(x + steps); i > BigInt(x); i--) {
      const twice = (2n * i) << width;
      const numerator = mu << (2n * width);
      [low, high] = [numerator / (twice + mu * high), numerator / (twice + mu * low) + 1n];
    }
    if ((high - low) << BigInt(bits) <= low) return low;
    steps *= 2;
  }
}

/** Multiples of the probabilities of 0 to `last`, each wrong by at most 2^-bits of itself, and a bound on all beyond on one side. */
export interface SkellamMasses {
  readonly masses: readonly bigint[];
  readonly tail: bigint;
}

/** For a `last` beyond the standard deviation. About 1 µs an entry. */
export function skellamMasses(variance: number, last: number, bits: number): SkellamMasses {
  const width = BigInt(bits + GUARD);
  const mu = BigInt(variance);
  const quotient = quotientAt(variance, last, bits);
  // From one on below 2^width, P(x) as an integer loses at most 2^-width of itself in a step: it grows downwards.
  let [above, here] = [quotient, 1n << width];
  // P is log-concave, as a convolution of two Poisson laws is, so that the quotients fall: a geometric series bounds the tail.
  const most = quotient + (quotient >> BigInt(bits)) + 1n;
  const tail = (most << width) / ((1n << width) - most) + 1n;
  const masses = new Array<bigint>(last + 1);
  for (let x = last; x > 0; x--) {
    masses[x] = here;
    [above, here] = [here, above + (BigInt(2 * x) * here) / mu];
  }
  masses[0] = here;
  return { masses, tail };
}

/**
 * Multiples of P(x) · e^(x²/2s²) for x from 0 to `last`; the last one is 2^bits. Each is wrong by at most 2^-(bits − 42) of itself. For a
 * `last` beyond the standard deviation and up to 2^18. About 1.5 µs an entry.
 *
 * With θ = e^(1/2s²), the recurrence for g_x = P(x)·θ^(x²) is g_(x−1) = θ^(−4x)·g_(x+1) + (2x/μ)·θ^(−(2x−1))·g_x. The numbers stay of a size,
 * because a Gaussian of a parameter s² near μ falls nearly as Skellam noise does. θ and its powers are wrong by at most 2^-(bits − 22) of
 * themselves, and each of the steps adds their error to that of g.
 */
export function tiltedMasses(variance: number, tilt: number, last: number, bits: number): bigint[] {
  const width = BigInt(bits);
  const mu = BigInt(variance);
  const twiceTilt = 2n * BigInt(tilt);
  const root = (1n << (2n * width)) / exponential(1n, twiceTilt, bits);
  const squared = (root * root) >> width;
  let factor = exponential(BigInt(2 * last), twiceTilt, bits); // θ^(−2x)
  let [above, here] = [((quotientAt(variance, last, bits) * root) / factor) >> BigInt(GUARD), 1n << width];
  const masses = new Array<bigint>(last + 1);
  for (let x = last; x > 0; x--) {
    masses[x] = here;
    const first = (((above * factor) >> width) * factor) >> width;
    const second = (((BigInt(2 * x) * here) / mu) * ((factor * root) >> width)) >> width;
    [above, here] = [here, first + second];
    factor = (factor * squared) >> width;
  }
  masses[0] = here;
  return masses;
}
