// Turns Gaussian draws into Skellam noise: a draw x of a Gaussian that is a little wider is dropped with the probability
// F(x) = 1 − P(x) · e^(x²/2s²) / C, which is small and smooth in x². F is computed as a polynomial, in integers, and compared with the exact
// law at every x when it is made. That is the whole proof of its error.
import { skellamReach, tiltedMasses } from './skellam-law.ts';

/** Integers below 2^53 are exact in doubles; they are multiplied in halves of this many bits. */
const HALF = 26;
/** Fraction bits of what the polynomial is made of, and of the exact law that it is compared with. */
const FIT_BITS = 320n;
const LAW_BITS = 128;
/** C is more than the largest quotient by 2^-MARGIN of itself, so that the error of the polynomial leaves F positive. */
const MARGIN = 40n;
const MOST_DEGREE = 24;

/** F as a polynomial in v = (x² − middle) / 2^(low + high), from −1 to 1. */
export interface Thinning {
  /** F(x) is in units of 2^-bits. */
  readonly bits: number;
  /** The bits of a unit beyond the lower 26: the next 26, and the rest. */
  readonly highMask: number;
  readonly restMask: number;
  /** Integers in units of 2^-bits, for the highest power first. Their magnitudes add up to less than 2^52. */
  readonly coefficients: Float64Array;
  readonly middle: number;
  /** 2^low: the lower bits of v are multiplied on their own. */
  readonly lowUnit: number;
  /** 2^-low. */
  readonly lowInverse: number;
  /** 2^-high. */
  readonly highInverse: number;
  /** 2^(26 − low). */
  readonly lowScale: number;
  /** 2^(26 − high). */
  readonly highScale: number;
}

/** A bound on |ln(P(x)/Q(x))| for Skellam noise Q that is drawn so, for every magnitude within the reach. It falls with the variance μ. */
export function thinningError(variance: number): number {
  return 2 ** -36 / variance;
}

/** The parameter s² of a Gaussian that falls no faster than Skellam noise up to where that is cut, and hardly slower. */
export function tiltOf(variance: number, bits: number): number {
  const x = skellamReach(variance, bits);
  const radius = Math.hypot(x, variance);
  // ln(P(0)/P(x)), to the accuracy of Stirling's formula.
  const fall = x * Math.asinh(x / variance) - x ** 2 / (radius + variance) + Math.log(radius / variance) / 2;
  return Math.ceil(x ** 2 / (2 * fall));
}

/**
 * F(x) in units of 2^-bits, an integer. The operations are the same for every x: additions, multiplications and floors. About 15 ns for each
 * power.
 */
export function thinningAt(thinning: Thinning, x: number): number {
  const { coefficients, lowUnit, lowInverse, highInverse, lowScale, highScale } = thinning;
  const inverse = 1 / 0x400_0000;
  const v = x * x - thinning.middle;
  const vHigh = Math.floor(v * lowInverse);
  const vLow = v - vHigh * lowUnit;
  let sum = 0;
  for (const coefficient of coefficients) {
    // sum := coefficient + ⌊sum · v / 2^(low + high)⌋, wrong by at most 2. Nothing here reaches 2^53.
    const upper = Math.floor(sum * inverse);
    const lower = sum - upper * 0x400_0000;
    const middle = upper * vLow * lowScale + lower * vHigh + Math.floor(lower * vLow * lowInverse);
    sum = coefficient + upper * vHigh * highScale + Math.floor(middle * highInverse);
  }
  return sum;
}

/**
 * The polynomial of least degree that is right to within `thinningError` for the magnitudes up to `reach`, below 2^18. About 4 µs a magnitude,
 * because it is compared with the exact law at each of them.
 */
export function thinningOf(variance: number, tilt: number, reach: number): Thinning {
  const masses = tiltedMasses(variance, tilt, reach, LAW_BITS);
  const largest = masses.reduce((most, mass) => (mass > most ? mass : most), 0n);
  const ceiling = largest + (largest >> MARGIN);
  const law = { masses, ceiling };
  const sample = Array.from({ length: 128 }, (_, i) => Math.round((reach * i) / 127));
  const every = Array.from({ length: reach + 1 }, (_, x) => x);
  for (let degree = 3; degree <= MOST_DEGREE; degree++) {
    const thinning = fit(law, degree);
    if (spread(thinning, law, sample) > thinningError(variance) / 1.5) continue;
    if (spread(thinning, law, every) <= thinningError(variance)) return thinning;
  }
  throw new Error(`no polynomial is near enough to Skellam noise of variance ${variance}`);
}

