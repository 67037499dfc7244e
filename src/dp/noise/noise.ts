// Noise in integers: discrete Gaussian or Skellam, drawn in constant time or exactly. The one entry of this folder.
import type { RandomSource } from '../../crypto/random.ts';
import { checkInteger, checkOneOf } from '../../leaves/checks.ts';
import { once } from '../../leaves/once.ts';
import { remembered } from '../../leaves/remembered.ts';
import { MAX_VARIANCE, type NoiseLaw, type Sampler, type SamplerError } from '../mechanism.ts';
import { fillInConstantTime, type ConstantTimeTables } from './constant-time.ts';
import { discreteGaussian } from './exact-gaussian.ts';
import { ExactSkellam } from './exact-skellam.ts';
import { RandomWords } from './random-words.ts';
import { skellamReach } from './skellam-law.ts';
import { gaussianStaircase, skellamStaircase, TAIL_BITS } from './staircase.ts';
import { thinningError, thinningOf, tiltOf } from './thinning.ts';

/** Independent draws of a law. */
export interface Noise {
  /** How far one draw is from the law. */
  readonly error: SamplerError;
  /**
   * Fills an array with fresh independent draws. The random bytes behind them are wiped; the caller wipes the draws.
   *
   * The exact discrete Gaussian has no largest value. A draw that does not fit 32 bits wraps: its probability is below 2^-700.
   */
  fill(out: Int32Array): void;
}

/**
 * The largest variance of Skellam noise, for both samplers: their tables are compared with, or hold, the law at each of 13·2^13 magnitudes. In
 * steps of a grid that is so fine, the discrete Gaussian is as good.
 */
export const MAX_SKELLAM_VARIANCE: number = 2 ** 26;

/** From this variance on, Skellam noise in constant time is thinned from a Gaussian. Below, a table of at most 256 entries is as fast. */
const LEAST_THINNED = 400;
/** Laws whose tables are kept. The largest take 0.6 MB each. */
const KEPT_LAWS = 8;
const GAUSSIAN_TABLES = remembered(KEPT_LAWS, gaussianTables);
const SKELLAM_TABLES = remembered(KEPT_LAWS, skellamTables);
const EXACT_SKELLAM = remembered(KEPT_LAWS, (variance) => new ExactSkellam(variance));

/**
 * Noise of a law. Tables are made by the first draw, and shared by all noise of the law: up to 0.5 s for the largest variances of Skellam
 * noise, a few milliseconds for all others.
 *
 * | | constant-time, a draw | exact, a draw |
 * | --- | --- | --- |
 * | discrete Gaussian | 0.1 to 0.6 µs up to σ = 2,400, 1 µs at σ = 2^26 | 0.5 µs; 2 µs if σ > 6,000 |
 * | Skellam, σ² < 400 | 0.1 to 0.9 µs, growing with σ | 0.1 µs |
 * | Skellam, larger | 0.7 to 0.8 µs | 0.2 µs |
 *
 * @param random gives fresh unpredictable bytes.
 * @throws TypeError, RangeError unless the law is one that `checkLaw` takes.
 */
export function noiseOf(law: NoiseLaw, sampler: Sampler, random: RandomSource): Noise {
  const error = samplerErrorOf(law, sampler);
  const { mechanism, variance } = law;
  if (sampler === 'exact') {
    const draw = once(() => drawOf(mechanism, variance));
    return { error, fill: (out) => fillExactly(out, new RandomWords(random), draw()) };
  }
  const tables = once(() => tablesOf(law));
  return { error, fill: (out) => fillInConstantTime(out, tables(), random) };
}

