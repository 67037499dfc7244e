// Who asks: what is checked of a request before anything is looked up. A stranger costs two signature checks and leaves nothing behind.
import { CLOCK_SKEW } from '../service/clock.ts';
import { fingerprint } from '../crypto/digest.ts';
import { equalBytes, hex } from '../leaves/bytes.ts';
import { authorityDigest, isCertificateOf, readCertificate, type Certificate } from '../service/certificate.ts';
import { requireValid } from '../service/certified-users.ts';
import type { RevocationList } from '../service/revocation-list.ts';
import { decodeRequest, isRequestSignedBy, type ReceivedRequest } from '../service/request.ts';
import { ServiceError } from '../service/service-error.ts';
import type { Task } from '../service/task.ts';

/** Certificates whose signature need not be checked again. */
const MOST_REMEMBERED = 20_000;

/** A request of a participant that is who it says. */
export interface Admitted {
  readonly request: ReceivedRequest;
  readonly task: Task;
  readonly certificate: Certificate;
  /** SHA-256 of the certificate, 32 bytes. */
  readonly certificateDigest: Uint8Array;
}

/** What admission knows. */
export interface AdmissionTerms {
  /** Digest of the coordinator's key. */
  readonly coordinator: Uint8Array;
  taskOf(id: string): Task | undefined;
  /** The newest list of the task's registrar. @param now service time, in milliseconds. */
  revocationsOf(task: Task, now: number): Promise<RevocationList | null>;
  /** Seconds since 1970. */
  now(): number;
}

/** Checks who asks. */
export class Admission {
  readonly #terms: AdmissionTerms;
  /** Digests of certificates whose signature was checked, the oldest first. */
  readonly #verified = new Set<string>();
  /** The serials of the lists that are in use: a list may have a million, too many to go through for each request. */
  readonly #revoked = new WeakMap<RevocationList, ReadonlySet<number>>();

  constructor(terms: AdmissionTerms) {
    this.#terms = terms;
  }

  /**
   * @throws DecodeError if the bytes are no request; ServiceError ERR_SECAGG_REQUEST if it is for another coordinator, or was not
   * signed by the participant; ERR_SECAGG_TASK; ERR_SECAGG_CERTIFICATE if the registrar has not signed the certificate. Nobody is
   * sent a response then.
   */
  async admit(bytes: Uint8Array): Promise<Admitted> {
    const request = decodeRequest(bytes);
    if (!equalBytes(request.coordinator, this.#terms.coordinator)) {
      throw new ServiceError('ERR_SECAGG_REQUEST', 'request: made for another coordinator');
    }
    const task = this.#terms.taskOf(hex(request.task));
    if (task === undefined) throw new ServiceError('ERR_SECAGG_TASK', 'request: of a task that is not known here');
    const { authority, ...certificate } = readCertificate(request.certificate);
    const { registrar } = task.definition;
    if (!equalBytes(authority, authorityDigest(registrar))) {
      throw new ServiceError('ERR_SECAGG_CERTIFICATE', 'request: the certificate is of another registrar or scope');
    }
    const certificateDigest = fingerprint(certificate.bytes);
    await this.#requireSigned(registrar.publicKey, certificate, hex(certificateDigest));
    if (!(await isRequestSignedBy(certificate.publicKey, request))) {
      throw new ServiceError('ERR_SECAGG_REQUEST', 'request: not signed by the participant');
    }
    return { request, task, certificate, certificateDigest };
  }

  async #requireSigned(publicKey: Uint8Array, { bytes }: Certificate, name: string): Promise<void> {
    if (this.#verified.has(name)) return;
    if (!(await isCertificateOf(publicKey, bytes))) {
      throw new ServiceError('ERR_SECAGG_CERTIFICATE', 'request: the registrar has not signed the certificate');
    }
    this.#verified.add(name);
    const [oldest] = this.#verified;
    if (this.#verified.size > MOST_REMEMBERED && oldest !== undefined) this.#verified.delete(oldest);
  }

  /**
   * @param now service time, in milliseconds.
   * @throws ServiceError ERR_SECAGG_CERTIFICATE if the certificate is not valid now, or was taken back.
   */
  async requireValid({ task, certificate }: Admitted, now: number): Promise<void> {
    const list = await this.#terms.revocationsOf(task, now);
    const revoked = list === null ? new Set<number>() : this.#serialsOf(list);
    requireValid(certificate, { now: this.#terms.now(), clockSkew: CLOCK_SKEW }, revoked);
  }

  #serialsOf(list: RevocationList): ReadonlySet<number> {
    const known = this.#revoked.get(list) ?? new Set(list.serials);
    this.#revoked.set(list, known);
    return known;
  }
}

/** Whose requests are counted: a participant that lost its state gets another key, and counts anew. */
export function senderOf({ id, publicKey }: Pick<Certificate, 'id' | 'publicKey'>): string {
  return `${id}/${hex(publicKey)}`;
}