/** masses[x]/ceiling is 1 − F(x). */
interface TiltedLaw {
  readonly masses: readonly bigint[];
  readonly ceiling: bigint;
}

/**
 * A bound on |ln(P/Q)| over these magnitudes: P and Q are both normalized, so that it is the largest of ln((1 − F')/(1 − F)) less the
 * smallest, for F' from the polynomial. Infinity if F' is no probability somewhere.
 */
function spread(thinning: Thinning, { masses, ceiling }: TiltedLaw, magnitudes: readonly number[]): number {
  const shift = BigInt(thinning.bits + 16);
  let [least, most] = [Infinity, -Infinity];
  for (const x of magnitudes) {
    const value = thinningAt(thinning, x);
    if (value < 0 || value >= 2 ** Math.min(thinning.bits, 2 * HALF)) return Infinity;
    const mass = masses[x] ?? 0n;
    const exact = ((ceiling - mass) << shift) / ceiling;
    const error = Number(exact - (BigInt(value) << 16n)) / 2 ** Number(shift); // of 1 − F', which is small beside 1 − F
    const quotient = error / (Number((mass << 53n) / ceiling) / 2 ** 53);
    least = Math.min(least, quotient);
    most = Math.max(most, quotient);
  }
  return (most - least) * (1 + 2 ** -20);
}

/** Interpolates F near the Chebyshev nodes of x², with Newton's divided differences. */
function fit({ masses, ceiling }: TiltedLaw, degree: number): Thinning {
  const reach = masses.length - 1;
  const middle = Math.floor(reach ** 2 / 2);
  const exponent = Math.ceil(Math.log2(reach ** 2 - middle + 1));
  const low = exponent >> 1;
  const high = exponent - low;
  const unit = 1n << BigInt(exponent);
  const nodes = Array.from({ length: degree + 1 }, (_, i) => {
    const square = (reach ** 2 * (1 - Math.cos((Math.PI * (i + 0.5)) / (degree + 1)))) / 2;
    return Math.round(Math.sqrt(square));
  });
  const points = nodes.map((x) => (BigInt(x ** 2 - middle) << FIT_BITS) / unit);
  const newton = nodes.map((x) => ((ceiling - (masses[x] ?? 0n)) << FIT_BITS) / ceiling);
  for (let order = 1; order <= degree; order++) {
    for (let i = degree; i >= order; i--) {
      const difference = ((newton[i] ?? 0n) - (newton[i - 1] ?? 0n)) << FIT_BITS;
      newton[i] = difference / ((points[i] ?? 0n) - (points[i - order] ?? 0n));
    }
  }
  // Powers of v, the lowest first: multiplied by (v − point), and the next difference added.
  let powers: bigint[] = [];
  for (let i = degree; i >= 0; i--) {
    const raised = [newton[i] ?? 0n, ...powers];
    powers.forEach((power, j) => (raised[j] = (raised[j] ?? 0n) - ((power * (points[i] ?? 0n)) >> FIT_BITS)));
    powers = raised;
  }
  const total = powers.reduce((sum, power) => sum + (power < 0n ? -power : power), 0n);
  const bits = 2 * HALF - 1 - (total.toString(2).length - Number(FIT_BITS));
  const scaled = powers.map((power) => Number((power << BigInt(bits)) >> FIT_BITS));
  return {
    bits,
    highMask: 2 ** Math.min(HALF, bits - HALF) - 1,
    restMask: 2 ** Math.max(0, bits - 2 * HALF) - 1,
    coefficients: Float64Array.from(scaled.reverse()),
    middle,
    lowUnit: 2 ** low,
    lowInverse: 2 ** -low,
    highInverse: 2 ** -high,
    lowScale: 2 ** (HALF - low),
    highScale: 2 ** (HALF - high),
  };
}
