// Byte strings: joining, comparing, wiping, fixed-width integers. Leaf: imports nothing.

/** UTF-8 bytes of a string. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  // Asked for at each call, because a test environment may add it later; Jest's jsdom has none.
  return typeof TextEncoder === 'undefined' ? encodedByHand(text) : new TextEncoder().encode(text);
}

function encodedByHand(text: string): Uint8Array<ArrayBuffer> {
  // Half of a surrogate pair becomes the replacement character, as in a TextEncoder.
  const codes = Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
  });
  const following = (code: number): number => (code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x1_0000 ? 2 : 3);
  const out = new Uint8Array(codes.reduce((length, code) => length + 1 + following(code), 0));
  let at = 0;
  for (const code of codes) {
    const rest = following(code);
    out[at++] = rest === 0 ? code : (0xff00 >> (rest + 1)) | (code >> (6 * rest));
    for (let i = rest - 1; i >= 0; i--) out[at++] = 0x80 | ((code >> (6 * i)) & 0x3f);
  }
  return out;
}

/** A fresh plain Uint8Array with the same content; also unwraps Node's Buffer and any other subclass. */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return plain.buffer instanceof ArrayBuffer ? plain.slice() : new Uint8Array(plain);
}

/** Bytes of the longest array that V8 has in its own heap. */
const MOST_MOVED = 64;

/**
 * Zeroed memory for a secret. V8 has other arrays of up to 64 bytes in its own heap. If the garbage collector moves such an array, its
 * bytes stay where they were, out of reach of {@link wipe}.
 */
export function secretBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}

/** A copy of a secret. */
export function secretCopyOf(secret: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = secretBytes(secret.length);
  copy.set(secret);
  return copy;
}

/** A secret that was not made in {@link secretBytes}: a copy, and it is overwritten where it was. If it is longer, it is as it came. */
export function movedSecret(secret: Uint8Array): Uint8Array {
  if (secret.length > MOST_MOVED) return secret;
  const copy = secretCopyOf(secret);
  secret.fill(0);
  return copy;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/**
 * Compares without an exit that depends on the content: the time tells the lengths only, as far as a JavaScript engine
 * lets a program promise that (SECURITY.md).
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && beginsWith(a, b);
}

/** Whether bytes begin with some others; compares as {@link equalBytes}. */
export function beginsWith(bytes: Uint8Array, beginning: Uint8Array): boolean {
  if (bytes.length < beginning.length) return false;
  let difference = 0;
  for (let i = 0; i < beginning.length; i++) difference |= (bytes[i] ?? 0) ^ (beginning[i] ?? 0);
  return difference === 0;
}

/** Lexicographic order, the order of big-endian integers of equal length. For public values. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Overwrites secrets whose life has ended. The engine may hold copies elsewhere (SECURITY.md). */
export function wipe(secrets: Iterable<Uint8Array>): void {
  for (const secret of secrets) secret.fill(0);
}

/** Runs work that makes secrets. If it throws, those that it has noted are wiped, because nobody will hold them. */
export async function wipedOnError<T>(work: (note: (...secrets: Uint8Array[]) => void) => Promise<T>): Promise<T> {
  const noted: Uint8Array[] = [];
  try {
    return await work((...secrets) => void noted.push(...secrets));
  } catch (error) {
    wipe(noted);
    throw error;
  }
}

/** Big-endian, 4 bytes. */
export function u32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  writeBigEndian(out, 0, value);
  return out;
}

/** Big-endian, 8 bytes, for integers up to 2^53 - 1. */
export function u64(value: number): Uint8Array {
  return u64s([value]);
}

/** The same of integers in a row. */
export function u64s(values: readonly number[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(8 * values.length);
  let at = 0;
  for (const value of values) {
    writeBigEndian(out, at, Math.floor(value / 0x1_0000_0000));
    writeBigEndian(out, at + 4, value);
    at += 8;
  }
  return out;
}

/** By hand, because a DataView costs more than all that it is used for. */
function writeBigEndian(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

/** The bytes that {@link hex} spelled; null if the text is no even number of lower-case hexadecimal digits. */
export function bytesOfHex(text: string): Uint8Array | null {
  if (!/^([0-9a-f]{2})*$/.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => parseInt(digits, 16));
}

/** The digits of each byte. */
const DIGITS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Hexadecimal digits, lower case; for use as a map key of public values. */
export function hex(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += DIGITS[byte] ?? '';
  return out;
}
