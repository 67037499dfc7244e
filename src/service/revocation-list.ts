// The certificates that a registrar has taken back: a numbered, dated, signed list of serials.
import { LABELS } from '../crypto/labels.ts';
import type { SignPublicKey, SignSecretKey } from '../crypto/sign.ts';
import { concat, u32, u64, u64s } from '../leaves/bytes.ts';
import { DecodeError } from '../leaves/errors.ts';
import { DIGEST_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { authorityDigest, type Authority } from './certificate.ts';
import { FixedFields } from '../leaves/fixed-fields.ts';
import { isSignedBy, signedDocument } from './signed-documents.ts';

const VERSION = 1;
/** Most serials of one list: certificates that would be valid otherwise. */
const MOST_SERIALS = 1_000_000;

/** What a list says. */
export interface RevocationList {
  /** Rises with every list of the registrar. */
  readonly number: number;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** Ascending. */
  readonly serials: readonly number[];
  /** The list itself. */
  readonly bytes: Uint8Array;
}

export async function revocationListOf(
  authority: Authority,
  secretKey: SignSecretKey,
  { number, issuedAt, serials }: Omit<RevocationList, 'bytes'>,
): Promise<Uint8Array<ArrayBuffer>> {
  const head = [Uint8Array.of(VERSION), authorityDigest(authority), u64(number), u64(issuedAt)];
  return signedDocument(LABELS.revocationList, secretKey, concat([...head, u32(serials.length), u64s(serials)]));
}

/** Reads a list without looking at its signature. @throws DecodeError */
export function readRevocationList(bytes: Uint8Array): RevocationList & { readonly authority: Uint8Array } {
  const name = 'revocation list';
  const fields = new FixedFields(name, bytes);
  fields.version(VERSION);
  const authority = fields.bytes(DIGEST_BYTES);
  const [number, issuedAt, count] = [fields.integer(8), fields.integer(8), fields.integer(4)];
  if (count > MOST_SERIALS || fields.left !== 8 * count + SIGNATURE_BYTES) {
    throw new DecodeError(`${name}: expected the ${count} serials that it announces, ${MOST_SERIALS} at most`);
  }
  const serials = Array.from({ length: count }, () => fields.integer(8));
  if (serials.some((serial, i) => i > 0 && serial <= (serials[i - 1] ?? serial))) {
    throw new DecodeError(`${name}: expected ascending serials`);
  }
  return { authority, number, issuedAt, serials, bytes };
}

/** Whether the registrar has signed these bytes. */
export function isRevocationListOf(publicKey: SignPublicKey, bytes: Uint8Array): Promise<boolean> {
  return isSignedBy(LABELS.revocationList, publicKey, bytes);
}
