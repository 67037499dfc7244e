// What a participant sends to its registrar to get a certificate.
import { LABELS } from '../crypto/labels.ts';
import type { SignPublicKey } from '../crypto/sign.ts';
import { concat, u64 } from '../leaves/bytes.ts';
import { userId } from '../leaves/ids.ts';
import { DIGEST_BYTES, KEY_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { authorityDigest, checkAuthority, type Authority } from './certificate.ts';
import { FixedFields } from '../leaves/fixed-fields.ts';
import { checkKeypair, type Keypair } from './keypair.ts';
import { isSignedBy, signedDocument } from './signed-documents.ts';

const VERSION = 1;

/**
 * What a participant sends to its registrar to get a certificate. It is signed with the participant's secret key, so that nobody
 * gets a certificate for a key of somebody else.
 *
 * @param authority whose certificate is asked for: the registrar's public key, and the scope of the ids.
 * @param id the participant's id in this scope, an integer in [0, 2^53).
 * @param keypair the participant's key pair. The secret key is not in the request.
 * @returns bytes for the registrar, which are no secret.
 * @throws TypeError, RangeError that name the argument.
 * @example
 * ```js
 * import { genKeypair } from 'secagg';
 * import { certificateRequest, Registrar } from 'secagg/service';
 *
 * const { authority } = new Registrar({ keypair: genKeypair(), scope: 'example app' });
 * console.log((await certificateRequest(authority, 7, genKeypair())).length); // prints: 137
 * ```
 */
export async function certificateRequest(authority: Authority, id: number, keypair: Keypair): Promise<Uint8Array<ArrayBuffer>> {
  const [publicKey, secretKey] = checkKeypair(keypair, 'keypair');
  const whose = authorityDigest(checkAuthority(authority, 'authority'));
  const content = concat([Uint8Array.of(VERSION), whose, u64(userId(id, 'id')), publicKey]);
  return signedDocument(LABELS.certificateRequest, secretKey, content);
}

/** @throws DecodeError. The signature is looked at by {@link isRequestOf}. */
export function readCertificateRequest(bytes: Uint8Array): {
  readonly authority: Uint8Array;
  readonly id: number;
  readonly publicKey: SignPublicKey;
} {
  const fields = new FixedFields('certificate request', bytes);
  fields.version(VERSION);
  const authority = fields.bytes(DIGEST_BYTES);
  const id = fields.integer(8);
  const publicKey = fields.bytes(KEY_BYTES);
  fields.bytes(SIGNATURE_BYTES);
  fields.end();
  return { authority, id, publicKey };
}

/** Whether the key that a request names has signed it. */
export function isRequestOf(publicKey: SignPublicKey, bytes: Uint8Array): Promise<boolean> {
  return isSignedBy(LABELS.certificateRequest, publicKey, bytes);
}
