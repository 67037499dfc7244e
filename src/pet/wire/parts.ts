// Payloads in parts, for networks that bound the size of a message. [xaynet-core 0.2.0] src/message/payload/chunk.rs, and
// [xaynet-sdk 0.1.0] src/message_encoder.
import { concat, equalBytes } from '../../leaves/bytes.ts';
import { DecodeError } from '../../leaves/errors.ts';
import { FixedFields } from '../../leaves/fixed-fields.ts';
import { SIGNATURE_BYTES } from '../../leaves/sizes.ts';
import { PetError } from '../pet-error.ts';

/** Number of the part, number of the message, flags and three bytes of zeros. */
export const PART_HEADER_BYTES = 8;
/** Numbers of parts have two bytes. */
export const MOST_PARTS = 65_536;
/** Least bytes of a part that is not the last one: as many as the signatures of a task have, with which a payload begins. */
export const LEAST_PART_BYTES: number = 2 * SIGNATURE_BYTES;
const LAST = 1;
/** What a message costs beside its parts, and a part beside its bytes: objects, entries of maps, the name of the participant. */
export const ASSEMBLY_BYTES = 1024;
export const PART_BYTES = 128;

/** A part of a payload. */
export interface Part {
  /** From 0 on. */
  readonly number: number;
  /** Chosen at random for each payload, 0 to 65,535. */
  readonly messageId: number;
  readonly isLast: boolean;
  readonly data: Uint8Array;
}

export function encodePart({ number, messageId, isLast, data }: Part): Uint8Array {
  return concat([Uint8Array.of(number >> 8, number, messageId >> 8, messageId, isLast ? LAST : 0, 0, 0, 0), data]);
}

/** @throws DecodeError. */
export function decodePart(bytes: Uint8Array): Part {
  const fields = new FixedFields('part of a message', bytes);
  const number = fields.integer(2);
  const messageId = fields.integer(2);
  const flags = fields.integer(1);
  const reserved = fields.bytes(3);
  if (flags > LAST || reserved.some((byte) => byte !== 0))
    throw new DecodeError('part of a message: expected no other flags than last');
  return { number, messageId, isLast: flags === LAST, data: fields.bytes(fields.left) };
}

/**
 * The parts of one participant's payload that have come so far. DEVIATION from xaynet-server 0.2.0, which keeps any number of unfinished
 * payloads of any size for good, counts parts without looking at their numbers, and takes a second part of one number in place of the first.
 */
export class Assembly {
  readonly messageId: number;
  readonly #mostBytes: number;
  readonly #parts = new Map<number, Uint8Array>();
  #last: number | null = null;
  #highest = -1;
  #bytes = 0;

  constructor(messageId: number, mostBytes: number) {
    this.messageId = messageId;
    this.#mostBytes = mostBytes;
  }

  /** Bytes of memory that it takes, about. */
  get cost(): number {
    return ASSEMBLY_BYTES + PART_BYTES * this.#parts.size + this.#bytes;
  }

  /**
   * Adds a part; the same one again changes nothing.
   *
   * @returns the payload if all of its parts are there, else null.
   * @throws PetError ERR_SECAGG_PET_PART for a part that is empty or contradicts another one, or if the payload would be longer than it may be.
   */
  add({ number, isLast, data }: Part): Uint8Array | null {
    const before = this.#parts.get(number);
    if (before !== undefined && equalBytes(before, data) && isLast === (number === this.#last)) return null;
    const isBeyond = this.#last === null ? isLast && number < this.#highest : isLast || number > this.#last;
    if (before !== undefined || isBeyond || data.length === 0)
      throw new PetError('ERR_SECAGG_PET_PART', 'part of a message: it is empty or contradicts another part');
    if (this.#bytes + data.length > this.#mostBytes) {
      throw new PetError('ERR_SECAGG_PET_PART', `part of a message: expected at most ${this.#mostBytes} bytes in all parts`);
    }
    this.#parts.set(number, data);
    this.#bytes += data.length;
    this.#highest = Math.max(this.#highest, number);
    if (isLast) this.#last = number;
    if (this.#last === null || this.#parts.size !== this.#last + 1) return null;
    return concat(Array.from({ length: this.#parts.size }, (_, i) => this.#parts.get(i) ?? new Uint8Array()));
  }
}
