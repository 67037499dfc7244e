// The registrar: who may take part, under which key. It is not the aggregation server, and its secret key is not there.
import { equalBytes, hex } from '../leaves/bytes.ts';
import { checkBytes, checkFunction, checkInteger, checkNames, checkString } from '../leaves/checks.ts';
import { userId } from '../leaves/ids.ts';
import { inspectAs } from '../leaves/inspect.ts';
import { isSignPublicKey } from '../crypto/sign.ts';
import { bytes, document, flag, integer, list, mapOf, record, type Document } from '../session/codec.ts';
import { userId as userIdCodec } from '../session/json.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import { authorityDigest, certificateOf, type Authority } from './certificate.ts';
import { isRequestOf, readCertificateRequest } from './certificate-request.ts';
import { CLOCK_SKEW, secondsOf, type Clock } from './clock.ts';
import { checkKeypair, type Keypair } from './keypair.ts';
import { revocationListOf } from './revocation-list.ts';
import { seedDocumentOf } from './seeds.ts';
import { ServiceError } from './service-error.ts';

/** What a registrar is made with. */
export interface RegistrarOptions {
  /** The registrar's own key pair. Participants pin the public key. */
  readonly keypair: Keypair;
  /** What the ids belong to, for example the name of the application; 1 to 200 bytes. */
  readonly scope: string;
  /** Seconds for which a certificate is valid; default 604,800, seven days. */
  readonly validity?: number;
  /** Time of day; default `Date.now`. */
  readonly clock?: Clock;
}

/** A certificate of a participant. */
interface Certified {
  readonly publicKey: Uint8Array;
  readonly serial: number;
  readonly validUntil: number;
  /** Whether it was taken back. */
  readonly isRevoked: boolean;
}

/** All that a registrar remembers. */
interface RegistrarRecord {
  readonly nextSerial: number;
  readonly nextList: number;
  /** Of each participant, the certificates that somebody may accept, or might if they were not taken back: a renewed one is as good as the newest. */
  readonly certified: ReadonlyMap<number, readonly Certified[]>;
}

const VALIDITY = 7 * 24 * 3600;
/**
 * Certificates of one participant that are not over yet, also those that were taken back: far more than anybody needs who keeps its key. So
 * one participant cannot fill the registrar's state, nor the list that all others load.
 */
const MOST_CERTIFICATES = 1000;
const MOST_SECONDS = 2 ** 40;
const serial = integer(0, Number.MAX_SAFE_INTEGER);
const seconds = integer(0, Number.MAX_SAFE_INTEGER);

const registrarDocument: Document<RegistrarRecord> = document<RegistrarRecord>(
  'registrar',
  2,
  record<RegistrarRecord>({
    nextSerial: serial,
    nextList: serial,
    certified: mapOf(
      userIdCodec,
      list(record<Certified>({ publicKey: bytes(KEY_BYTES), serial, validUntil: seconds, isRevoked: flag })),
    ),
  }),
);

/**
 * Certifies the keys of participants, each for some days, and takes certificates back.
 *
 * Every guarantee of the protocol rests on it: whoever can certify can take part under as many ids as it likes. So it does not run
 * where the aggregation server runs. That an id stands for one person is for the application to see to, which tells
 * {@link certify} whose request it is.
 *
 * @example
 * ```js
 * import { genKeypair } from 'secagg';
 * import { certificateRequest, Registrar } from 'secagg/service';
 *
 * const registrar = new Registrar({ keypair: genKeypair(), scope: 'example app' });
 * const keypair = genKeypair(); // the participant's
 * const request = await certificateRequest(registrar.authority, 7, keypair); // at the participant
 * const certificate = await registrar.certify(request, { id: 7 }); // at the registrar, of participant 7, who is signed in
 * console.log(certificate.length, (await registrar.revocationList()).length); // prints: 161 117
 * ```
 */
export class Registrar {
  readonly #keypair: Keypair;
  readonly #scope: string;
  readonly #validity: number;
  readonly #clock: Clock;
  #nextSerial = 1;
  #nextList = 1;
  #certified = new Map<number, readonly Certified[]>();
  /** By each key of them, in hexadecimal digits: whose it is. */
  readonly #holders = new Map<string, number>();

  static {
    inspectAs(this.prototype, (registrar) => `Registrar { scope: ${JSON.stringify(registrar.authority.scope)} }`);
  }

  /** @throws TypeError, RangeError that name the option. */
  constructor(options: RegistrarOptions) {
    checkNames(options, 'options', ['keypair', 'scope', 'validity', 'clock']);
    this.#keypair = checkKeypair(options.keypair, 'options.keypair');
    this.#scope = checkString(options.scope, 'options.scope', { least: 1, most: 200 });
    this.#validity = checkInteger(options.validity ?? VALIDITY, 'options.validity', 1, MOST_SECONDS);
    this.#clock = checkFunction(options.clock ?? Date.now, 'options.clock');
  }

