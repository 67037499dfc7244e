// Ed25519 signatures (RFC 8032), with one set of accepted signatures on every engine. [BIK+17] section 3.5: SIG.
import { platform } from '#platform';
import { compareBytes, equalBytes } from '../leaves/bytes.ts';
import { KEY_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import type { RandomSource } from './random.ts';

/** Ed25519 public key, 32 bytes. */
export type SignPublicKey = Uint8Array;
/** Ed25519 secret key (the seed of RFC 8032), 32 bytes. */
export type SignSecretKey = Uint8Array;

// Big-endian 2^255 − 19, the group order, and the y-coordinates of the eight points of small order.
const PRIME = bigEndian('7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed');
const ORDER = bigEndian('1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed');
const SMALL_ORDER_Y: readonly Uint8Array[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000001',
  '7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec',
  '05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826',
  '7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7',
].map(bigEndian);

function bigEndian(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** Whether 32 bytes encode a point canonically (y < p) and the point is none of the eight of small order. */
function isStrictPoint(bytes: Uint8Array): boolean {
  const y = new Uint8Array(bytes).reverse();
  y[0] = (y[0] ?? 0) & 0x7f; // the sign of x
  return compareBytes(y, PRIME) < 0 && !SMALL_ORDER_Y.some((small) => compareBytes(small, y) === 0);
}

/** Whether bytes may be registered as a user's key. Anybody could sign for a key that is a point of small order. */
export function isSignPublicKey(bytes: Uint8Array): boolean {
  return bytes.length === KEY_BYTES && isStrictPoint(bytes);
}

/**
 * Engines differ in what RFC 8032 leaves open: encodings that are not canonical, and points of small order. Both are refused
 * here, before the engine is asked, so that no signature is valid for one user and invalid for another.
 */
function isStrictSignature(publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (!isSignPublicKey(publicKey) || signature.length !== SIGNATURE_BYTES) return false;
  const s = new Uint8Array(signature.subarray(32)).reverse();
  return isStrictPoint(signature.subarray(0, 32)) && compareBytes(s, ORDER) < 0;
}

export function generateSignKeyPair(random: RandomSource): [SignPublicKey, SignSecretKey] {
  const secretKey = random(KEY_BYTES);
  return [platform.ed25519PublicKey(secretKey), secretKey];
}

export function isSignKeyPair(publicKey: SignPublicKey, secretKey: SignSecretKey): boolean {
  return equalBytes(platform.ed25519PublicKey(secretKey), publicKey);
}

export async function sign(secretKey: SignSecretKey, message: Uint8Array): Promise<Uint8Array> {
  return platform.ed25519Sign(secretKey, message);
}

/** Signs messages with one key. */
export type Signer = (message: Uint8Array) => Promise<Uint8Array>;

/**
 * For a key that signs again and again: importing it costs Node more than a signature. The engine may keep it in memory that nobody wipes, so
 * this is for keys that the caller keeps for its whole life too.
 */
export function signerWith(secretKey: SignSecretKey): Signer {
  const signMessage = platform.ed25519Signer(secretKey);
  return async (message) => signMessage(message);
}

export async function verify(publicKey: SignPublicKey, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  return isStrictSignature(publicKey, signature) && (await platform.ed25519Verify(publicKey, message, signature));
}

/** A message and the signature that somebody is said to have made; the key is undefined if nobody is registered. */
export interface SignedClaim {
  readonly publicKey: SignPublicKey | undefined;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** Node verifies on the thread pool that the application uses too: more at once would delay the application's work. */
const VERIFIED_AT_A_TIME = 64;

/** The least index whose claim does not verify, or -1. An engine with threads verifies them in parallel. */
export async function firstForged(count: number, claimOf: (index: number) => SignedClaim): Promise<number> {
  const isGood = async (index: number): Promise<boolean> => {
    const { publicKey, message, signature } = claimOf(index);
    return publicKey !== undefined && (await verify(publicKey, message, signature));
  };
  for (let at = 0; at < count; at += VERIFIED_AT_A_TIME) {
    const some = Array.from({ length: Math.min(VERIFIED_AT_A_TIME, count - at) }, (_, i) => isGood(at + i));
    const forged = (await Promise.all(some)).findIndex((good) => !good);
    if (forged !== -1) return at + forged;
  }
  return -1;
}

export function verifySync(publicKey: SignPublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  return isStrictSignature(publicKey, signature) && platform.ed25519VerifySync(publicKey, message, signature);
}
