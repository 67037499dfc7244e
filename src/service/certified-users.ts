// The participants of a session: exactly those whose certificates are in its roster, each looked at by whoever relies on them.
import { digest } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import { equalBytes, hex, u32 } from '../leaves/bytes.ts';
import { PublicKeysWrapper } from '../session/public-keys.ts';
import { authorityDigest, isCertificateOf, type Authority, type Certificate } from './certificate.ts';
import { isRevocationListOf, type RevocationList } from './revocation-list.ts';
import { readRoster, type Roster, type RosterDigest } from './roster.ts';
import { ServiceError } from './service-error.ts';

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
  const { users } = roster;
  if (users > floor.maxUsers) throw refusal(`the roster has ${users} participants, expected at most ${floor.maxUsers}`);
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

/** The keys of the participants whose certificates are at hand. */
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
  readonly roster: RosterDigest;
}): string {
  const { task, announcement, attempt, roster } = about;
  const rosterDigest = digest(LABELS.attemptRoster, [u32(roster.users), roster.root]);
  return hex(digest(LABELS.attemptSession, [task, u32(announcement.length), announcement, u32(attempt), rosterDigest]));
}
