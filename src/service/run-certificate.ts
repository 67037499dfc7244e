// What an auditor is given about a finished run: the documents of publisher and registrar, and the signatures of round 3, by which
// participants vouched for the set of users in the sum.
import type { SignPublicKey } from '../crypto/sign.ts';
import { firstForged } from '../crypto/sign.ts';
import { fingerprint } from '../crypto/digest.ts';
import { equalBytes } from '../leaves/bytes.ts';
import { checkNames } from '../leaves/checks.ts';
import { userId as checkUserId, type UserId } from '../leaves/ids.ts';
import { at } from '../leaves/lists.ts';
import { isMembers, isSubset, positions } from '../leaves/members.ts';
import { DIGEST_BYTES, KEY_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { digestOfDirectory, directoryTree, sessionTag, signedBytes, viewOfRound2, viewOfRound3 } from '../session/binding.ts';
import { bytes, document, integer, list, mapOf, nullable, record, type Codec, type Document } from '../session/codec.ts';
import { userId } from '../session/json.ts';
import { resolveParameters } from '../session/parameters.ts';
import { isAnnouncementOf, readAnnouncement } from './announcement.ts';
import { sessionPlan, type Draw } from './attempt-plan.ts';
import { readRoster, type Roster } from './roster.ts';
import { authorityDigest, checkAuthority, isCertificateOf, type Authority, type Certificate } from './certificate.ts';
import { isRevocationListOf } from './revocation-list.ts';
import { SEED_BYTES } from './seeds.ts';
import { ServiceError } from './service-error.ts';
import { Task } from './task.ts';

/** One user of U1: its id and the keys that it advertised in round 0. */
interface Line {
  readonly userId: UserId;
  readonly channelKey: Uint8Array;
  readonly maskKey: Uint8Array;
}

/** What a run certificate is made of. */
export interface RunEvidence {
  readonly task: Task;
  readonly announcement: Uint8Array;
  readonly attempt: number;
  readonly roster: Uint8Array;
  readonly draw: Draw | null;
  readonly directory: readonly Line[];
  readonly u2: Uint8Array;
  readonly u3: Uint8Array;
  readonly signatures: ReadonlyMap<UserId, Uint8Array>;
}

const task: Codec<Task> = { encode: (value) => value.toJSON(), decode: (json) => Task.fromJSON(json) };

const evidenceDocument: Document<RunEvidence> = document<RunEvidence>(
  'run-certificate',
  1,
  record<RunEvidence>({
    task,
    announcement: bytes(),
    attempt: integer(1, 2 ** 32 - 1),
    roster: bytes(),
    draw: nullable(record<Draw>({ enrolment: bytes(DIGEST_BYTES), seed: bytes(SEED_BYTES), index: integer(0, 2 ** 20) })),
    directory: list(record<Line>({ userId, channelKey: bytes(KEY_BYTES), maskKey: bytes(KEY_BYTES) })),
    u2: bytes(),
    u3: bytes(),
    signatures: mapOf(userId, bytes(SIGNATURE_BYTES)),
  }),
);

/** What stands in a certificate beside the documents of publisher and registrar, with ids as anybody has them. */
export interface Vouched {
  readonly directory: readonly (Omit<Line, 'userId'> & { readonly userId: number })[];
  readonly u2: Uint8Array;
  readonly u3: Uint8Array;
  readonly signatures: ReadonlyMap<number, Uint8Array>;
}

export function runCertificateOf(documents: Omit<RunEvidence, keyof Vouched>, vouched: Vouched): string {
  const directory = vouched.directory.map((line) => ({ ...line, userId: checkUserId(line.userId, 'userId') }));
  const signatures = new Map(Array.from(vouched.signatures, ([id, signature]) => [checkUserId(id, 'id'), signature]));
  return evidenceDocument.serialize({ ...documents, ...vouched, directory, signatures });
}

/** Whom an auditor trusts. */
export interface AuditTerms {
  /** Who certified the participants. */
  readonly registrar: Authority;
  /** The key that announces runs, 32 bytes. */
  readonly publisher: SignPublicKey;
}

/** What a run certificate shows. */
export interface VerifiedRun {
  /** The task's digest, 64 hexadecimal digits. */
  readonly task: string;
  /** The data source that the run asked about. */
  readonly source: string;
  /** Number of the run. */
  readonly run: number;
  /** The attempt that gave the sum, from 1. */
  readonly attempt: number;
  /** Which cohort of which draw the session was; null if it was the only one. The auditor compares enrolment and seed with others. */
  readonly draw: Draw | null;
  /** Ids of the users whose inputs the session's sum is over, ascending. */
  readonly included: readonly number[];
  /** Ids of those of them who signed that set, ascending. At least the threshold. */
  readonly vouching: readonly number[];
  /** Certificates of all who took part in the attempt. The auditor decides whether their times suit it, in seconds since 1970. */
  readonly certificates: readonly Pick<Certificate, 'id' | 'serial' | 'validFrom' | 'validUntil'>[];
}

/**
 * Verifies the certificate of a session of a finished run: that the publisher announced the run, that the registrar certified all who
 * took part, and that at least a threshold of them signed which users are in the session's sum. With cohorts there is one certificate
 * for each session whose sum is in the result.
 *
 * It does not prove the sum itself: the server that added the inputs could give another one away. It does not show that the cohorts
 * were drawn as they should be: participants have looked at that. It does not say when the run took
 * place, or that a certificate was not taken back by then.
 *
 * @param certificate one of `Coordinator.certificates`.
 * @param terms whom you trust.
 * @throws StateError if the text is no such certificate; DecodeError, ServiceError ERR_SECAGG_CERTIFICATE if it does not hold.
 * @example
 * ```js
 * import { genKeypair } from 'secagg';
 * import { Publisher, Registrar, verifyCertificate } from 'secagg/service';
 *
 * const registrar = new Registrar({ keypair: genKeypair(), scope: 'example app' }).authority;
 * const publisher = new Publisher({ keypair: genKeypair() }).publicKey;
 * try {
 *   await verifyCertificate('{}', { registrar, publisher });
 * } catch (error) {
 *   console.log(error.code); // prints: ERR_SECAGG_STATE_ROLE
 * }
 * ```
 */
export async function verifyCertificate(certificate: string, terms: AuditTerms): Promise<VerifiedRun> {
  checkNames(terms, 'terms', ['registrar', 'publisher']);
  const registrar = checkAuthority(terms.registrar, 'terms.registrar');
  const evidence = evidenceDocument.parse(certificate);
  const { definition } = evidence.task;
  const isOurs =
    equalBytes(authorityDigest(definition.registrar), authorityDigest(registrar)) &&
    equalBytes(definition.publisher, terms.publisher);
  if (!isOurs) throw refusal('the task is of another registrar or publisher');
  const announcement = readAnnouncement(evidence.announcement);
  const isAnnounced =
    (await isAnnouncementOf(terms.publisher, announcement.bytes)) && equalBytes(announcement.task, evidence.task.digest);
  if (!isAnnounced) throw refusal('the publisher has not announced this run');
  const roster = await requireCertified(evidence.roster, registrar);
  const { included, vouching } = await requireVouched(evidence, roster);
  return {
    task: evidence.task.id,
    source: announcement.source,
    run: announcement.run,
    attempt: evidence.attempt,
    draw: evidence.draw,
    included,
    vouching,
    certificates: roster.certificates.map(({ id, serial, validFrom, validUntil }) => ({
      id,
      serial,
      validFrom,
      validUntil,
    })),
  };
}

async function requireCertified(bytesOfRoster: Uint8Array, registrar: Authority): Promise<Roster> {
  const { authorities, ...roster } = readRoster(bytesOfRoster);
  const { users, certificates, revocations } = roster;
  if (certificates.length !== users) throw refusal('not all certificates of the session are in it');
  const expected = authorityDigest(registrar);
  if (!authorities.every((authority) => equalBytes(authority, expected))) throw refusal('a certificate is of another registrar');
  // Nothing is concluded from the list here. An auditor that reads the roster can rely on it all the same.
  if (!(await isRevocationListOf(registrar.publicKey, revocations.bytes))) throw refusal('the revocation list is not signed');
  for (const { id, bytes: signed } of certificates) {
    if (!(await isCertificateOf(registrar.publicKey, signed)))
      throw refusal(`the certificate of participant ${id} is not signed`);
  }
  return roster;
}

/** The signatures are over the view of round 3, which is computed here from task, announcement, certificates, directory, U2 and U3. */
async function requireVouched(
  { task: { definition }, task: what, announcement, attempt, draw, directory, u2, u3, signatures }: RunEvidence,
  roster: Roster,
): Promise<{ readonly included: number[]; readonly vouching: number[] }> {
  const users = directory.length;
  const certificates = new Map<number, Certificate>(roster.certificates.map((each) => [each.id, each]));
  const ids = directory.map(({ userId: id }) => id);
  // On a sparse graph U1 is in the order of the draw.
  const isOrdered = definition.group.graph !== null || ids.every((id, i) => i === 0 || id > at(ids, i - 1));
  if (!isOrdered || new Set(ids).size !== users || !ids.every((id) => certificates.has(id)))
    throw refusal('a user of U1 has no certificate');
  if (!isMembers(u2, users) || !isMembers(u3, users) || !isSubset(u3, u2)) throw refusal('U3 is no subset of U2');
  if ((draw === null) !== (definition.group.cohorts === null)) {
    throw refusal('a cohort where the task has none, or none where it has some');
  }
  const about = { announcement, attempt, roster };
  const { vecLen, options } = sessionPlan(what, about, draw).plan;
  const { threshold } = definition.group;
  const tag = sessionTag(resolveParameters(threshold, vecLen, options));
  const lines = directory.map((line) => ({ ...line, signature: new Uint8Array(SIGNATURE_BYTES) }));
  const directoryDigest = digestOfDirectory(tag, users, directoryTree(lines).root);
  const view = viewOfRound3(viewOfRound2(directoryDigest, u2), u3);
  const included = positions(u3).map((position) => at(ids, position));
  const isIncluded = new Set<number>(included);
  const claims = [...signatures].sort(([a], [b]) => a - b);
  const strangers = claims.some(([id]) => !isIncluded.has(id));
  if (claims.length < threshold || strangers) throw refusal('fewer users than the threshold vouch for the set');
  const forged = await firstForged(claims.length, (i) => {
    const [id, signature] = at(claims, i);
    return { publicKey: certificates.get(id)?.publicKey, message: signedBytes(tag, 3, id, fingerprint(view)), signature };
  });
  if (forged !== -1) throw refusal(`user ${String(claims[forged]?.[0])} has not signed this set`);
  return { included: included.sort((a, b) => a - b), vouching: claims.map(([id]) => id) };
}

function refusal(why: string): ServiceError {
  return new ServiceError('ERR_SECAGG_CERTIFICATE', `run certificate: ${why}`);
}
