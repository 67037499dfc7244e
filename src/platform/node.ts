// The engine for Node: node:crypto, 10 to 45 times faster than JavaScript. Its bytes equal those of web.ts. Beside node-threads.ts, the
// unmasking worker and the command, the one file that may import Node's modules.
import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  hash,
  randomBytes,
  randomFillSync,
  sign,
  verify,
  type KeyObject,
  type PrivateKeyInput,
} from 'node:crypto';
import { secretCopyOf } from '../leaves/bytes.ts';
import { BASE_POINT, KNOWN_SIGNATURE } from './known-answers.ts';
import { threads } from './node-threads.ts';
import { lacking, requireRefusal, using } from './openssl.ts';
import { releaserWith } from './release.ts';
import type { AgreementKey, Keystream, PeerKey, Platform } from './platform.ts';

type Curve = 'X25519' | 'Ed25519';

// PKCS #8 around a raw private key (RFC 8410 section 7): all but the key itself is constant.
const PKCS8_PREFIX: Readonly<Record<Curve, Buffer>> = {
  X25519: Buffer.from('302e020100300506032b656e04220420', 'hex'),
  Ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
};

// Large enough that a call's cost does not show, small enough to stay in the second-level cache with what it is added to;
// and two of them, which a call allocates, below the 128 KiB from which glibc gives freed memory back to the system. In Node 20 and 24, blocks
// of 64 to 192 KiB take up to 8 % less at 24 and 64 bits, and up to 20 % more at 16.
const KEYSTREAM_BLOCK = 57_344;
const ZEROS = new Uint8Array(KEYSTREAM_BLOCK);

// What node:crypto gives has its memory to itself, and needs no copy that nobody would wipe; small buffers of other origin are
// parts of a pool.
function plain(bytes: Buffer): Uint8Array {
  return hasOwnMemory(bytes) ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes);
}

const hasOwnMemory = ({ length, buffer }: Buffer): boolean => length === buffer.byteLength;

// Most of what is hashed is short and in several parts. Joined here and hashed by one call it takes half the time of a hash
// object, and leaves nothing for the garbage collector; the parts may be secret.
const JOINED = new Uint8Array(4096);
/** Its first bytes, by their number. */
const FIRST_BYTES: Uint8Array[] = [];

// A digest is no secret, whatever it is of. As text it costs half of what it costs as a buffer with memory of its own.
export function sha256(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  if (length > JOINED.length) return hashOfParts(parts);
  length = 0;
  for (const part of parts) {
    JOINED.set(part, length);
    length += part.length;
  }
  const text = hashOfJoined(length);
  const digest = new Uint8Array(32);
  for (let i = 0; i < 32; i++) digest[i] = text.charCodeAt(i);
  return digest;
}

function hashOfJoined(length: number): string {
  try {
    return using('SHA-256', () => hash('sha256', (FIRST_BYTES[length] ??= JOINED.subarray(0, length)), 'binary'));
  } finally {
    JOINED.fill(0, 0, length);
  }
}

function hashOfParts(parts: readonly Uint8Array[]): Uint8Array {
  const digest = using('SHA-256', () => createHash('sha256'));
  for (const part of parts) digest.update(part);
  return plain(digest.digest());
}

// The counter of HKDF's first block, and the only one for 32 bytes.
const FIRST = Uint8Array.of(1);

/**
 * A secret key in the form that costs least. Late versions of Node 24 (from 24.18 at the latest) and Node 26 up to 26.8 find out that bytes
 * are no key object by an error that they throw and catch, twice: 12 µs a call, while a key object takes 1 to 2 µs. In other versions a
 * key object takes 1 to 2 µs more than bytes.
 */
const secretKeyOf: (bytes: Uint8Array) => Uint8Array | KeyObject = /^2[46]\./.test(process.versions.node)
  ? (bytes) => createSecretKey(bytes)
  : (bytes) => bytes;

/** A secret key as it is, which Node takes from 24.15 and from 26 on. */
const rawKey = (curve: Curve, key: Uint8Array): PrivateKeyInput =>
  ({ key, format: 'raw-private', asymmetricKeyType: curve.toLowerCase() }) as unknown as PrivateKeyInput;

const TAKES_RAW_KEYS = ((): boolean => {
  try {
    createPrivateKey(rawKey('X25519', new Uint8Array(32).fill(1)));
    return true;
  } catch {
    return false;
  }
})();

/**
 * Imports a secret key in a form that can be wiped. A JSON Web Key would hold the secret as text, which nobody can overwrite, and what
 * OpenSSL decodes of PKCS #8 it frees without overwriting it.
 * With the OpenSSL 3.0 of Node 20 this takes 0.6 ms, because OpenSSL searches its decoders anew each time, and with the OpenSSL
 * 3.5 of later versions 0.06 ms. So a key is imported once for all agreements of a round.
 */
function privateKey(curve: Curve, secretKey: Uint8Array): KeyObject {
  if (TAKES_RAW_KEYS) return using(curve, () => createPrivateKey(rawKey(curve, secretKey)));
  const der = Buffer.concat([PKCS8_PREFIX[curve], secretKey]);
  try {
    return using(curve, () => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  } finally {
    der.fill(0);
  }
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');

// A public key may be text. A JSON Web Key is the form that Node imports fastest: in 22 µs, and SPKI in 150 µs.
function publicKey(curve: Curve, bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: curve, x: base64url(bytes) }, format: 'jwk' });
}

