// The key pair of a party of a service, as `genKeypair` gives it.
import { isSignKeyPair, type SignPublicKey, type SignSecretKey } from '../crypto/sign.ts';
import { digest } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import { secretCopyOf } from '../leaves/bytes.ts';
import { checkBytes, kindOf } from '../leaves/checks.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';

/** Public and secret Ed25519 key, 32 bytes each, as `genKeypair` gives them. */
export type Keypair = readonly [SignPublicKey, SignSecretKey];

/** A copy of a key pair. @throws TypeError, RangeError that name the argument. */
export function checkKeypair(value: unknown, name: string): Keypair {
  if (!Array.isArray(value) || value.length !== 2) {
    throw new TypeError(`${name}: expected a pair of public and secret key, got ${kindOf(value)}`);
  }
  const [publicKey, secretKey] = value.map((key, i) => secretCopyOf(checkBytes(key, `${name}[${i}]`))) as [
    Uint8Array,
    Uint8Array,
  ];
  if (publicKey.length !== KEY_BYTES || secretKey.length !== KEY_BYTES) {
    throw new RangeError(`${name}: expected keys of ${KEY_BYTES} bytes`);
  }
  if (!isSignKeyPair(publicKey, secretKey)) throw new RangeError(`${name}: the secret key is not the one of the public key`);
  return [publicKey, secretKey];
}

/** What stands for a key in documents, 32 bytes. */
export function keyDigest(publicKey: SignPublicKey): Uint8Array {
  return digest(LABELS.serviceKey, [publicKey]);
}
