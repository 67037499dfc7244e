// Messages that no honest party would send: an adversary's tools, built on the project's own codecs.
import { digestOfBody, sessionTag, signedBytes } from '../../src/session/binding.ts';
import { sign } from '../../src/crypto/sign.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { resolveParameters, type Parameters } from '../../src/session/parameters.ts';
import type { Round } from '../../src/session/notation.ts';
import { encodeServerMessage, encodeUserMessage } from '../../src/wire/envelope.ts';
import { decodeFields, type Field } from '../../src/wire/msgpack.ts';
import { secretKeyOf } from './registered-users.ts';
import type { Session } from './session.ts';

const parametersOf = ({ setup }: Session): Parameters => resolveParameters(setup.threshold, setup.vecLen, setup.options);

export function tagOf(session: Session): Uint8Array {
  return sessionTag(parametersOf(session));
}

/** A user's message with any body, properly signed by it or, with `key`, by somebody else. */
export async function userMessage(
  session: Session,
  { round, sender, body, key, tag }: { round: Round; sender: number; body: Uint8Array; key?: Uint8Array; tag?: Uint8Array },
): Promise<Uint8Array> {
  const sessionsTag = tag ?? tagOf(session);
  const signed = signedBytes(sessionsTag, round, sender as UserId, digestOfBody(parametersOf(session), round, body));
  const signature = await sign(key ?? secretKeyOf(session.registered, sender), signed);
  return encodeUserMessage(sessionsTag, { round, sender, body, signature });
}

const fieldsOf = (message: Uint8Array): Field[] => decodeFields(message, 'test', { bytes: Infinity, listLength: Infinity });

/** The body of a user's message. */
export function bodyOf(message: Uint8Array): Uint8Array {
  return fieldsOf(message)[4] as Uint8Array;
}

export function signatureOf(message: Uint8Array): Uint8Array {
  return fieldsOf(message)[5] as Uint8Array;
}

/** A user's message with another body, signed anew. */
export async function rebody(
  session: Session,
  sender: number,
  message: Uint8Array,
  change: (body: Uint8Array) => Uint8Array | undefined,
): Promise<Uint8Array> {
  const round = fieldsOf(message)[1] as Round;
  const body = bodyOf(message);
  return userMessage(session, { round, sender, body: change(body) ?? body });
}

/** A message of the server with other fields. */
export function refields(session: Session, message: Uint8Array, change: (fields: Field[]) => Field[] | undefined): Uint8Array {
  const [, round, , ...fields] = fieldsOf(message);
  return encodeServerMessage(tagOf(session), { round: round as Round, fields: change(fields) ?? fields });
}

/** With the bits of one byte changed. */
export function flip(bytes: Uint8Array, index: number, mask = 1): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[index]! ^= mask;
  return copy;
}
