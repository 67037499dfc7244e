// What every message has around its content. A user's: version, round, session tag, sender, body, signature. The
// server's: version, round, session tag, then the fields of that round. The message that starts every user has neither
// tag nor fields.
import { DecodeError, ProtocolError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import { equalBytes } from '../leaves/bytes.ts';
import { at } from '../leaves/lists.ts';
import { MAX_HOLDERS, PROTOCOL_VERSION } from '../session/parameters.ts';
import type { Round } from '../session/notation.ts';
import { DIGEST_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { Fields } from './fields.ts';
import { decodeFields, encodeFields, encodeFieldsBefore, type Field } from './msgpack.ts';

/** The first byte of a user's message, which says in MessagePack that it is a list of six. */
const FIELDS = 0x96;
/** More than any envelope adds to its content. */
const ENVELOPE_BYTES = 160;

/** A user's message, its body still closed. */
export interface UserMessage {
  readonly round: Round;
  readonly sender: number;
  /** Of a message that was decoded: a view of it, not to be kept. */
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

/** A user's message whose body and signature are still to be written into it. A vector may be too long to be copied. */
export interface BlankUserMessage {
  readonly message: Uint8Array;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * The round that a user's message says it is for, without a look at the rest of it. There is one spelling of a message, so it is always at
 * the same place.
 *
 * @returns null if no user's message has these bytes.
 */
export function claimedRound([fields, version, round]: Uint8Array): Round | null {
  const isHead = fields === FIELDS && version === PROTOCOL_VERSION;
  return isHead && round !== undefined && round <= 4 ? (round as Round) : null;
}

export function blankUserMessage(
  tag: Uint8Array,
  { round, sender }: Pick<UserMessage, 'round' | 'sender'>,
  bodyLength: number,
): BlankUserMessage {
  const { message, rooms } = encodeFieldsBefore([PROTOCOL_VERSION, round, tag, sender], [bodyLength, SIGNATURE_BYTES]);
  return { message, body: at(rooms, 0), signature: at(rooms, 1) };
}

export function encodeUserMessage(tag: Uint8Array, { body, signature, ...head }: UserMessage): Uint8Array {
  const blank = blankUserMessage(tag, head, body.length);
  blank.body.set(body);
  blank.signature.set(signature);
  return blank.message;
}

/**
 * @throws DecodeError if the bytes are no message of a user; ProtocolError ERR_SECAGG_SESSION if they are one of another
 * session, ERR_SECAGG_SENDER if they are not from `sender`.
 */
export function decodeUserMessage(bytes: Uint8Array, tag: Uint8Array, sender: UserId, most: number): UserMessage {
  const name = 'user message';
  const fields = new Fields(name, decodeFields(bytes, name, { bytes: most + ENVELOPE_BYTES, listLength: 0 }), 6);
  const round = checkHead(name, fields, tag);
  const from = fields.integer(3, 'sender', Number.MAX_SAFE_INTEGER);
  if (from !== sender) {
    const message = `${name}: expected a message of user ${sender}, got a message of user ${from}`;
    throw new ProtocolError('ERR_SECAGG_SENDER', message, { round });
  }
  return { round, sender: from, body: fields.view(4, 'body'), signature: fields.bytes(5, 'signature', SIGNATURE_BYTES) };
}

/** The server's message to a user, its fields still unread. */
export interface ServerMessage {
  readonly round: Round;
  /** Those after the head. */
  readonly fields: readonly Field[];
}

export function encodeServerMessage(tag: Uint8Array, { round, fields }: ServerMessage): Uint8Array<ArrayBuffer> {
  return encodeFields([PROTOCOL_VERSION, round, tag, ...fields]);
}

/** Constant: it carries nothing but the version. */
export function encodeStartMessage(): Uint8Array<ArrayBuffer> {
  return encodeFields([PROTOCOL_VERSION, 0]);
}

/** @throws DecodeError, ProtocolError ERR_SECAGG_SESSION, as for a user's message. */
export function decodeServerMessage(bytes: Uint8Array, tag: Uint8Array, most: number): ServerMessage {
  const name = 'server message';
  const decoded = decodeFields(bytes, name, { bytes: most + ENVELOPE_BYTES, listLength: MAX_HOLDERS });
  if (decoded.length === 2) {
    const start = new Fields(name, decoded, 2);
    checkVersion(name, start);
    start.integer(1, 'round', 0);
    return { round: 0, fields: [] };
  }
  const round = checkHead(name, new Fields(name, decoded, decoded.length), tag);
  if (round === 0) throw new DecodeError(`${name}: expected no more than a version and a round to start with`);
  return { round, fields: decoded.slice(3) };
}

function checkHead(name: string, fields: Fields, tag: Uint8Array): Round {
  checkVersion(name, fields);
  const round = fields.integer(1, 'round', 4) as Round;
  if (!equalBytes(fields.bytes(2, 'session tag', DIGEST_BYTES), tag)) {
    // The tag also differs if one party was given another threshold, length, ring, graph or context.
    throw new ProtocolError(
      'ERR_SECAGG_SESSION',
      `${name}: made for another session, with another threshold, vecLen, bits, graph or session than this party's`,
      { round },
    );
  }
  return round;
}

function checkVersion(name: string, fields: Fields): void {
  const version = fields.integer(0, 'version', Number.MAX_SAFE_INTEGER);
  if (version !== PROTOCOL_VERSION) {
    throw new DecodeError(`${name}: expected protocol version ${PROTOCOL_VERSION}, got ${version}`);
  }
}
