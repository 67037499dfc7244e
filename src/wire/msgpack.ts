// Messages as MessagePack: flat, positional arrays of unsigned integers, byte strings and lists of unsigned integers, each in its
// shortest encoding. By hand, because no library writes and accepts only this subset: they write integers from 2^32 on in another
// way, take maps, extensions and longer spellings, or bring native code.
import { copyOf } from '../leaves/bytes.ts';
import { DecodeError } from '../leaves/errors.ts';

/** What a message may hold. */
export type Field = number | Uint8Array | readonly number[];

/** Fields of one message at most: what the head of one byte counts. */
const MOST_FIELDS = 15;

/** @param fields up to 15 integers in [0, 2^53), byte strings, lists of such integers. */
export function encodeFields(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const writer = new Writer(encodedLength(fields));
  writer.listHead(fields.length);
  for (const field of fields) writer.field(field);
  return writer.out;
}

/** A message with room for byte strings. */
export interface Roomy {
  readonly message: Uint8Array<ArrayBuffer>;
  /** Where they are to be written. */
  readonly rooms: readonly Uint8Array[];
}

/**
 * A message that ends with byte strings which are written in place afterwards, because they may be too long to be copied.
 *
 * @param fields those before, as for `encodeFields`.
 * @param lengths of the byte strings.
 */
export function encodeFieldsBefore(fields: readonly Field[], lengths: readonly number[]): Roomy {
  const room = lengths.reduce((sum, length) => sum + bytesLength(length), 0);
  const writer = new Writer(encodedLength(fields) + room);
  writer.listHead(fields.length + lengths.length);
  for (const field of fields) writer.field(field);
  return { message: writer.out, rooms: lengths.map((length) => writer.room(length)) };
}

const isBytes = (field: Uint8Array | readonly number[]): field is Uint8Array => !Array.isArray(field);

/** Fills an array whose length is that of the message. */
class Writer {
  readonly out: Uint8Array<ArrayBuffer>;
  #at = 0;

  constructor(length: number) {
    this.out = new Uint8Array(length);
  }

  field(field: Field): void {
    if (typeof field === 'number') this.integer(field);
    else if (isBytes(field)) this.out.set(field, this.#take(field.length));
    else {
      this.listHead(field.length);
      for (const value of field) this.integer(value);
    }
  }

  integer(value: number): void {
    if (value < 0x80) this.#head(value, 0, 0);
    else if (value < 0x100) this.#head(0xcc, 1, value);
    else if (value < 0x1_0000) this.#head(0xcd, 2, value);
    else if (value < 0x1_0000_0000) this.#head(0xce, 4, value);
    else this.#head(0xd3, 8, value);
  }

  /** Where a byte string of this length is to be written. */
  room(length: number): Uint8Array {
    const from = this.#take(length);
    return this.out.subarray(from, from + length);
  }

  /** Writes the head of a byte string, and says where its bytes begin. */
  #take(length: number): number {
    if (length < 0x100) this.#head(0xc4, 1, length);
    else if (length < 0x1_0000) this.#head(0xc5, 2, length);
    else this.#head(0xc6, 4, length);
    this.#at += length;
    return this.#at - length;
  }

  listHead(length: number): void {
    if (length < 16) this.#head(0x90 | length, 0, 0);
    else if (length < 0x1_0000) this.#head(0xdc, 2, length);
    else this.#head(0xdd, 4, length);
  }

  /** A token, and after it a number of `width` bytes, most significant first. */
  #head(token: number, width: number, value: number): void {
    this.out[this.#at++] = token;
    // Shifts take 32 bits, and a number may have 53.
    if (width === 8) this.#digits(Math.floor(value / 0x1_0000_0000), 4);
    this.#digits(value, Math.min(width, 4));
  }

  #digits(value: number, width: number): void {
    for (let shift = 8 * (width - 1); shift >= 0; shift -= 8) this.out[this.#at++] = value >>> shift;
  }
}

/** What a message may cost to parse; checked before anything is. */
export interface Limits {
  /** Of the message. */
  readonly bytes: number;
  /** Of one list. As a list of JavaScript each byte of input would cost a hundred; byte strings cost what they are. */
  readonly listLength: number;
}

