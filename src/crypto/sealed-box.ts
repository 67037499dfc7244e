// Sealed boxes: bytes for the owner of an X25519 key, from nobody in particular. libsodium's `crypto_box_seal`: an ephemeral key, and
// XSalsa20-Poly1305 under the agreed key, with BLAKE2b over both public keys as the nonce. The ephemeral key serves once, so the nonce may be known.
import { hsalsa, xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { blake2b } from '@noble/hashes/blake2.js';
import { concat, secretBytes } from '../leaves/bytes.ts';
import { requireRefusal } from '../leaves/refusals.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import { agreementWith, generateKeyPair } from './agree.ts';
import type { RandomSource } from './random.ts';

const NONCE_BYTES = 24;
const TAG_BYTES = 16;
/** Bytes that a sealed box is longer than what is in it: the ephemeral key and the tag. */
export const SEALED_BOX_OVERHEAD: number = KEY_BYTES + TAG_BYTES;
/** "expand 32-byte k" */
const SIGMA = Uint32Array.of(0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574);

/** Ephemeral key, tag, ciphertext; null if the recipient's key is a point of small order, for which everybody could open it. */
export async function sealBox(
  recipient: Uint8Array,
  plaintext: Uint8Array,
  random: RandomSource,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const { publicKey, secretKey } = await generateKeyPair(random);
  const shared = await agreementWith(secretKey)(recipient);
  secretKey.fill(0);
  if (shared === null) return null;
  const key = keyOf(shared);
  const box = xsalsa20poly1305(key, nonceOf(publicKey, recipient)).encrypt(plaintext);
  key.fill(0);
  return concat([publicKey, box]);
}

/** Opens the boxes for one key pair; null for what was not sealed for it, or was changed. */
export function boxOpener({
  publicKey,
  secretKey,
}: {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}): (sealed: Uint8Array) => Promise<Uint8Array | null> {
  const agree = agreementWith(secretKey);
  return async (sealed) => {
    if (sealed.length < SEALED_BOX_OVERHEAD) return null;
    const ephemeral = sealed.subarray(0, KEY_BYTES);
    const shared = await agree(ephemeral);
    if (shared === null) return null;
    const key = keyOf(shared);
    try {
      return xsalsa20poly1305(key, nonceOf(ephemeral, publicKey)).decrypt(sealed.subarray(KEY_BYTES));
    } catch (error) {
      requireRefusal(error);
      return null;
    } finally {
      key.fill(0);
    }
  };
}

/** `crypto_box_beforenm`: HSalsa20 of what was agreed, with an input of zeros. The agreed bytes are wiped. */
function keyOf(shared: Uint8Array): Uint8Array {
  const words = new Uint32Array(secretBytes(KEY_BYTES).buffer);
  const view = new DataView(shared.buffer, shared.byteOffset);
  for (let i = 0; i < words.length; i++) words[i] = view.getUint32(4 * i, true);
  const out = new Uint32Array(secretBytes(KEY_BYTES).buffer);
  hsalsa(SIGMA, words, new Uint32Array(4), out);
  const key = secretBytes(KEY_BYTES);
  out.forEach((word, i) => {
    new DataView(key.buffer).setUint32(4 * i, word, true);
  });
  for (const secret of [shared, words, out]) secret.fill(0);
  return key;
}

function nonceOf(ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  return blake2b(concat([ephemeral, recipient]), { dkLen: NONCE_BYTES });
}
