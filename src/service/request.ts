// What a participant sends to the coordinator: one question or one part of an answer, signed.
import { digest, fingerprint } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import { verify, type Signer, type SignPublicKey } from '../crypto/sign.ts';
import { concat, u32, u64s } from '../leaves/bytes.ts';
import { DecodeError } from '../leaves/errors.ts';
import { at } from '../leaves/lists.ts';
import { DIGEST_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { Fields } from '../wire/fields.ts';
import { decodeFields, encodeFields } from '../wire/msgpack.ts';
import { CERTIFICATE_BYTES } from './certificate.ts';
import { EPOCH_TOKEN_BYTES, type Place } from './exchange.ts';

/** Version of requests and responses. */
export const SERVICE_VERSION = 1;

/** What a participant may ask, in the order of their numbers on the wire. */
const REQUEST_KINDS = ['hello', 'check-in', 'ready', 'next', 'answer', 'outcome', 'leave', 'certificates'] as const;

/** What a participant asks. */
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** Bytes of a body that go in one request or response, at most. */
export const PART_BYTES: number = 2 ** 20;

/**
 * Bytes of a request, at most. An adapter refuses longer ones by their announced length, before it reads them.
 *
 * @example
 * ```js
 * import { maxRequestBytes } from 'secagg/service';
 *
 * console.log(maxRequestBytes); // prints: 1049600
 * ```
 */
export const maxRequestBytes: number = PART_BYTES + 1024;

/** One request. */
export interface Request {
  readonly kind: RequestKind;
  /** Digest of the coordinator's key, 32 bytes. */
  readonly coordinator: Uint8Array;
  /** Digest of the task, 32 bytes. */
  readonly task: Uint8Array;
  readonly certificate: Uint8Array;
  readonly place: Place;
  /** As the coordinator gave it; empty before the first response. */
  readonly token: Uint8Array;
  /** Rises with every new request of the participant. The same number again is the same request again. */
  readonly sequence: number;
  /** Where the body begins in the whole; of a question, from where on an answer is wanted. */
  readonly offset: number;
  /** Length of the whole. */
  readonly total: number;
  /** SHA-256 of the whole. */
  readonly sha256: Uint8Array;
  readonly body: Uint8Array;
}

/** A request that was received: what it says, its digest, and what its signature is over. */
export interface ReceivedRequest extends Request {
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
}

const NAME = 'request';

/** Digest of all fields except the signature, 32 bytes. It names the request in its response. */
export function requestDigest(request: Request): Uint8Array {
  const { kind, coordinator, task, certificate, place, token, sequence, offset, total, sha256, body } = request;
  return digest(LABELS.request, [
    Uint8Array.of(SERVICE_VERSION, REQUEST_KINDS.indexOf(kind)),
    coordinator,
    task,
    fingerprint(certificate),
    u64s([place.run, place.attempt, place.round]),
    u32(token.length),
    token,
    u64s([sequence, offset, total]),
    sha256,
    fingerprint(body),
  ]);
}

export async function encodeRequest(request: Request, sign: Signer): Promise<Uint8Array<ArrayBuffer>> {
  const { kind, coordinator, task, certificate, place, token, sequence, offset, total, sha256, body } = request;
  return encodeFields([
    SERVICE_VERSION,
    REQUEST_KINDS.indexOf(kind),
    coordinator,
    task,
    certificate,
    [place.run, place.attempt, place.round],
    token,
    sequence,
    [offset, total],
    sha256,
    body,
    await sign(concat([LABELS.request, requestDigest(request)])),
  ]);
}

/** Total: gives a request or throws a DecodeError. The body is a view of the bytes. */
export function decodeRequest(bytes: Uint8Array): ReceivedRequest {
  const fields = new Fields(NAME, decodeFields(bytes, NAME, { bytes: maxRequestBytes, listLength: 3 }), 12);
  if (fields.integer(0, 'version', Number.MAX_SAFE_INTEGER) !== SERVICE_VERSION) {
    throw new DecodeError(`${NAME}: expected version ${SERVICE_VERSION}`);
  }
  const kind = at(REQUEST_KINDS, fields.integer(1, 'kind', REQUEST_KINDS.length - 1));
  const [run = 0, attempt = 0, round = 0] = fields.integers(5, 'place', 3);
  const [offset = 0, total = 0] = fields.integers(8, 'extent', 2);
  const token = fields.view(6, 'token');
  if (token.length !== 0 && token.length !== EPOCH_TOKEN_BYTES) {
    throw new DecodeError(`${NAME}, token: expected ${EPOCH_TOKEN_BYTES} bytes or none, got ${token.length}`);
  }
  const body = fields.view(10, 'body');
  if (body.length > PART_BYTES) throw new DecodeError(`${NAME}, body: expected at most ${PART_BYTES} bytes`);
  const request: Request = {
    kind,
    coordinator: fields.bytes(2, 'coordinator', DIGEST_BYTES),
    task: fields.bytes(3, 'task', DIGEST_BYTES),
    certificate: fields.bytes(4, 'certificate', CERTIFICATE_BYTES),
    place: { run, attempt, round },
    token: token.slice(),
    sequence: fields.integer(7, 'sequence', Number.MAX_SAFE_INTEGER),
    offset,
    total,
    sha256: fields.bytes(9, 'digest', DIGEST_BYTES),
    body,
  };
  return { ...request, digest: requestDigest(request), signature: fields.bytes(11, 'signature', SIGNATURE_BYTES) };
}

/** Whether the holder of a key has signed a request. */
export function isRequestSignedBy(publicKey: SignPublicKey, { digest: signed, signature }: ReceivedRequest): Promise<boolean> {
  return verify(publicKey, concat([LABELS.request, signed]), signature);
}