/**
 * Total: gives the fields or throws a DecodeError. Byte strings are plain Uint8Arrays, and views of the input so that long
 * ones need not be copied. If the input's memory is shared they are views of a copy, because another thread must not change
 * what has been checked.
 *
 * @param name of the message, for the error's text.
 */
export function decodeFields(input: Uint8Array, name: string, limits: Limits): Field[] {
  if (input.length > limits.bytes) {
    throw new DecodeError(
      `${name}: expected at most ${limits.bytes} bytes, as the registered keys, maxUsers and vecLen allow, got ${input.length}`,
    );
  }
  const bytes = input.buffer instanceof ArrayBuffer ? input : copyOf(input);
  const fields = new Reader(bytes).fields(limits.listLength);
  if (fields === null) {
    const lists = limits.listLength === 0 ? '' : `, and lists of at most ${limits.listLength} integers`;
    throw new DecodeError(
      `${name}: these ${bytes.length} bytes are no message: expected a MessagePack array of integers and byte strings${lists}`,
    );
  }
  // Every element has one shortest form, so the whole is shortest only if all elements are.
  if (encodedLength(fields) !== bytes.length) throw new DecodeError(`${name}: not in the shortest encoding`);
  return fields;
}

function encodedLength(fields: readonly Field[]): number {
  const lengthOf = (field: Field): number => {
    if (typeof field === 'number') return integerLength(field);
    return isBytes(field) ? bytesLength(field.length) : listLength(field);
  };
  return fields.reduce<number>((sum, field) => sum + lengthOf(field), listHead(fields.length));
}

/** Bytes that an integer takes in a message. */
export function integerLength(value: number): number {
  return value < 0x80 ? 1 : value < 0x100 ? 2 : value < 0x1_0000 ? 3 : value < 0x1_0000_0000 ? 5 : 9;
}

/** Bytes that a byte string takes, its head included. */
export function bytesLength(length: number): number {
  return (length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 5) + length;
}

/** Bytes that a list of integers takes, its head included. */
export function listLength(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + integerLength(value), listHead(values.length));
}

function listHead(length: number): number {
  return length < 16 ? 1 : length < 0x1_0000 ? 3 : 5;
}

/** Reads what Writer writes, and other spellings of the same values. Past the end of the bytes everything is refused. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The fields; null unless the bytes are one array of integers, byte strings and lists of integers, and nothing after it. */
  fields(listLength: number): Field[] | null {
    const count = this.#listLength(this.#byte());
    if (count === null || count > MOST_FIELDS) return null;
    const fields: Field[] = [];
    for (let i = 0; i < count; i++) {
      const token = this.#byte();
      const field = this.#integer(token) ?? this.#byteString(token) ?? this.#list(token, listLength);
      if (field === null) return null;
      fields.push(field);
    }
    return this.#at === this.#bytes.length ? fields : null;
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? NaN;
  }

  #number(width: number): number {
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + this.#byte();
    return value;
  }

  #integer(token: number): number | null {
    if (token < 0x80) return token;
    const width = token === 0xd3 ? 8 : token >= 0xcc && token <= 0xce ? 1 << (token - 0xcc) : 0;
    const value = width === 0 ? NaN : this.#number(width);
    return Number.isSafeInteger(value) ? value : null;
  }

  /** A view, of a plain Uint8Array also if the input is a Buffer. */
  #byteString(token: number): Uint8Array | null {
    if (token !== 0xc4 && token !== 0xc5 && token !== 0xc6) return null;
    const length = this.#number(1 << (token - 0xc4));
    const from = this.#at;
    if (!(length <= this.#bytes.length - from)) return null;
    this.#at += length;
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + from, length);
  }

  #list(token: number, most: number): number[] | null {
    const count = this.#listLength(token);
    if (count === null || count > most) return null;
    const list: number[] = [];
    for (let i = 0; i < count; i++) {
      const value = this.#integer(this.#byte());
      if (value === null) return null;
      list.push(value);
    }
    return list;
  }

  #listLength(token: number): number | null {
    if (token >= 0x90 && token <= 0x9f) return token & 0x0f;
    const count = token === 0xdc ? this.#number(2) : token === 0xdd ? this.#number(4) : NaN;
    return Number.isNaN(count) ? null : count;
  }
}
