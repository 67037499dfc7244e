// The one source of randomness, injected into every step so that transcripts can be reproduced in tests.
import { fillRandom as fill, platform } from '#platform';
import { chacha20 } from '@noble/ciphers/chacha.js';
import { secretBytes } from '../leaves/bytes.ts';

/** Overwrites all bytes from the platform's generator. In a loop this is cheaper than memory of its own for each call. */
export function fillRandom(bytes: Uint8Array): void {
  fill(bytes);
}

/** Gives `length` unpredictable bytes in a fresh array. */
export type RandomSource = (length: number) => Uint8Array;

/** The platform's cryptographic generator. */
export const systemRandom: RandomSource = (length) => platform.randomBytes(length);

/**
 * The same bytes for the same calls: key streams of ChaCha20 under a secret seed of 32 bytes, with the number of the call as the nonce. Unpredictable
 * for whoever does not have the seed, which must serve one purpose only.
 */
export function randomFromSeed(seed: Uint8Array): RandomSource {
  let calls = 0;
  return (length) => {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setBigUint64(4, BigInt(calls++));
    return chacha20(seed, nonce, secretBytes(length));
  };
}