  /** What participants and the coordinator are configured with: the public key and the scope. */
  get authority(): Authority {
    return { publicKey: this.#keypair[0].slice(), scope: this.#scope };
  }

  /**
   * Certifies the key in a request of {@link certificateRequest}. All certificates that the participant has for
   * another key are taken back. A key belongs to one participant.
   *
   * @param request as the participant sent it.
   * @param whose its `id` is the participant's id, as the application knows it from whoever is signed in. The request names an id too, but
   * anybody may write any id into one.
   * @returns the certificate, 161 bytes, for the participant. It is no secret.
   * @throws TypeError, RangeError that name the argument; DecodeError if the bytes are no request; ServiceError ERR_SECAGG_CERTIFICATE if the
   * request is for another registrar or scope or another id, was not signed with the secret key that belongs to its public key, if another
   * participant has a certificate for this key that is not over yet, or if the participant has had 1000 certificates that are not over yet.
   */
  async certify(request: Uint8Array, whose: { readonly id: number }): Promise<Uint8Array<ArrayBuffer>> {
    const given = checkBytes(request, 'request').slice();
    checkNames(whose, 'whose', ['id']);
    const expected = userId(whose.id, 'whose.id');
    const { authority, id, publicKey } = readCertificateRequest(given);
    if (!equalBytes(authority, authorityDigest(this.authority))) {
      throw new ServiceError('ERR_SECAGG_CERTIFICATE', 'certify: the request is for another registrar or scope');
    }
    if (id !== expected) {
      throw new ServiceError(
        'ERR_SECAGG_CERTIFICATE',
        `certify: expected a request of participant ${expected}, got one of ${id}`,
      );
    }
    if (!isSignPublicKey(publicKey) || !(await isRequestOf(publicKey, given))) {
      throw new ServiceError(
        'ERR_SECAGG_CERTIFICATE',
        'certify: the request is not signed with the secret key of its public key',
      );
    }
    const now = secondsOf(this.#clock);
    const holder = this.#holderOf(publicKey, now);
    if (holder !== undefined && holder !== id) {
      throw new ServiceError('ERR_SECAGG_CERTIFICATE', 'certify: another participant has a certificate for this key');
    }
    const before = this.#notOver(id, now);
    if (before.length >= MOST_CERTIFICATES) {
      throw new ServiceError('ERR_SECAGG_CERTIFICATE', `certify: participant ${id} has had ${before.length} certificates lately`);
    }
    const certificate = { id, publicKey, serial: this.#nextSerial++, validFrom: now, validUntil: now + this.#validity };
    const known = before.map((one) => (equalBytes(one.publicKey, publicKey) ? one : { ...one, isRevoked: true }));
    const { serial: number, validUntil } = certificate;
    this.#certified.set(id, [...known, { publicKey, serial: number, validUntil, isRevoked: false }]);
    this.#holders.set(hex(publicKey), id);
    return certificateOf(this.authority, this.#keypair[1], certificate);
  }

  /** Takes all certificates of a participant back. The next revocation list says so. */
  revoke(id: number): void {
    const user = userId(id, 'id');
    const known = this.#certified.get(user);
    if (known !== undefined)
      this.#certified.set(
        user,
        known.map((one) => ({ ...one, isRevoked: true })),
      );
  }

  /** The certificates of a participant that are not over; the others are forgotten. */
  #notOver(id: number, now: number): readonly Certified[] {
    const before = this.#certified.get(id) ?? [];
    const known = before.filter(({ validUntil }) => mayBeAccepted(validUntil, now));
    if (known.length === before.length) return known;
    for (const { publicKey } of before) this.#holders.delete(hex(publicKey));
    for (const { publicKey } of known) this.#holders.set(hex(publicKey), id);
    if (known.length === 0) this.#certified.delete(id);
    else this.#certified.set(id, known);
    return known;
  }

  /** The participant that has a certificate for a key that is not over yet. */
  #holderOf(publicKey: Uint8Array, now: number): number | undefined {
    const key = hex(publicKey);
    const holder = this.#holders.get(key);
    if (holder !== undefined) this.#notOver(holder, now);
    return this.#holders.get(key);
  }

  /**
   * A new list of the certificates that were taken back and would be valid otherwise. Participants refuse to work with a list that
   * is older than they allow, so publish one regularly, even if it is empty.
   *
   * @returns a signed document, which is no secret. Its number is higher than that of all lists before.
   */
  async revocationList(): Promise<Uint8Array<ArrayBuffer>> {
    const now = secondsOf(this.#clock);
    const serials: number[] = [];
    for (const id of this.#certified.keys()) {
      for (const one of this.#notOver(id, now)) if (one.isRevoked) serials.push(one.serial);
    }
    serials.sort((a, b) => a - b);
    return revocationListOf(this.authority, this.#keypair[1], { number: this.#nextList++, issuedAt: now, serials });
  }

  /**
   * The seed of a time, for tasks with cohorts: what nobody could know before it. It is the same whenever it is asked for. See
   * `registrarSeeds`.
   *
   * @param time whole seconds since 1970.
   * @returns a signed document of 105 bytes, which is no secret; null before that time.
   * @throws TypeError, RangeError if it is no such number.
   */
  async seed(time: number): Promise<Uint8Array<ArrayBuffer> | null> {
    checkInteger(time, 'time', 0, Number.MAX_SAFE_INTEGER);
    return time > secondsOf(this.#clock) ? null : seedDocumentOf(this.authority, this.#keypair[1], time);
  }

  /**
   * All that the registrar remembers, as JSON, without its secret key. A registrar that goes back to an older state may give one
   * serial twice, and forgets what it has taken back.
   */
  serializeState(): string {
    return registrarDocument.serialize({
      nextSerial: this.#nextSerial,
      nextList: this.#nextList,
      certified: this.#certified,
    });
  }

  /** The registrar that was serialized. @throws StateError if the text is no state of a registrar of this version. */
  static fromState(state: string, options: RegistrarOptions): Registrar {
    const registrar = new Registrar(options);
    const { nextSerial, nextList, certified } = registrarDocument.parse(state);
    registrar.#nextSerial = nextSerial;
    registrar.#nextList = nextList;
    registrar.#certified = new Map(certified);
    for (const [id, known] of certified) for (const { publicKey } of known) registrar.#holders.set(hex(publicKey), id);
    return registrar;
  }
}

/** Whether somebody accepts a certificate still: whoever looks at it may have a slow clock, and allows for one that is fast. */
function mayBeAccepted(validUntil: number, now: number): boolean {
  return now < validUntil + 2 * CLOCK_SKEW;
}
