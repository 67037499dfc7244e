// Imports secret keys ten times faster in the process of a suite: `mocha --require test/support/quick-keys.ts`.
//
// Where Node takes no raw keys, the library imports a secret key as PKCS #8, because a JSON Web Key would hold it as text, which nobody can wipe. With the
// OpenSSL 3.0 of Node 20, PKCS #8 takes 0.6 ms, which is half of the time of a small session. Suites whose subject is the protocol
// import the same keys as JSON Web Keys. Later versions of OpenSSL are fast, and later versions of Node refuse a JSON Web Key without the
// public key, so that keys are imported there as the library does. So they are in all other suites, among them `units`, `vectors` and the
// long run.
import crypto, { type KeyObject } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

const { createPrivateKey } = crypto;
type Input = Parameters<typeof createPrivateKey>[0];

// RFC 8410 section 7: all but the last byte of the object identifier and the 32 bytes of the key is constant.
const BEFORE_CURVE = '302e020100300506032b65';
const BEFORE_KEY = '04220420';
const CURVES: ReadonlyMap<string, string> = new Map([
  ['6e', 'X25519'],
  ['70', 'Ed25519'],
]);

const IS_SLOW = process.versions.openssl.startsWith('3.0.');

/** The key object that `createPrivateKey` gives. What is not a PKCS #8 of one of the two curves is left to `createPrivateKey`. */
export function quickPrivateKey(input: Input): KeyObject {
  const [crv, key] = (IS_SLOW ? partsOf(input) : null) ?? [];
  if (crv === undefined || key === undefined) return createPrivateKey(input);
  // Node computes the public key of these curves itself, and wants x to be there.
  return createPrivateKey({ key: { kty: 'OKP', crv, d: key.toString('base64url'), x: '' }, format: 'jwk' });
}

function partsOf(input: Input): [curve: string | undefined, key: Buffer] | null {
  if (typeof input !== 'object' || !('key' in input) || !Buffer.isBuffer(input.key)) return null;
  if (input.format !== 'der' || input.type !== 'pkcs8' || input.key.length !== 48) return null;
  const [head, curve, tail] = [hex(input.key, 0, 11), hex(input.key, 11, 12), hex(input.key, 12, 16)];
  return head === BEFORE_CURVE && tail === BEFORE_KEY ? [CURVES.get(curve), input.key.subarray(16)] : null;
}

const hex = (bytes: Buffer, from: number, to: number): string => bytes.subarray(from, to).toString('hex');

/** Mocha calls this before the first test, in suites that require this file. */
export function mochaGlobalSetup(): void {
  crypto.createPrivateKey = quickPrivateKey;
  syncBuiltinESMExports();
}
