// The primitives of the engines beside each other: node:crypto, WebCrypto as in browsers, and JavaScript alone.
import { spawnSync } from 'node:child_process';
import { ctr } from '@noble/ciphers/aes.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { platform as node } from '../../src/platform/node.ts';
import { curves } from '../../src/platform/noble.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { platform as web } from '../../src/platform/web.ts';
import { medianMs } from '../statistics.ts';

/** Microseconds an operation, but GB/s for the key stream and the hash. */
export interface Primitives {
  readonly what: string;
  readonly node: number;
  readonly web: number | null;
  readonly javascript: number | null;
}

const MEGABYTE = 1 << 20;

export async function measureEngines(runs: number): Promise<Primitives[]> {
  const microseconds = async (run: () => unknown): Promise<number> => 1000 * (await medianMs(runs, run));
  const gigabytesPerSecond = async (run: () => unknown): Promise<number> => MEGABYTE / 1000 / (await microseconds(run));

  const secretKey = node.randomBytes(32);
  const peerKey = await node.x25519(node.randomBytes(32)).publicKey;
  const message = new Uint8Array(100);
  const signature = await node.ed25519Sign(secretKey, message);
  const signPublicKey = node.ed25519PublicKey(secretKey);
  const bytes = node.randomBytes(MEGABYTE);
  const agreement = (engine: Platform): Promise<number> => {
    const key = engine.x25519(secretKey);
    const peer = engine.x25519Peer(peerKey);
    return microseconds(() => key.agree(peer));
  };
  const sideBySide = async (verify: () => unknown): Promise<number> => {
    const each = await microseconds(() => Promise.all(Array.from({ length: 64 }, verify)));
    return each / 64;
  };
  // One operation is so short that the clock and the compiler would take most of the time.
  const ofMany = async (run: () => unknown): Promise<number> => {
    const each = await microseconds(() => {
      for (let i = 0; i < 100; i++) run();
    });
    return each / 100;
  };
  const keystream = (engine: Platform): Promise<number> => {
    const stream = engine.aes256Ctr(secretKey, new Uint8Array(16));
    const calls = Math.ceil((16 * MEGABYTE) / engine.keystreamBlock);
    return microseconds(async () => {
      for (let i = 0; i < calls; i++) await stream.next(engine.keystreamBlock);
    }).then((each) => (calls * engine.keystreamBlock) / 1000 / each);
  };
  return [
    {
      what: 'X25519 agreement, µs',
      node: await agreement(node),
      web: await agreement(web),
      javascript: await microseconds(() => curves.x25519(secretKey, peerKey)),
    },
    {
      what: 'Ed25519 signature, µs',
      node: await microseconds(() => node.ed25519Sign(secretKey, message)),
      web: await microseconds(() => web.ed25519Sign(secretKey, message)),
      javascript: await microseconds(() => curves.ed25519Sign(secretKey, message)),
    },
    {
      what: 'Ed25519 verification, µs',
      node: await microseconds(() => node.ed25519VerifySync(signPublicKey, message, signature)),
      web: await microseconds(() => web.ed25519Verify(signPublicKey, message, signature)),
      javascript: await microseconds(() => curves.ed25519Verify(signPublicKey, message, signature)),
    },
    {
      what: 'the same, each of 64 at a time, µs',
      node: await sideBySide(() => node.ed25519Verify(signPublicKey, message, signature)),
      web: await sideBySide(() => web.ed25519Verify(signPublicKey, message, signature)),
      javascript: await sideBySide(() => curves.ed25519Verify(signPublicKey, message, signature)),
    },
    {
      what: 'HKDF-SHA256, µs',
      node: await ofMany(() => node.hkdfSha256(secretKey, peerKey, message)),
      web: await ofMany(() => web.hkdfSha256(secretKey, peerKey, message)),
      javascript: await ofMany(() => hkdf(sha256, secretKey, peerKey, message, 32)),
    },
    {
      what: 'AES-256-CTR, GB/s',
      node: await keystream(node),
      web: await keystream(web),
      javascript: await gigabytesPerSecond(() => ctr(secretKey, new Uint8Array(16)).encrypt(bytes)),
    },
    ...opensslRate().map((rate) => ({ what: 'the same by the program openssl, GB/s', node: rate, web: null, javascript: null })),
    {
      what: 'SHA-256, GB/s',
      node: await gigabytesPerSecond(() => node.sha256([bytes])),
      web: await gigabytesPerSecond(() => web.sha256([bytes])),
      javascript: await gigabytesPerSecond(() => sha256(bytes)),
    },
  ];
}

/** What OpenSSL's own program says of AES-256-CTR, in pieces of 64 KiB; empty if it is not installed. */
function opensslRate(): number[] {
  const options = ['speed', '-elapsed', '-seconds', '1', '-bytes', '65536', '-mr', '-evp', 'aes-256-ctr'];
  const { stdout, error } = spawnSync('openssl', options, { encoding: 'utf8' });
  if (error !== undefined) return [];
  const [, rate] = /^\+F:.*:([\d.]+)$/m.exec(stdout) ?? [];
  return rate === undefined ? [] : [Number(rate) / 1e9];
}
