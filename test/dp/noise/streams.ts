// Randomness for tests of noise: repeatable in the gate, fresh in the long run.
import { createCipheriv, createHash } from 'node:crypto';
import { systemRandom, type RandomSource } from '../../../src/crypto/random.ts';

/** Set by the long run. */
export const FRESH: boolean = process.env.SECAGG_FRESH_NOISE !== undefined;
/** The probability with which a check refuses good noise. */
export const ALPHA: number = FRESH ? 1e-9 : 1e-6;
/** How many times as many draws the long run takes. */
export const TIMES: number = FRESH ? 16 : 1;

/** AES-256 in counter mode, under a key from a seed: fast enough for millions of draws. */
export function stream(seed: string): RandomSource {
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(seed).digest(), new Uint8Array(16));
  return (length) => new Uint8Array(cipher.update(new Uint8Array(length)));
}

/** Repeatable randomness in the gate, fresh randomness in the long run. */
export function randomFor(seed: string): RandomSource {
  return FRESH ? systemRandom : stream(seed);
}

/** Uniform doubles in (0, 1). */
export function uniforms(random: RandomSource): () => number {
  let block: Uint32Array = new Uint32Array(0);
  let at = 0;
  return () => {
    if (at === block.length) [block, at] = [new Uint32Array(random(16_384).buffer), 0];
    return (block[at++]! + 0.5) / 2 ** 32;
  };
}