/**
 * How far a draw is from its law P, without making any table.
 *
 * `'exact'`: not at all.
 *
 * `'constant-time'`: what is drawn is within the total variation `totalVariation` of a law Q with |ln(P/Q)| ≤ `logRatio`.
 * - `logRatio` is 0 for the discrete Gaussian and for Skellam noise of a variance below 400, whose laws `staircase.ts` draws. It is 2^-36/σ² for
 *   other Skellam noise: `thinning.ts` compares with the exact law at every magnitude when it makes the tables.
 * - A trial differs from an ideal one in three ways: the stairs are cut where at most 2^-109 is beyond; each of at most 400 thresholds is a
 *   multiple of 2^-120, which moves at most 2^-119 from one value to its neighbor; and Skellam noise is cut where 2^-106 is beyond. Together
 *   these are below 2^-105 in total variation. At least 7 of 10 trials are kept, so that a total variation of θ
 *   of all trials is at most 2θ/0.7 of those that are kept. This is below 2^-103, and told as 2^-100.
 */
export function samplerErrorOf(law: NoiseLaw, sampler: Sampler): SamplerError {
  const { mechanism, variance } = checkLaw(law);
  checkOneOf(sampler, 'sampler', ['constant-time', 'exact']);
  if (sampler === 'exact') return { logRatio: 0, totalVariation: 0 };
  const thinned = mechanism === 'skellam' && variance >= LEAST_THINNED;
  return { logRatio: thinned ? thinningError(variance) : 0, totalVariation: 2 ** -100 };
}

/**
 * The standard deviation of a law. That of the discrete Gaussian is below its parameter σ: by Poisson summation its variance is
 * σ² · (1 − 4π²σ² · Σ m²·q_m / Σ q_m) over all integers m, for q_m = e^(−2π²σ²m²).
 */
export function standardDeviationOf(law: NoiseLaw): number {
  const { mechanism, variance } = checkLaw(law);
  if (mechanism === 'skellam') return Math.sqrt(variance);
  // σ² ≥ 1: terms beyond the third are below 1e-130.
  let [sum, squares] = [1, 0];
  for (let m = 1; m <= 3; m++) {
    const term = 2 * Math.exp(-2 * Math.PI ** 2 * variance * m ** 2);
    sum += term;
    squares += m ** 2 * term;
  }
  return Math.sqrt(variance * (1 - (4 * Math.PI ** 2 * variance * squares) / sum));
}

/** @throws TypeError, RangeError unless the mechanism is known, and the variance an integer from 1 to 2^52, or to 2^26 for Skellam noise. */
function checkLaw({ mechanism, variance }: NoiseLaw): NoiseLaw {
  checkOneOf(mechanism, 'mechanism', ['discrete-gaussian', 'skellam']);
  checkInteger(variance, 'variance', 1, MAX_VARIANCE);
  if (mechanism === 'skellam' && variance > MAX_SKELLAM_VARIANCE) {
    const most = `expected at most ${MAX_SKELLAM_VARIANCE} for Skellam noise, whose tables would take too long; take a coarser grid`;
    throw new RangeError(`variance: ${most}, got ${variance}`);
  }
  return { mechanism, variance };
}

/** The tables of the constant-time sampler. */
export function tablesOf({ mechanism, variance }: NoiseLaw): ConstantTimeTables {
  return mechanism === 'skellam' ? SKELLAM_TABLES(variance) : GAUSSIAN_TABLES(variance);
}

function gaussianTables(variance: number): ConstantTimeTables {
  return { staircase: gaussianStaircase(variance), thinning: null };
}

function skellamTables(variance: number): ConstantTimeTables {
  if (variance < LEAST_THINNED) return { staircase: skellamStaircase(variance), thinning: null };
  const tilt = tiltOf(variance, TAIL_BITS);
  const staircase = gaussianStaircase(tilt, skellamReach(variance, TAIL_BITS));
  return { staircase, thinning: thinningOf(variance, tilt, staircase.reach) };
}

/** Draws one element, in a time that depends on it. */
type Draw = (words: RandomWords) => number;

function drawOf(mechanism: NoiseLaw['mechanism'], variance: number): Draw {
  if (mechanism === 'discrete-gaussian') return (words) => discreteGaussian(words, variance);
  const skellam = EXACT_SKELLAM(variance);
  return (words) => skellam.draw(words);
}

function fillExactly(out: Int32Array, words: RandomWords, draw: Draw): void {
  try {
    for (let i = 0; i < out.length; i++) out[i] = draw(words);
  } finally {
    words.wipe();
  }
}
