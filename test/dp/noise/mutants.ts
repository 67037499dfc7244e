// Weakened samplers, as they have been written elsewhere. The checks must refuse each of them.
import type { RandomSource } from '../../../src/crypto/random.ts';
import type { NoiseLaw, Sampler } from '../../../src/dp/mechanism.ts';
import { fillInConstantTime } from '../../../src/dp/noise/constant-time.ts';
import { noiseOf, tablesOf } from '../../../src/dp/noise/noise.ts';
import { uniforms } from './streams.ts';

/** Draws of what should be a law. */
export type Draws = (law: NoiseLaw, count: number, random: RandomSource) => Int32Array;

export const drawn =
  (sampler: Sampler): Draws =>
  (law, count, random) => {
    const out = new Int32Array(count);
    noiseOf(law, sampler, random).fill(out);
    return out;
  };

const honest = drawn('constant-time');

/** A Gaussian in doubles, rounded (Box–Muller). */
export const roundedFloats: Draws = ({ variance }, count, random) => {
  const uniform = uniforms(random);
  return Int32Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * variance * Math.log(uniform()));
    return Math.round(radius * Math.cos(2 * Math.PI * uniform()));
  });
};

/** Noise of a variance that is five percent too small. */
export const smallerVariance: Draws = ({ mechanism, variance }, count, random) =>
  honest({ mechanism, variance: Math.round(variance * 0.95) }, count, random);

/** The tail is cut, and drawn anew. */
export const cutAt =
  (deviations: number): Draws =>
  (law, count, random) => {
    const most = deviations * Math.sqrt(law.variance);
    const kept = honest(law, count + (count >> 4), random).filter((x) => Math.abs(x) <= most);
    return kept.slice(0, count);
  };

/** Every block of random bytes is used twice. */
export const reusedBlocks: Draws = (law, count, random) => {
  let block: Uint8Array | null = null;
  return honest(law, count, (length) => {
    const again = block?.length === length ? block : null;
    const fresh = again ?? random(length);
    block = again === null ? fresh.slice() : null;
    return fresh;
  });
};

/** Neighbors share a part of their noise. */
export const sharedParts: Draws = (law, count, random) => {
  const parts = honest({ ...law, variance: law.variance / 2 }, count + 1, random);
  return Int32Array.from({ length: count }, (_, i) => parts[i]! + parts[i + 1]!);
};

/** 0 is drawn with both signs, and both are kept. */
export const zeroTwice: Draws = (law, count, random) => {
  const tables = tablesOf(law);
  const out = new Int32Array(count);
  fillInConstantTime(out, { ...tables, staircase: { ...tables.staircase, zeroTwice: !tables.staircase.zeroTwice } }, random);
  return out;
};

/** The sign is forgotten. */
export const noSign: Draws = (law, count, random) => honest(law, count, random).map(Math.abs);

/** The lowest bit of every random byte is 0. */
export const biasedBits: Draws = (law, count, random) =>
  honest(law, count, (length) => random(length).map((byte) => byte & 0xfe));

/** Random bytes from a generator of 16 bits of state. */
export const shortPeriod: Draws = (law, count, random) => {
  const words = new Uint16Array(random(2 ** 17).buffer);
  let at = 0;
  return honest(law, count, (length) => {
    const bytes = new Uint16Array(length / 2);
    for (let i = 0; i < bytes.length; i++) bytes[i] = words[at++ % words.length]!;
    return new Uint8Array(bytes.buffer);
  });
};

/** Every trial is kept: the stairs instead of what is under them. */
export const stairsOnly: Draws = (law, count, random) => {
  const { staircase, thinning } = tablesOf(law);
  const out = new Int32Array(count);
  // Thresholds that are always reached make G as large as it can be.
  fillInConstantTime(out, { staircase: { ...staircase, digits: new Int32Array(staircase.digits.length) }, thinning }, random);
  return out;
};

/** Skellam noise without the thinning: a Gaussian that is a little wider. */
export const unthinned: Draws = (law, count, random) => {
  const out = new Int32Array(count);
  fillInConstantTime(out, { ...tablesOf(law), thinning: null }, random);
  return out;
};
