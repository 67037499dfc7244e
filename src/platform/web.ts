// The engine for browsers and other runtimes: WebCrypto if it can be used, noble if WebCrypto is missing, lacks a curve, refuses
// what it is given, or cannot answer at once. Its bytes equal those of node.ts. Nothing is looked for at import: a runtime may
// forbid it there, or add what it lacks later.
import { ctr } from '@noble/ciphers/aes.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { bytesOfHex, concat, copyOf, movedSecret, secretBytes, secretCopyOf } from '../leaves/bytes.ts';
import { UsageError } from '../leaves/errors.ts';
import { once } from '../leaves/once.ts';
import { BASE_POINT, KNOWN_SIGNATURE, type Signed } from './known-answers.ts';
import { curves as noble } from './noble.ts';
import { releaserWith } from './release.ts';
import type { AgreementKey, Keystream, Platform } from './platform.ts';

// One call costs about as much as 100 KB of key stream, so that larger blocks than Node's pay off.
const KEYSTREAM_BLOCK = 1 << 20;
const zeros = /* @__PURE__ */ once(() => new Uint8Array(KEYSTREAM_BLOCK));
const MOST_RANDOM_BYTES = 65_536; // a limit of getRandomValues

// PKCS #8 around a raw private key (RFC 8410 section 7): WebCrypto imports private keys in no other form that can be wiped.
const pkcs8Prefix = (algorithm: number): Uint8Array =>
  Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, algorithm, 4, 0x22, 4, 0x20);
const PKCS8_ALGORITHM = { X25519: 0x6e, Ed25519: 0x70 };

type Curve = keyof typeof PKCS8_ALGORITHM;

/** WebCrypto; undefined on pages that were not loaded securely, and in engines without it. */
function subtleCrypto(): SubtleCrypto | undefined {
  return (globalThis.crypto as Crypto | undefined)?.subtle;
}

/**
 * What WebCrypto gives, or noble's answer if WebCrypto is missing or refuses. Engines refuse what others take: WebKit, for one, a
 * secret key whose first byte is 0.
 */
async function webCryptoOr<T>(work: (subtle: SubtleCrypto) => Promise<T>, otherwise: () => T): Promise<T> {
  const subtle = subtleCrypto();
  if (subtle === undefined) return otherwise();
  try {
    return await work(subtle);
  } catch {
    return otherwise();
  }
}

async function privateKey(subtle: SubtleCrypto, curve: Curve, secretKey: Uint8Array): Promise<CryptoKey> {
  const prefix = pkcs8Prefix(PKCS8_ALGORITHM[curve]);
  const der = secretBytes(prefix.length + secretKey.length);
  der.set(prefix);
  der.set(secretKey, prefix.length);
  const usages: KeyUsage[] = curve === 'X25519' ? ['deriveBits'] : ['sign'];
  try {
    return await subtle.importKey('pkcs8', der as BufferSource, { name: curve }, false, usages);
  } finally {
    der.fill(0);
  }
}

async function verified(subtle: SubtleCrypto, { publicKey, message, signature }: Signed): Promise<boolean> {
  const key = await subtle.importKey('raw', publicKey as BufferSource, { name: 'Ed25519' }, false, ['verify']);
  return subtle.verify('Ed25519', key, signature as BufferSource, message as BufferSource);
}

/** counter + blocks, big-endian, modulo 2^128. */
function advanced(counter: Uint8Array, blocks: number): Uint8Array<ArrayBuffer> {
  const out = copyOf(counter);
  for (let i = out.length - 1, carry = blocks; i >= 0 && carry > 0; i--) {
    carry += out[i] ?? 0;
    out[i] = carry;
    carry = Math.floor(carry / 256);
  }
  return out;
}

