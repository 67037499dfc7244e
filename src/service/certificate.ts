// A registrar's word that a key speaks for a participant of a scope, for a time.
import { digest } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import { isSignPublicKey, type SignPublicKey, type SignSecretKey } from '../crypto/sign.ts';
import { concat, copyOf, equalBytes, u64, utf8 } from '../leaves/bytes.ts';
import { checkBytes, checkNames, checkString } from '../leaves/checks.ts';
import { DecodeError } from '../leaves/errors.ts';
import { DIGEST_BYTES, KEY_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { FixedFields } from '../leaves/fixed-fields.ts';
import { isSignedBy, signedDocument } from './signed-documents.ts';

const VERSION = 1;
/** Bytes of a certificate. */
export const CERTIFICATE_BYTES: number = 1 + DIGEST_BYTES + 8 + KEY_BYTES + 8 + 8 + 8 + SIGNATURE_BYTES;

/** Who certifies, and for what: one registrar may certify for several scopes, with ids of their own. */
export interface Authority {
  /** The registrar's Ed25519 public key, 32 bytes. */
  readonly publicKey: SignPublicKey;
  /** What the ids belong to, for example the name of an application. */
  readonly scope: string;
}

/** What a certificate says. Times are in seconds since 1970. */
export interface Certificate {
  /** The participant's id. */
  readonly id: number;
  /** The participant's Ed25519 public key, 32 bytes. */
  readonly publicKey: SignPublicKey;
  /** Rises with every certificate of the registrar. */
  readonly serial: number;
  /** The first second in which it is valid. */
  readonly validFrom: number;
  /** The first second in which it is valid no more. */
  readonly validUntil: number;
  /** The certificate itself. */
  readonly bytes: Uint8Array;
}

/** A copy of an authority. @throws TypeError, RangeError that name the argument. */
export function checkAuthority(value: unknown, name: string): Authority {
  checkNames(value, name, ['publicKey', 'scope']);
  const { publicKey, scope } = value as Authority;
  const key = copyOf(checkBytes(publicKey, `${name}.publicKey`));
  if (!isSignPublicKey(key)) throw new RangeError(`${name}.publicKey: expected a canonical Ed25519 public key`);
  return { publicKey: key, scope: checkString(scope, `${name}.scope`, { least: 1, most: 200 }) };
}

/** Digest of the registrar's key and the scope, 32 bytes: it stands in all that a registrar signs. */
export function authorityDigest({ publicKey, scope }: Authority): Uint8Array {
  return digest(LABELS.authority, [publicKey, utf8(scope)]);
}

export async function certificateOf(
  authority: Authority,
  secretKey: SignSecretKey,
  { id, publicKey, serial, validFrom, validUntil }: Omit<Certificate, 'bytes'>,
): Promise<Uint8Array<ArrayBuffer>> {
  const head = [Uint8Array.of(VERSION), authorityDigest(authority), u64(id), publicKey];
  const content = concat([...head, u64(serial), u64(validFrom), u64(validUntil)]);
  return signedDocument(LABELS.certificate, secretKey, content);
}

/** Reads a certificate without looking at its signature or its time. @throws DecodeError */
export function readCertificate(bytes: Uint8Array): Certificate & { readonly authority: Uint8Array } {
  const fields = new FixedFields('certificate', bytes);
  fields.version(VERSION);
  const authority = fields.bytes(DIGEST_BYTES);
  const id = fields.integer(8);
  const publicKey = fields.bytes(KEY_BYTES);
  if (!isSignPublicKey(publicKey)) throw new DecodeError('certificate: expected a canonical Ed25519 public key');
  const [serial, validFrom, validUntil] = [fields.integer(8), fields.integer(8), fields.integer(8)];
  fields.bytes(SIGNATURE_BYTES);
  fields.end();
  return { authority, id, publicKey, serial, validFrom, validUntil, bytes };
}

/** Whether the registrar has signed these bytes. */
export function isCertificateOf(publicKey: SignPublicKey, bytes: Uint8Array): Promise<boolean> {
  return isSignedBy(LABELS.certificate, publicKey, bytes);
}

/** Whether a certificate takes the place of another one of the same participant: it is of another key, and newer. */
export function replaces(next: Certificate, before: Certificate): boolean {
  return next.serial > before.serial && !equalBytes(next.publicKey, before.publicKey);
}
