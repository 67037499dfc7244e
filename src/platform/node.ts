// The engine for Node: node:crypto, 10 to 45 times faster than JavaScript. Its bytes equal those of web.ts. Beside node-threads.ts, the
// unmasking worker and the command, the one file that may import Node's modules.
import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hash,
  randomBytes,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { UsageError } from '../leaves/errors.ts';
import { threads } from './node-threads.ts';
import { releaserWith } from './release.ts';
import type { AgreementKey, Keystream, PeerKey, Platform } from './platform.ts';

type Curve = 'X25519' | 'Ed25519';

// What Node's errors are called if OpenSSL has no such algorithm, for instance in FIPS mode.
const LACKING = /^ERR_(OSSL_.*(UNSUPPORTED|FETCH_FAILED|INITIALIZATION_ERROR|DISABLED|FIPS)|CRYPTO_(UNKNOWN_CIPHER|INVALID_DIGEST))/;

/**
 * Runs a call of node:crypto.
 *
 * @throws UsageError ERR_SECAGG_ENGINE if OpenSSL has no such algorithm: this says nothing about the bytes, nor about who sent them.
 */
function using<T>(algorithm: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw lacking(algorithm, error) ?? error;
  }
}

function lacking(algorithm: string, cause: unknown): UsageError | null {
  const { code } = cause as { readonly code?: unknown };
  if (typeof code !== 'string' || !LACKING.test(code)) return null;
  const message = `the OpenSSL of this Node has no ${algorithm}, or its configuration (FIPS mode, for one) forbids it`;
  return new UsageError('ERR_SECAGG_ENGINE', message, { cause });
}

// PKCS #8 around a raw private key (RFC 8410 section 7): all but the key itself is constant.
const PKCS8_PREFIX: Readonly<Record<Curve, Buffer>> = {
  X25519: Buffer.from('302e020100300506032b656e04220420', 'hex'),
  Ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
};

// Large enough that a call's cost does not show, small enough to stay in the second-level cache with what it is added to;
// and two of them, which a call allocates, below the 128 KiB from which glibc gives freed memory back to the system.
const KEYSTREAM_BLOCK = 57_344;
const ZEROS = new Uint8Array(KEYSTREAM_BLOCK);

// What node:crypto gives has its memory to itself, and needs no copy that nobody would wipe; small buffers of other origin are
// parts of a pool.
function plain(bytes: Buffer): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes);
}

// Most of what is hashed is short and in several parts. Joined here and hashed by one call it takes half the time of a hash
// object, and leaves nothing for the garbage collector; the parts may be secret.
const JOINED = new Uint8Array(1024);

// A digest is no secret, whatever it is of. As text it costs half of what it costs as a buffer with memory of its own.
function sha256(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.reduce((sum, part) => sum + part.length, 0) > JOINED.length) return hashOfParts(parts);
  let length = 0;
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
    return using('SHA-256', () => hash('sha256', JOINED.subarray(0, length), 'binary'));
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
 * Imports a secret key in a form that can be wiped. A JSON Web Key would hold the secret as text, which nobody can overwrite.
 * With the OpenSSL 3.0 of Node 20 this takes 0.6 ms, because OpenSSL searches its decoders anew each time, and with the OpenSSL
 * 3.5 of later versions 0.06 ms. So a key is imported once for all agreements of a round.
 */
function privateKey(curve: Curve, secretKey: Uint8Array): KeyObject {
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
  return using(curve, () => createPublicKey({ key: { kty: 'OKP', crv: curve, x: base64url(bytes) }, format: 'jwk' }));
}

function publicKeyOf(key: KeyObject): Uint8Array {
  return plain(Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url'));
}

/** Verifies on a thread of Node's pool, so that several verifications run in parallel and the event loop stays free. */
function verifyBeside(key: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  return new Promise<boolean>((resolve, reject) => {
    verify(null, message, publicKey('Ed25519', key), signature, (error, good) => {
      if (error === null) resolve(good);
      else reject(error);
    });
  }).catch((error: unknown) => refusal(error, false)); // bytes that are no point
}

function verifySync(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(null, message, publicKey('Ed25519', key), signature);
  } catch (error) {
    return refusal(error, false); // bytes that are no point
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * The answer for bytes that OpenSSL refuses. Whatever else Node throws says nothing about the bytes, and the user that has sent
 * them must not be blamed for it.
 *
 * @throws any other error.
 */
function refusal<Answer>(error: unknown, answer: Answer): Answer {
  const { code } = error as { readonly code?: unknown };
  const missing = lacking('such curve', error);
  if (missing !== null) throw missing;
  if (typeof code === 'string' && /^ERR_OSSL_(?!.*MALLOC)|^ERR_CRYPTO_INVALID_JWK$/.test(code)) return answer;
  throw error;
}

export const platform: Platform = {
  randomBytes: (length): Uint8Array => plain(randomBytes(length)),

  sha256,
  // A piece of a megabyte takes half a millisecond, which is less than a thread of Node's pool would cost.
  sha256Beside: sha256,

  // Node's hkdfSync takes four times as long: it makes a key object and a job of each call.
  hkdfSha256(secret, salt, info): Uint8Array {
    return using('HMAC with SHA-256', () => {
      const extracted = createHmac('sha256', salt).update(secret).digest();
      const key = createHmac('sha256', extracted).update(info).update(FIRST).digest();
      extracted.fill(0);
      return plain(key);
    });
  },

  x25519(secretKey): AgreementKey {
    const key = privateKey('X25519', secretKey);
    return {
      publicKey: publicKeyOf(key),
      agree(peer): Uint8Array {
        try {
          return plain(diffieHellman({ privateKey: key, publicKey: peer.engine as KeyObject }));
        } catch (error) {
          return refusal(error, new Uint8Array(32)); // OpenSSL refuses a point of small order by itself
        }
      },
    };
  },

  x25519Peer: (bytes): PeerKey => ({ engine: publicKey('X25519', bytes) }),

  ed25519PublicKey: (secretKey): Uint8Array => publicKeyOf(privateKey('Ed25519', secretKey)),
  ed25519Sign: (secretKey, message): Uint8Array => using('Ed25519', () => plain(sign(null, message, privateKey('Ed25519', secretKey)))),
  ed25519Verify: verifyBeside,
  ed25519VerifySync: verifySync,

  aes256Ctr(key, counter): Keystream {
    const cipher = using('AES-256-CTR', () => createCipheriv('aes-256-ctr', key, counter));
    return {
      next: (length): Uint8Array => cipher.update(length === KEYSTREAM_BLOCK ? ZEROS : ZEROS.subarray(0, length)),
    };
  },
  keystreamBlock: KEYSTREAM_BLOCK,
  keystreamAtOnce: () => true,
  releaser: releaserWith(pause),
  pause,

  threads,

  toBase64: (bytes): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
  fromBase64(text): Uint8Array | null {
    const bytes = Buffer.from(text, 'base64');
    return bytes.toString('base64') === text ? plain(bytes) : null; // Buffer skips what is not base64
  },
};
