// XChaCha20-Poly1305 with random nonces: what a user deals to a peer through the server. [BIK+17] section 3.3: AE.
// A restored user may run round 1 again, so a nonce must not be derivable from the round; 24 random bytes never repeat.
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { concat, secretBytes } from '../leaves/bytes.ts';
import { requireRefusal } from '../leaves/refusals.ts';
import type { RandomSource } from './random.ts';

const NONCE_BYTES = 24;
const TAG_BYTES = 16;

/** Nonce, ciphertext, tag. */
export function seal(key: Uint8Array, data: Uint8Array, plaintext: Uint8Array, random: RandomSource): Uint8Array {
  const nonce = random(NONCE_BYTES);
  return concat([nonce, xchacha20poly1305(key, nonce, data).encrypt(plaintext)]);
}

/** The plaintext; null if the key, the associated data or a single bit of the sealed bytes differs, or if they are too short. */
export function open(key: Uint8Array, data: Uint8Array, sealed: Uint8Array): Uint8Array | null {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return null;
  const plaintext = secretBytes(sealed.length - NONCE_BYTES - TAG_BYTES);
  try {
    return xchacha20poly1305(key, sealed.subarray(0, NONCE_BYTES), data).decrypt(sealed.subarray(NONCE_BYTES), plaintext);
  } catch (error) {
    requireRefusal(error); // its sender is accused
    return null;
  }
}