/** Beside the engine, as {@link fillRandom}. */
export function sha256(parts: readonly Uint8Array[]): Uint8Array {
  const hash = nobleSha256.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** What ECMAScript 2026 adds to `Uint8Array`. Engines of before 2025 lack it. */
interface NativeBase64 {
  readonly prototype: { readonly toBase64?: () => string };
  readonly fromBase64?: (text: string, options: { readonly lastChunkHandling: 'strict' }) => Uint8Array;
}

const nativeBase64 = Uint8Array as unknown as NativeBase64;

function toBase64(bytes: Uint8Array): string {
  const native = nativeBase64.prototype.toBase64;
  if (native !== undefined) return native.call(bytes);
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array | null {
  try {
    // The engine skips white space, as atob does, and then gives fewer bytes than so many characters stand for.
    const native = nativeBase64.fromBase64?.(text, { lastChunkHandling: 'strict' });
    if (native !== undefined) return 4 * Math.ceil(native.length / 3) === text.length ? native : null;
    const binary = atob(text);
    if (btoa(binary) !== text) return null; // atob also accepts missing padding
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  } catch {
    return null; // no base64
  }
}

const pause = (): Promise<void> =>
  new Promise((resolve) => {
    // A message to oneself, because nested timers of browsers wait for 4 ms.
    if (typeof MessageChannel === 'undefined') {
      setTimeout(resolve, 0);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (): void => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

/** Overwrites all bytes with random ones. It stands beside the engine, so that a bundle of an encoding alone has no curves. */
export function fillRandom(bytes: Uint8Array): void {
  const source = globalThis.crypto as Partial<Crypto> | undefined;
  if (typeof source?.getRandomValues !== 'function') {
    throw new UsageError(
      'ERR_SECAGG_ENGINE',
      'this JavaScript engine has no crypto.getRandomValues, and there is no other safe source',
    );
  }
  for (let at = 0; at < bytes.length; at += MOST_RANDOM_BYTES) {
    source.getRandomValues(bytes.subarray(at, at + MOST_RANDOM_BYTES) as Uint8Array<ArrayBuffer>);
  }
}

export const platform: Platform = {
  randomBytes(length): Uint8Array {
    const bytes = secretBytes(length);
    fillRandom(bytes);
    return bytes;
  },

  sha256,
  sha256Beside: (parts): Promise<Uint8Array> =>
    webCryptoOr(
      async (subtle) => new Uint8Array(await subtle.digest('SHA-256', concat(parts) as BufferSource)),
      () => sha256(parts),
    ),

  hkdfSha256: (secret, salt, info): Uint8Array => movedSecret(hkdf(nobleSha256, secret, salt, info, 32)),

  x25519(secretKey): AgreementKey {
    const imported = webCryptoOr<CryptoKey | null>(
      (subtle) => privateKey(subtle, 'X25519', secretKey),
      () => null,
    );
    const agree = (publicKey: Uint8Array): Promise<Uint8Array> =>
      webCryptoOr(
        async (subtle) => {
          const key = await imported;
          if (key === null) return noble.x25519(secretKey, publicKey);
          const peer = await subtle.importKey('raw', publicKey as BufferSource, { name: 'X25519' }, false, []);
          return new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: peer }, key, 256));
        },
        () => noble.x25519(secretKey, publicKey),
      );
    return { publicKey: agree(BASE_POINT), agree: (peer) => agree(peer.engine as Uint8Array) };
  },

  x25519Peer: (publicKey) => ({ engine: copyOf(publicKey) }),

  ed25519PublicKey: (secretKey) => noble.ed25519PublicKey(secretKey),

  ed25519Sign: (secretKey, message): Promise<Uint8Array> =>
    webCryptoOr(
      async (subtle) => {
        const key = await privateKey(subtle, 'Ed25519', secretKey);
        return new Uint8Array(await subtle.sign('Ed25519', key, message as BufferSource));
      },
      () => noble.ed25519Sign(secretKey, message),
    ),
  ed25519Signer: (secretKey) => (message) => platform.ed25519Sign(secretKey, message),

  // WebCrypto refuses bytes that are no point; noble says so too. Before somebody is blamed, WebCrypto must know a good signature.
  ed25519Verify: (publicKey, message, signature): Promise<boolean> =>
    webCryptoOr(
      async (subtle) => {
        if (await verified(subtle, { publicKey, message, signature })) return true;
        if (await verified(subtle, KNOWN_SIGNATURE)) return false;
        throw new Error('a WebCrypto that refuses all signatures');
      },
      () => noble.ed25519Verify(publicKey, message, signature),
    ),

  ed25519VerifySync: (publicKey, message, signature): boolean => noble.ed25519Verify(publicKey, message, signature),

  aes256Ctr(key, counter): Keystream {
    const owned = secretCopyOf(key);
    let block = copyOf(counter);
    const take = (length: number): [from: Uint8Array, zeros: Uint8Array] => {
      const from = block;
      block = advanced(block, Math.ceil(length / 16));
      return [from, zeros().subarray(0, length)];
    };
    const subtle = subtleCrypto();
    const nobleStream = ([from, input]: [Uint8Array, Uint8Array]): Uint8Array => ctr(owned, from).encrypt(input);
    if (subtle === undefined) return { next: (length): Uint8Array => nobleStream(take(length)) };
    const imported = subtle.importKey('raw', owned as BufferSource, 'AES-CTR', false, ['encrypt']).then(
      (cryptoKey) => {
        owned.fill(0);
        return cryptoKey;
      },
      () => null, // refused
    );
    return {
      async next(length): Promise<Uint8Array> {
        const [from, input] = take(length);
        const cryptoKey = await imported;
        if (cryptoKey === null) return nobleStream([from, input]);
        const algorithm = { name: 'AES-CTR', counter: from as BufferSource, length: 128 };
        try {
          return new Uint8Array(await subtle.encrypt(algorithm, cryptoKey, input as BufferSource));
        } catch (cause) {
          // The key is no longer here, so that noble cannot go on.
          throw new UsageError('ERR_SECAGG_ENGINE', 'WebCrypto took the key of AES-CTR and then made no key stream', { cause });
        }
      },
    };
  },
  chacha20: null,
  keystreamBlock: KEYSTREAM_BLOCK,
  keystreamAtOnce: (): boolean => subtleCrypto() === undefined,
  releaser: /* @__PURE__ */ releaserWith(pause),
  pause,

  threads: null,

  fromHex: (digits): Uint8Array => bytesOfHex(digits) ?? new Uint8Array(),
  toBase64,
  fromBase64,
};
