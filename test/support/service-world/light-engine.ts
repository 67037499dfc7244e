// Cryptography that costs next to nothing, for worlds whose subject is who says what when: signatures and agreements are digests that
// anybody could forge. Everything above it is the library's own: rounds, masks, shares, seals, documents. One world in twenty has the
// real engine. light-engine.test.ts shows that it does what coordinator and agent rely on.
import { platform } from '#platform';
import type { Platform } from '../../../src/platform/platform.ts';
import { Draws } from './draws.ts';

// Taken before any world puts another engine in its place.
const sha256 = platform.sha256.bind(platform);
const ed25519Verify = platform.ed25519VerifySync.bind(platform);

/** 32 bytes below 2^`bits`, little-endian. */
function number(bits: number, label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = sha256([Buffer.from(label), ...parts]);
  bytes[31]! &= 2 ** (bits - 248) - 1;
  return bytes;
}

const publicKeyOf = (secretKey: Uint8Array): Uint8Array => number(254, 'sign', secretKey);

function signatureOf(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  return Uint8Array.from([...number(254, 'point', publicKey, message), ...number(252, 'scalar', publicKey, message)]);
}

function isSignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return Buffer.compare(signatureOf(publicKey, message), signature) === 0;
}

/** The real engine, with the draws of a world, and without anything that needs a turn of the event loop. */
export function realEngine(draws: Draws): Partial<Platform> {
  return {
    ed25519Verify,
    pause: () => Promise.resolve(),
    releaser: () => Promise.resolve(() => undefined), // the first time it takes turns
    randomBytes: (length) => draws.bytes(length),
  };
}

export function lightEngine(draws: Draws): Partial<Platform> {
  return {
    ...realEngine(draws),
    hkdfSha256: (secret, salt, info) => sha256([Buffer.from('hkdf'), number(256, 'parts', secret, salt), info]),
    ed25519PublicKey: publicKeyOf,
    ed25519Sign: (secretKey, message) => signatureOf(publicKeyOf(secretKey), message),
    ed25519Verify: isSignature,
    ed25519VerifySync: isSignature,
    x25519(secretKey) {
      const publicKey = number(254, 'agree', secretKey);
      return {
        publicKey,
        agree: ({ engine }) => sha256([publicKey, engine as Uint8Array].toSorted((a, b) => Buffer.compare(a, b))),
      };
    },
    x25519Peer: (publicKey) => ({ engine: publicKey.slice() }),
  };
}

/** For a suite whose subject is who says what when: its tests run on the light engine. */
export function useLightEngine(): void {
  const real = { ...platform };
  before(() => {
    Object.assign(platform, lightEngine(new Draws(1)));
  });
  after(() => {
    Object.assign(platform, real);
  });
}
