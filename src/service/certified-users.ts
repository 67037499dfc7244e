// The participants of a session: exactly those whose certificates are in its roster, each looked at by whoever relies on them.
import { digest } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import { concat, equalBytes, hex, u32 } from '../leaves/bytes.ts';
import { DecodeError } from '../leaves/errors.ts';
import { PublicKeysWrapper } from '../session/public-keys.ts';
import { MAX_HOLDERS } from '../session/parameters.ts';
import {
  authorityDigest,
  CERTIFICATE_BYTES,
  isCertificateOf,
  readCertificate,
  type Authority,
  type Certificate,
} from './certificate.ts';
import { isRevocationListOf, readRevocationList, type RevocationList } from './revocation-list.ts';
import { ServiceError } from './service-error.ts';

/** The certificates of an attempt's participants, ascending by id, and the revocation list at its begin. */
export interface Roster {
  readonly certificates: readonly Certificate[];
  readonly revocations: RevocationList;
  readonly bytes: Uint8Array;
}

export function rosterOf(certificates: readonly Certificate[], revocations: RevocationList): Roster {
  const ascending = [...certificates].sort((a, b) => a.id - b.id);
  const bytes = concat([u32(ascending.length), ...ascending.map((certificate) => certificate.bytes), revocations.bytes]);
  return { certificates: ascending, revocations, bytes };
}

/** Reads a roster without looking at signatures. @throws DecodeError */
export function readRoster(bytes: Uint8Array): Roster & { readonly authorities: readonly Uint8Array[] } {
  const count = bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const end = 4 + count * CERTIFICATE_BYTES;
  if (count < 2 || count > MAX_HOLDERS || bytes.length < end) {
    throw new DecodeError(`roster: expected 2 to ${MAX_HOLDERS} certificates, got ${bytes.length} bytes`);
  }
  const certificates = Array.from({ length: count }, (_, i) =>
    readCertificate(bytes.slice(4 + i * CERTIFICATE_BYTES, 4 + (i + 1) * CERTIFICATE_BYTES)),
  );
  if (certificates.some(({ id }, i) => i > 0 && id <= (certificates[i - 1]?.id ?? id))) {
    throw new DecodeError('roster: expected ascending ids');
  }
  const revocations = readRevocationList(bytes.slice(end));
  return { certificates, revocations, bytes, authorities: [revocations, ...certificates].map(({ authority }) => authority) };
}

/** What a party asks of the certificates that it relies on. Times are in seconds. */
export interface CertificateFloor {
  readonly authority: Authority;
  /** Seconds since 1970. */
  readonly now: number;
  /** By how much clocks may differ. */
  readonly clockSkew: number;
  /** How old a revocation list may be. */
  readonly maxRevocationAge: number;
  /** Certificates at most. */
  readonly maxUsers: number;
}

/** @throws ServiceError ERR_SECAGG_CERTIFICATE if a roster has a certificate, or a revocation list, that does not hold. */
export async function requireValidRoster(bytes: Uint8Array, floor: CertificateFloor): Promise<Roster> {
  const { authorities, ...roster } = readRoster(bytes);
  // Before any signature is verified: the registrar has certified more participants than a session can have.
  const { length } = roster.certificates;
  if (length > floor.maxUsers) throw refusal(`the roster has ${length} participants, expected at most ${floor.maxUsers}`);
  const expected = authorityDigest(floor.authority);
  if (!authorities.every((authority) => equalBytes(authority, expected))) {
    throw refusal('the roster is of another registrar or scope');
  }
  const { publicKey } = floor.authority;
  if (!(await isRevocationListOf(publicKey, roster.revocations.bytes)))
    throw refusal('the registrar has not signed the revocation list');
  requireRecent(roster.revocations, floor);
  const revoked = new Set(roster.revocations.serials);
  for (const certificate of roster.certificates) {
    requireValid(certificate, floor, revoked);
    if (!(await isCertificateOf(publicKey, certificate.bytes))) {
      throw refusal(`the registrar has not signed the certificate of participant ${certificate.id}`);
    }
  }
  return roster;
}

/** @throws ServiceError ERR_SECAGG_CERTIFICATE unless a list is recent enough. */
function requireRecent({ issuedAt }: RevocationList, { now, clockSkew, maxRevocationAge }: CertificateFloor): void {
  if (issuedAt > now + clockSkew) throw refusal('the revocation list is from the future');
  if (issuedAt < now - maxRevocationAge - clockSkew) {
    throw refusal(`the revocation list is older than ${maxRevocationAge} seconds`);
  }
}

/** @throws ServiceError ERR_SECAGG_CERTIFICATE unless a certificate is valid now; its signature is looked at elsewhere. */
export function requireValid(
  { id, serial, validFrom, validUntil }: Certificate,
  { now, clockSkew }: Pick<CertificateFloor, 'now' | 'clockSkew'>,
  revoked: ReadonlySet<number>,
): void {
  if (now < validFrom - clockSkew) throw refusal(`the certificate of participant ${id} is not valid yet`);
  if (now >= validUntil + clockSkew) throw refusal(`the certificate of participant ${id} has expired`);
  if (revoked.has(serial)) throw refusal(`the certificate of participant ${id} was revoked`);
}

function refusal(why: string): ServiceError {
  return new ServiceError('ERR_SECAGG_CERTIFICATE', why);
}

/** The keys of a roster's participants. */
export function publicKeysOf({ certificates }: Pick<Roster, 'certificates'>): PublicKeysWrapper {
  return new PublicKeysWrapper(certificates.map(({ id, publicKey }) => [id, publicKey]));
}

/**
 * The context of an attempt's session, 64 hexadecimal digits: a digest over the task, the announcement of the run with its payload, the
 * attempt and the certificates of all participants. It enters the session tag, so that parties who were told something else have no
 * session together.
 */
export function attemptSession(about: {
  readonly task: Uint8Array;
  readonly announcement: Uint8Array;
  readonly attempt: number;
  readonly certificates: readonly Certificate[];
}): string {
  const { task, announcement, attempt, certificates } = about;
  const roster = digest(LABELS.attemptRoster, [u32(certificates.length), ...certificates.map(({ bytes }) => bytes)]);
  return hex(digest(LABELS.attemptSession, [task, u32(announcement.length), announcement, u32(attempt), roster]));
}
