// The engine for browsers and other runtimes: WebCrypto if it can be used, noble if WebCrypto is missing, lacks a curve
// or cannot answer at once. Its bytes equal those of node.ts.
import { ctr } from '@noble/ciphers/aes.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, copyOf } from '../leaves/bytes.ts';
import { curves as noble } from './noble.ts';
import type { AgreementKey, Awaitable, Keystream, Platform } from './platform.ts';

// Undefined on pages that were not loaded securely.
const subtle = globalThis.crypto.subtle as SubtleCrypto | undefined;

// One call costs about as much as 100 KB of key stream, so that larger blocks than Node's pay off.
const KEYSTREAM_BLOCK = 1 << 20;
const ZEROS = new Uint8Array(KEYSTREAM_BLOCK);
const MOST_RANDOM_BYTES = 65_536; // a limit of getRandomValues

// PKCS #8 around a raw private key (RFC 8410 section 7): WebCrypto imports private keys in no shorter form.
const PKCS8 = (algorithm: number): number[] => [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, algorithm, 4, 0x22, 4, 0x20];
const PKCS8_PREFIX = { X25519: Uint8Array.from(PKCS8(0x6e)), Ed25519: Uint8Array.from(PKCS8(0x70)) };
const BASE_POINT = Uint8Array.of(9, ...new Uint8Array(31));

type Curve = keyof typeof PKCS8_PREFIX;

async function privateKey(crypto: SubtleCrypto, curve: Curve, secretKey: Uint8Array): Promise<CryptoKey> {
  const der = concat([PKCS8_PREFIX[curve], secretKey]);
  const usages: KeyUsage[] = curve === 'X25519' ? ['deriveBits'] : ['sign'];
  const key = await crypto.importKey('pkcs8', der as BufferSource, { name: curve }, false, usages);
  der.fill(0);
  return key;
}

async function agree(crypto: SubtleCrypto, key: CryptoKey, publicKey: Uint8Array): Promise<Uint8Array> {
  try {
    const peer = await crypto.importKey('raw', publicKey as BufferSource, { name: 'X25519' }, false, []);
    return new Uint8Array(await crypto.deriveBits({ name: 'X25519', public: peer }, key, 256));
  } catch {
    return new Uint8Array(32); // WebCrypto refuses points of small order by itself
  }
}

// Which curves WebCrypto offers is asked once, by using them: there is no other way to find out.
const offered = new Map<Curve, Promise<SubtleCrypto | null>>();

function webCryptoWith(curve: Curve): Promise<SubtleCrypto | null> {
  let answer = offered.get(curve);
  if (answer === undefined) {
    answer =
      subtle === undefined
        ? Promise.resolve(null)
        : privateKey(subtle, curve, new Uint8Array(32).fill(1)).then(
            () => subtle,
            () => null,
          );
    offered.set(curve, answer);
  }
  return answer;
}

async function x25519With(secretKey: Uint8Array): Promise<(publicKey: Uint8Array) => Awaitable<Uint8Array>> {
  const crypto = await webCryptoWith('X25519');
  if (crypto === null) return (peer) => noble.x25519(secretKey, peer);
  const key = await privateKey(crypto, 'X25519', secretKey);
  secretKey.fill(0); // the copy that x25519() made
  return (peer) => agree(crypto, key, peer);
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

export const platform: Platform = {
  randomBytes(length): Uint8Array {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at += MOST_RANDOM_BYTES) {
      globalThis.crypto.getRandomValues(out.subarray(at, Math.min(length, at + MOST_RANDOM_BYTES)));
    }
    return out;
  },

  sha256(parts): Uint8Array {
    const hash = sha256.create();
    for (const part of parts) hash.update(part);
    return hash.digest();
  },

  hkdfSha256: (secret, salt, info): Uint8Array => hkdf(sha256, secret, salt, info, 32),

  x25519(secretKey): AgreementKey {
    const owned = Uint8Array.from(secretKey);
    const ready = x25519With(owned);
    return {
      publicKey: ready.then((withPeer) => withPeer(BASE_POINT)),
      agree: async (peer): Promise<Uint8Array> => (await ready)(peer.engine as Uint8Array),
    };
  },

  x25519Peer: (publicKey) => ({ engine: copyOf(publicKey) }),

  ed25519PublicKey: noble.ed25519PublicKey,

  async ed25519Sign(secretKey, message): Promise<Uint8Array> {
    const crypto = await webCryptoWith('Ed25519');
    if (crypto === null) return noble.ed25519Sign(secretKey, message);
    const key = await privateKey(crypto, 'Ed25519', secretKey);
    return new Uint8Array(await crypto.sign('Ed25519', key, message as BufferSource));
  },

  async ed25519Verify(publicKey, message, signature): Promise<boolean> {
    const crypto = await webCryptoWith('Ed25519');
    if (crypto === null) return noble.ed25519Verify(publicKey, message, signature);
    try {
      const key = await crypto.importKey('raw', publicKey as BufferSource, { name: 'Ed25519' }, false, ['verify']);
      return await crypto.verify('Ed25519', key, signature as BufferSource, message as BufferSource);
    } catch {
      return false; // bytes that are no point
    }
  },

  ed25519VerifySync: (publicKey, message, signature): boolean => noble.ed25519Verify(publicKey, message, signature),

  aes256Ctr(key, counter): Keystream {
    let block = copyOf(counter);
    const take = (length: number): [from: Uint8Array, zeros: Uint8Array] => {
      const from = block;
      block = advanced(block, Math.ceil(length / 16));
      return [from, ZEROS.subarray(0, length)];
    };
    if (subtle === undefined) {
      const owned = Uint8Array.from(key);
      return {
        next(length): Uint8Array {
          const [from, zeros] = take(length);
          return ctr(owned, from).encrypt(zeros);
        },
      };
    }
    const imported = subtle.importKey('raw', key as BufferSource, 'AES-CTR', false, ['encrypt']);
    return {
      async next(length): Promise<Uint8Array> {
        const [from, zeros] = take(length);
        const algorithm = { name: 'AES-CTR', counter: from as BufferSource, length: 128 };
        return new Uint8Array(await subtle.encrypt(algorithm, await imported, zeros as BufferSource));
      },
    };
  },
  keystreamBlock: KEYSTREAM_BLOCK,
  keystreamAtOnce: subtle === undefined,

  // A message to oneself, because nested timers of browsers wait for 4 ms.
  pause: () =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = (): void => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    }),

  threads: null,

  toBase64(bytes): string {
    let binary = '';
    for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    return btoa(binary);
  },
  fromBase64(text): Uint8Array | null {
    let binary;
    try {
      binary = atob(text);
    } catch {
      return null;
    }
    if (btoa(binary) !== text) return null; // atob skips white space and accepts missing padding
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  },
};
