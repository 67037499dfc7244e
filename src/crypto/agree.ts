// X25519 key agreement (RFC 7748) on canonical public keys of large order. [BIK+17] section 3.2: KA.gen, KA.agree.
import { platform } from '#platform';
import type { Awaitable, PeerKey } from '../platform/platform.ts';

export type { PeerKey } from '../platform/platform.ts';
import { compareBytes } from '../leaves/bytes.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import type { RandomSource } from './random.ts';

export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

// Little-endian 2^255 − 19 and the five canonical u-coordinates of small order, on the curve or on its twist.
const PRIME = fieldElement('7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed');
const SMALL_ORDER: readonly Uint8Array[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000001',
  '7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec',
  '00b8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0',
  '57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5f',
].map(fieldElement);

function fieldElement(bigEndian: string): Uint8Array {
  return Uint8Array.from(bigEndian.match(/../g) ?? [], (byte) => parseInt(byte, 16)).reverse();
}

/**
 * Whether bytes are the one encoding of a point of large order. DEVIATION from RFC 7748 section 5, which accepts
 * non-canonical encodings: two spellings of one key would pass the check that all keys of a session are distinct.
 */
export function isPublicKey(bytes: Uint8Array): boolean {
  if (bytes.length !== KEY_BYTES) return false;
  if (compareBytes(new Uint8Array(bytes).reverse(), new Uint8Array(PRIME).reverse()) >= 0) return false;
  return !SMALL_ORDER.some((point) => compareBytes(point, bytes) === 0);
}

export async function generateKeyPair(random: RandomSource): Promise<KeyPair> {
  const secretKey = random(KEY_BYTES);
  return { publicKey: await publicKeyOf(secretKey), secretKey };
}

export async function publicKeyOf(secretKey: Uint8Array): Promise<Uint8Array> {
  return platform.x25519(secretKey).publicKey;
}

/** A peer's public key, imported once for agreements with many secret keys. */
export function importPublicKey(publicKey: Uint8Array): PeerKey {
  return platform.x25519Peer(publicKey);
}

/** One secret key, imported once, for agreements with many peers. */
export function agreementWith(secretKey: Uint8Array): (peer: Uint8Array | PeerKey) => Promise<Uint8Array | null> {
  const key = platform.x25519(secretKey);
  return async (peer) => {
    const imported = peer instanceof Uint8Array ? importPublicKey(peer) : peer;
    const shared = await (key.agree(imported) satisfies Awaitable<Uint8Array>);
    // RFC 7748 section 6.1: an all-zero result means a point of small order; whoever sent it knows the secret.
    return shared.some((byte) => byte !== 0) ? shared : null;
  };
}
