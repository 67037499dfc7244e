// Elements of Z_G as little-endian 32-bit words, of any number of words, without BigInt. The only index loops of `secagg/pet`.
import type { MaskGroup } from './orders.ts';

/** Words of several elements, `group.words` each. */
export type Words = Uint32Array<ArrayBuffer>;

// Words are read through typed arrays, whose byte order is the machine's.
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Arithmetic in one group. */
export class WordArithmetic {
  readonly group: MaskGroup;
  /** The words of G. */
  readonly order: Words;
  /** The bits that count in the last word of a draw. */
  readonly lastWordMask: number;

  /** @throws RangeError on a machine that is not little-endian. */
  constructor(group: MaskGroup) {
    if (!LITTLE_ENDIAN) throw new RangeError('expected a little-endian machine, got a big-endian one');
    this.group = group;
    this.order = wordsOf(group.order, group.words);
    // No bit counts if a power of two begins a word of its own.
    this.lastWordMask = Number((1n << BigInt(group.drawnBits - 32 * (group.words - 1))) - 1n);
  }

  /** acc := acc + terms, in place; each of the same number of elements. */
  add(acc: Words, terms: Words): void {
    const { words } = this.group;
    for (let at = 0; at < acc.length; at += words) this.addAt(acc, at, terms, at);
  }

  /** The element at `at` := itself + the element of `terms` at `from`. */
  addAt(acc: Words, at: number, terms: Words, from: number): void {
    const { words } = this.group;
    let carry = 0;
    for (let i = 0; i < words; i++) {
      const sum = (acc[at + i] ?? 0) + (terms[from + i] ?? 0) + carry;
      acc[at + i] = sum;
      carry = sum > 0xffff_ffff ? 1 : 0;
    }
    // Both are below G, so that one subtraction is enough.
    if (carry === 1 || !this.isElementAt(acc, at)) subtractPlain(acc, at, this.order);
  }

  /** The element at `at` := itself − the element of `terms` at `from`. */
  subtractAt(acc: Words, at: number, terms: Words, from: number): void {
    const { words } = this.group;
    let borrow = 0;
    for (let i = 0; i < words; i++) {
      const difference = (acc[at + i] ?? 0) - (terms[from + i] ?? 0) - borrow;
      acc[at + i] = difference;
      borrow = difference < 0 ? 1 : 0;
    }
    if (borrow === 1) addPlain(acc, at, this.order);
  }

  /** Whether the words at `at` are below G. */
  isElementAt(elements: Words, at: number): boolean {
    const order = this.order;
    for (let i = order.length - 1; i >= 0; i--) {
      const word = elements[at + i] ?? 0;
      const limit = order[i] ?? 0;
      if (word !== limit) return word < limit;
    }
    return false;
  }

  /**
   * Takes the draws that are below G, in order. [xaynet-core 0.2.0] src/crypto/prng.rs: a draw is as many bytes as G has; the generator below
   * it (`rand_chacha`) gives whole 32-bit words and drops the rest of the last one. `MaskLoops` does the same faster.
   *
   * @param draws key stream, whole draws.
   * @param elements is filled from the word `at` on.
   * @returns the word after the last one that was filled.
   */
  takeDraws(draws: Words, elements: Words, at: number): number {
    const { words } = this.group;
    const last = words - 1;
    const mask = this.lastWordMask;
    const top = this.order[last] ?? 0;
    let to = at;
    for (let from = last; from < draws.length; from += words) {
      const high = ((draws[from] ?? 0) & mask) >>> 0;
      if (high > top) continue;
      if (to === elements.length) break;
      for (let i = 0; i < last; i++) elements[to + i] = draws[from - last + i] ?? 0;
      elements[to + last] = high;
      if (high < top || this.isElementAt(elements, to)) to += words;
    }
    return to;
  }

  /** The elements as they are on the wire. */
  toBytes(elements: Words): Uint8Array {
    const { bytes, words } = this.group;
    const source = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
    const count = elements.length / words;
    const out = new Uint8Array(count * bytes);
    for (let i = 0, from = 0, to = 0; i < count; i++, from += 4 * words, to += bytes) {
      for (let j = 0; j < bytes; j++) out[to + j] = source[from + j] ?? 0;
    }
    return out;
  }

  /** The elements that {@link toBytes} wrote; null if one is not below G. */
  fromBytes(encoded: Uint8Array): Words | null {
    const { bytes, words } = this.group;
    const count = encoded.length / bytes;
    const elements = new Uint32Array(count * words);
    const target = new Uint8Array(elements.buffer);
    for (let i = 0, from = 0, to = 0; i < count; i++, from += bytes, to += 4 * words) {
      for (let j = 0; j < bytes; j++) target[to + j] = encoded[from + j] ?? 0;
    }
    for (let at = 0; at < elements.length; at += words) if (!this.isElementAt(elements, at)) return null;
    return elements;
  }
}

/** Wraps at the length of `terms`, as two's complement does. */
function subtractPlain(acc: Words, at: number, terms: Words): void {
  let borrow = 0;
  for (let i = 0; i < terms.length; i++) {
    const difference = (acc[at + i] ?? 0) - (terms[i] ?? 0) - borrow;
    acc[at + i] = difference;
    borrow = difference < 0 ? 1 : 0;
  }
}

function addPlain(acc: Words, at: number, terms: Words): void {
  let carry = 0;
  for (let i = 0; i < terms.length; i++) {
    const sum = (acc[at + i] ?? 0) + (terms[i] ?? 0) + carry;
    acc[at + i] = sum;
    carry = sum > 0xffff_ffff ? 1 : 0;
  }
}

/** A number as words. */
export function wordsOf(value: bigint, words: number): Words {
  return Uint32Array.from({ length: words }, (_, i) => Number((value >> BigInt(32 * i)) & 0xffff_ffffn));
}

/** The element at `at` as a number. */
export function bigintAt(elements: Words, at: number, words: number): bigint {
  let value = 0n;
  for (let i = words - 1; i >= 0; i--) value = (value << 32n) | BigInt(elements[at + i] ?? 0);
  return value;
}
