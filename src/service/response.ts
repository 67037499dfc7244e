// What the coordinator answers to a request, signed with its key, which participants pin: whoever terminates TLS for it can neither
// end a session nor invent an outcome.
import { digest, fingerprint } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import { verify, type Signer, type SignPublicKey } from '../crypto/sign.ts';
import { concat, u32, u64s, utf8 } from '../leaves/bytes.ts';
import { DecodeError } from '../leaves/errors.ts';
import { at } from '../leaves/lists.ts';
import { DIGEST_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { Fields } from '../wire/fields.ts';
import { decodeFields, encodeFields } from '../wire/msgpack.ts';
import { EPOCH_TOKEN_BYTES, type Place } from './exchange.ts';
import { PART_BYTES, SERVICE_VERSION } from './request.ts';

/**
 * What a coordinator may answer, in the order of their numbers on the wire. `wait`: nothing yet, come back within the window.
 * `task`: the task as JSON. `run`: the announcement of a run that the participant was selected for. `roster`: the certificates of
 * the session's participants, or those that were asked for. `message`: the server's message of a protocol round. `accepted`: the part, or the whole, was taken.
 * `outcome`: how the run ended, as JSON. `refused`: not done, with a code.
 */
const RESPONSE_KINDS = ['wait', 'task', 'run', 'enrolled', 'roster', 'message', 'accepted', 'outcome', 'refused'] as const;

/** What a coordinator answers. */
export type ResponseKind = (typeof RESPONSE_KINDS)[number];

/** Bytes of a response, at most. */
export const maxResponseBytes: number = PART_BYTES + 1024;

/** One response. */
export interface Response {
  /** Digest of the request, 32 bytes. */
  readonly request: Uint8Array;
  readonly kind: ResponseKind;
  /** For the participant's next requests. */
  readonly token: Uint8Array;
  /** When to come back, in milliseconds from now: the participant takes a time in between at random. */
  readonly wait: { readonly from: number; readonly to: number };
  readonly place: Place;
  /** The highest sequence number of the participant that the coordinator has taken. */
  readonly sequence: number;
  /** Where the body begins in the whole; of `accepted`, how much of the whole is there. */
  readonly offset: number;
  /** Length of the whole. */
  readonly total: number;
  /** SHA-256 of the whole. */
  readonly sha256: Uint8Array;
  /** Code of an error, for `refused`; else empty. */
  readonly code: string;
  readonly body: Uint8Array;
}

const NAME = 'response';
const MOST_CODE_BYTES = 64;

function responseDigest(response: Response): Uint8Array {
  const { request, kind, token, wait, place, sequence, offset, total, sha256, code, body } = response;
  const codeBytes = utf8(code);
  return digest(LABELS.response, [
    Uint8Array.of(SERVICE_VERSION, RESPONSE_KINDS.indexOf(kind)),
    request,
    token,
    u64s([wait.from, wait.to, place.run, place.attempt, place.round, sequence, offset, total]),
    sha256,
    u32(codeBytes.length),
    codeBytes,
    fingerprint(body),
  ]);
}

export async function encodeResponse(response: Response, sign: Signer): Promise<Uint8Array<ArrayBuffer>> {
  const { request, kind, token, wait, place, sequence, offset, total, sha256, code, body } = response;
  return encodeFields([
    SERVICE_VERSION,
    request,
    RESPONSE_KINDS.indexOf(kind),
    token,
    [wait.from, wait.to],
    [place.run, place.attempt, place.round],
    sequence,
    [offset, total],
    sha256,
    utf8(code),
    body,
    await sign(concat([LABELS.response, responseDigest(response)])),
  ]);
}

/**
 * Reads the response to a request.
 *
 * @param publicKey the coordinator's, as the participant has pinned it.
 * @param request digest of the request.
 * @returns null if the coordinator has not signed it, or if it answers another request.
 * @throws DecodeError if the bytes are no response.
 */
export async function readResponse(
  bytes: Uint8Array,
  { publicKey, request }: { readonly publicKey: SignPublicKey; readonly request: Uint8Array },
): Promise<Response | null> {
  const fields = new Fields(NAME, decodeFields(bytes, NAME, { bytes: maxResponseBytes, listLength: 3 }), 12);
  if (fields.integer(0, 'version', Number.MAX_SAFE_INTEGER) !== SERVICE_VERSION) {
    throw new DecodeError(`${NAME}: expected version ${SERVICE_VERSION}`);
  }
  const [from = 0, to = 0] = fields.integers(4, 'wait', 2);
  const [run = 0, attempt = 0, round = 0] = fields.integers(5, 'place', 3);
  const [offset = 0, total = 0] = fields.integers(7, 'extent', 2);
  const body = fields.view(10, 'body');
  if (body.length > PART_BYTES) throw new DecodeError(`${NAME}, body: expected at most ${PART_BYTES} bytes`);
  const response: Response = {
    request: fields.bytes(1, 'request', DIGEST_BYTES),
    kind: at(RESPONSE_KINDS, fields.integer(2, 'kind', RESPONSE_KINDS.length - 1)),
    token: fields.bytes(3, 'token', EPOCH_TOKEN_BYTES),
    wait: { from, to },
    place: { run, attempt, round },
    sequence: fields.integer(6, 'sequence', Number.MAX_SAFE_INTEGER),
    offset,
    total,
    sha256: fields.bytes(8, 'digest', DIGEST_BYTES),
    code: codeOf(fields.view(9, 'code')),
    body,
  };
  const signature = fields.bytes(11, 'signature', SIGNATURE_BYTES);
  const isSigned = await verify(publicKey, concat([LABELS.response, responseDigest(response)]), signature);
  return isSigned && response.request.every((byte, i) => byte === request[i]) ? response : null;
}

/** A code is ASCII: capital letters, digits and underscores. */
function codeOf(bytes: Uint8Array): string {
  const code = String.fromCharCode(...bytes.subarray(0, MOST_CODE_BYTES));
  if (bytes.length > MOST_CODE_BYTES || !/^[A-Z0-9_]*$/.test(code)) throw new DecodeError(`${NAME}, code: expected a code`);
  return code;
}
