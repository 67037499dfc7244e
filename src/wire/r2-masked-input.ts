// Round 2. Server → user: U2, the user's id, and the records that the neighbors in U2 dealt to it, in the graph's order.
// User → server: body = view (32) ‖ y_u, bit-packed (⌈vecLen · bits / 8⌉).
import { concat } from '../leaves/bytes.ts';
import { DecodeError } from '../leaves/errors.ts';
import { membersLength } from '../leaves/members.ts';
import type { MaskedInputMessage, SharesMessage } from '../session/messages.ts';
import { packedLength, type Parameters } from '../session/parameters.ts';
import { DIGEST_BYTES, ID_BYTES, RECORD_BYTES } from '../leaves/sizes.ts';
import { BodyReader, Fields } from './fields.ts';
import type { Field } from './msgpack.ts';

export function sharesBytes(users: number, neighbors: number): number {
  return membersLength(users) + ID_BYTES + neighbors * RECORD_BYTES;
}

export function encodeShares({ u2, receiver, sealed }: SharesMessage): Field[] {
  return [u2, receiver, sealed];
}

export function decodeShares(content: readonly Field[], users: number): SharesMessage {
  const fields = new Fields('shares', content, 3);
  return {
    u2: fields.members(0, 'U2', users),
    receiver: fields.integer(1, 'receiver', Number.MAX_SAFE_INTEGER),
    sealed: fields.view(2, 'records'),
  };
}

export function maskedInputBytes({ vecLen, bits }: Parameters): number {
  return DIGEST_BYTES + packedLength(vecLen, bits);
}

/** The parts of a body, which are written in place. */
export function maskedInputIn(body: Uint8Array): MaskedInputMessage {
  return { view: body.subarray(0, DIGEST_BYTES), vector: body.subarray(DIGEST_BYTES) };
}

export function encodeMaskedInput({ view, vector }: MaskedInputMessage): Uint8Array {
  return concat([view, vector]);
}

export function decodeMaskedInput(body: Uint8Array, parameters: Parameters): MaskedInputMessage {
  const reader = new BodyReader('masked input', body, maskedInputBytes(parameters));
  const message = { view: reader.next(DIGEST_BYTES), vector: reader.viewOfRest() };
  const used = (parameters.vecLen * parameters.bits) % 8;
  if (used !== 0 && (message.vector[message.vector.length - 1] ?? 0) >> used !== 0) {
    throw new DecodeError('masked input: expected zero in the spare bits of the last byte');
  }
  return message;
}
