// Random words from a source of random bytes.
import type { RandomSource } from '../../crypto/random.ts';
import { kindOf } from '../../leaves/checks.ts';
import { typedArrayOf } from '../../leaves/typed-arrays.ts';

/** Words of a block. One call for each word would cost more than all else; a block stays in the cache. */
export const BLOCK_WORDS = 8192;

/** Fresh words of 32 random bits, in memory that nobody else holds: the caller wipes them. */
export function randomWords(random: RandomSource, count: number): Int32Array {
  const drawn: unknown = random(4 * count);
  const bytes = typedArrayOf(drawn, 'Uint8Array', 'random');
  if (bytes?.length !== 4 * count) {
    const came = bytes === null ? kindOf(drawn) : `${bytes.length} bytes`;
    throw new TypeError(`random: expected a Uint8Array of ${4 * count} bytes, got ${came}`);
  }
  if (bytes.byteOffset % 4 === 0) return new Int32Array(bytes.buffer, bytes.byteOffset, count);
  const words = new Int32Array(count);
  new Uint8Array(words.buffer).set(bytes);
  bytes.fill(0);
  return words;
}

/** Random words one by one, drawn in blocks. */
export class RandomWords {
  readonly #random: RandomSource;
  #block: Int32Array = new Int32Array(0);
  #at = 0;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  /** 32 random bits as an integer from 0 on. */
  next(): number {
    if (this.#at === this.#block.length) {
      this.wipe();
      this.#block = randomWords(this.#random, BLOCK_WORDS);
      this.#at = 0;
    }
    return (this.#block[this.#at++] ?? 0) >>> 0;
  }

  /** Forgets the block: the next word is of a fresh one. */
  wipe(): void {
    this.#block.fill(0);
    this.#at = this.#block.length;
  }
}
