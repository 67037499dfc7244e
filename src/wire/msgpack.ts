// The only file that uses msgpackr. Messages are flat, positional arrays of unsigned integers, byte strings and lists of
// unsigned integers, each in its shortest encoding. Nothing else reaches msgpackr, and none of its views, pools and error
// texts leave this file.
import { Packr, Unpackr } from 'msgpackr';
import { copyOf } from '../leaves/bytes.ts';
import { DecodeError } from '../leaves/errors.ts';

/** What a message may hold. */
export type Field = number | Uint8Array | readonly number[];

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });

/** @param fields integers in [0, 2^53), byte strings, lists of such integers. */
export function encodeFields(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const packed = packr.pack(fields.map(toPackable)) as Uint8Array;
  const out = copyOf(packed);
  packed.fill(0); // a view of a pool that msgpackr uses again
  return out;
}

// msgpackr writes numbers above 32 bits as floats, bigints as 64-bit integers. It writes typed arrays other than
// Uint8Array corrupt; their type keeps them out of here.
function toPackable(field: Field): number | bigint | Uint8Array | (number | bigint)[] {
  if (field instanceof Uint8Array) return field;
  return typeof field === 'number' ? toInteger(field) : field.map(toInteger);
}

const toInteger = (value: number): number | bigint => (value > 0xffff_ffff ? BigInt(value) : value);

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
  // msgpackr leaves a property on the array that it is given, so it is given a view of its own.
  const bytes = input.buffer instanceof ArrayBuffer ? input.subarray() : copyOf(input);
  if (!isFlat(bytes, limits.listLength)) {
    const lists = limits.listLength === 0 ? '' : `, and lists of at most ${limits.listLength} integers`;
    throw new DecodeError(`${name}: expected an array of integers and byte strings${lists}, got ${bytes.length} other bytes`);
  }
  let fields: Field[];
  try {
    fields = (unpackr.unpack(bytes) as unknown[]).map(fromUnpacked);
  } catch {
    throw new DecodeError(`${name}: not a message`); // msgpackr's own text may quote the payload
  }
  // Every element has one shortest form, so the whole is shortest only if all elements are.
  if (encodedLength(fields) !== bytes.length) throw new DecodeError(`${name}: not in the shortest encoding`);
  return fields;
}

function encodedLength(fields: readonly Field[]): number {
  const lengthOf = (field: Field): number => {
    if (typeof field === 'number') return integerLength(field);
    return field instanceof Uint8Array ? bytesLength(field.length) : listLength(field);
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

function fromUnpacked(value: unknown): Field {
  // A Buffer gives Buffers, whose methods are not those of other arrays.
  if (value instanceof Uint8Array) return new Uint8Array(value.buffer, value.byteOffset, value.length);
  return Array.isArray(value) ? value.map(toNumber) : toNumber(value);
}

function toNumber(value: unknown): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) throw new RangeError();
  return number;
}

/**
 * Whether bytes are one array whose elements are unsigned integers, byte strings or lists of unsigned integers, and
 * nothing after it. Keeps maps, extensions, records (which msgpackr compiles to code) and deep nesting from the library.
 */
function isFlat(bytes: Uint8Array, listLength: number): boolean {
  let at = 0;
  const byte = (): number => bytes[at++] ?? -1;
  const length = (width: number): number => {
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + byte();
    return value;
  };
  const arrayLength = (token: number): number => {
    if (token >= 0x90 && token <= 0x9f) return token & 0x0f;
    return token === 0xdc ? length(2) : token === 0xdd ? length(4) : -1;
  };
  const skipInteger = (token: number): boolean => {
    if (token >= 0 && token <= 0x7f) return true;
    if (token !== 0xd3 && (token < 0xcc || token > 0xce)) return false;
    at += token === 0xd3 ? 8 : 1 << (token - 0xcc);
    return true;
  };
  const skipBytes = (token: number): boolean => {
    if (token < 0xc4 || token > 0xc6) return false;
    const count = length(1 << (token - 0xc4));
    at += count;
    return true;
  };
  const skipList = (token: number): boolean => {
    const count = arrayLength(token);
    if (count < 0 || count > listLength) return false;
    for (let i = 0; i < count; i++) if (!skipInteger(byte())) return false;
    return true;
  };
  const fields = arrayLength(byte());
  if (fields < 0 || fields > 15) return false;
  for (let i = 0; i < fields && at <= bytes.length; i++) {
    const token = byte();
    if (!skipInteger(token) && !skipBytes(token) && !skipList(token)) return false;
  }
  return at === bytes.length;
}