function publicKeyOf(curve: Curve, key: KeyObject): Uint8Array {
  return using(curve, () => plain(Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url')));
}

/** Verifies on a thread of Node's pool, so that several verifications run in parallel and the event loop stays free. */
async function verifyBeside(key: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  try {
    const good = await new Promise<boolean>((resolve, reject) => {
      verify(null, message, publicKey('Ed25519', key), signature, (error, verified) => {
        if (error === null) resolve(verified);
        else reject(error);
      });
    });
    if (good) return true;
  } catch (error) {
    requireRefusal(error); // of bytes that are no point
  }
  requireEd25519();
  return false;
}

function verifySync(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    if (verify(null, message, publicKey('Ed25519', key), signature)) return true;
  } catch (error) {
    requireRefusal(error); // of bytes that are no point
  }
  requireEd25519();
  return false;
}

// OpenSSL says that a signature is false, that a key is invalid, or that an operation is not supported, if it has no Ed25519 or no
// SHA-512. So it is asked about a good signature before anybody is blamed; likewise about a good point below.
function requireEd25519(): void {
  const { publicKey: key, message, signature } = KNOWN_SIGNATURE;
  if (!using('Ed25519', () => verify(null, message, publicKey('Ed25519', key), signature))) throw lacking('Ed25519');
}

function requireX25519(): void {
  const secretKey = privateKey('X25519', new Uint8Array(32).fill(1));
  using('X25519', () => diffieHellman({ privateKey: secretKey, publicKey: publicKey('X25519', BASE_POINT) }));
}

/** Overwrites all bytes with random ones. */
export function fillRandom(bytes: Uint8Array): void {
  using('random numbers', () => randomFillSync(bytes));
}

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const platform: Platform = {
  randomBytes: (length): Uint8Array => using('random numbers', () => plain(randomBytes(length))),

  sha256,
  // A piece of a megabyte takes half a millisecond, which is less than a thread of Node's pool would cost.
  sha256Beside: sha256,

  // Node's hkdfSync takes twice as long in Node 20 and 22: it makes a key object and a job of each call.
  hkdfSha256(secret, salt, info): Uint8Array {
    return using('HMAC with SHA-256', () => {
      const extracted = createHmac('sha256', secretKeyOf(salt)).update(secret).digest();
      const key = createHmac('sha256', secretKeyOf(extracted)).update(info).update(FIRST).digest();
      extracted.fill(0);
      return plain(key);
    });
  },

  x25519(secretKey): AgreementKey {
    const key = privateKey('X25519', secretKey);
    return {
      publicKey: publicKeyOf('X25519', key),
      agree(peer): Uint8Array {
        try {
          return plain(diffieHellman({ privateKey: key, publicKey: peer.engine as KeyObject }));
        } catch (error) {
          requireRefusal(error);
          requireX25519();
          return new Uint8Array(32); // OpenSSL refuses a point of small order by itself
        }
      },
    };
  },

  x25519Peer: (bytes): PeerKey => ({ engine: using('X25519', () => publicKey('X25519', bytes)) }),

  ed25519PublicKey: (secretKey): Uint8Array => publicKeyOf('Ed25519', privateKey('Ed25519', secretKey)),
  ed25519Sign: (secretKey, message): Uint8Array =>
    using('Ed25519', () => plain(sign(null, message, privateKey('Ed25519', secretKey)))),
  ed25519Signer(secretKey): (message: Uint8Array) => Uint8Array {
    const key = privateKey('Ed25519', secretKey);
    return (message) => using('Ed25519', () => plain(sign(null, message, key)));
  },
  ed25519Verify: verifyBeside,
  ed25519VerifySync: verifySync,

  aes256Ctr(key, counter): Keystream {
    const cipher = using('AES-256-CTR', () => createCipheriv('aes-256-ctr', secretKeyOf(key), counter));
    return {
      next: (length): Uint8Array => cipher.update(length === KEYSTREAM_BLOCK ? ZEROS : ZEROS.subarray(0, length)),
    };
  },
  chacha20(key) {
    const cipher = using('ChaCha20', () => createCipheriv('chacha20', secretKeyOf(key), ZEROS.subarray(0, 16)));
    return { next: (length): Uint8Array => cipher.update(ZEROS.subarray(0, length)) };
  },
  keystreamBlock: KEYSTREAM_BLOCK,
  keystreamAtOnce: () => true,
  releaser: releaserWith(pause),
  pause,

  threads,

  fromHex: (digits): Uint8Array => plain(Buffer.from(digits, 'hex')),
  toBase64: (bytes): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
  fromBase64(text): Uint8Array | null {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text) return null; // Buffer skips what is not base64
    if (hasOwnMemory(bytes)) return plain(bytes);
    const own = secretCopyOf(bytes); // out of the pool: it may be of a state
    bytes.fill(0);
    return own;
  },
};
