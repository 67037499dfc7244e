// Randomness that --seed repeats: inputs, who is lost, what goes wrong. Never that of keys, masks and the sparse graph, which the library
// takes from the system. A stream for each purpose, so that none depends on how much another one draws, or in which order.
import { createCipheriv, createHash, type Cipher } from 'node:crypto';

const WORD = 2 ** 32;

/** The AES-256-CTR key stream under the digest of the seed and what it is for. */
export class Seeded {
  readonly #stream: Cipher;

  constructor(seed: number, ...purpose: readonly (string | number)[]) {
    const key = createHash('sha256')
      .update(JSON.stringify([seed, ...purpose]))
      .digest();
    this.#stream = createCipheriv('aes-256-ctr', key, new Uint8Array(16));
  }

  bytes(count: number): Uint8Array {
    return this.#stream.update(new Uint8Array(count));
  }

  /** An integer in [0, count), count at most 2^32. */
  below(count: number): number {
    const whole = WORD - (WORD % count);
    for (;;) {
      const drawn = this.#word();
      if (drawn < whole) return drawn % count;
    }
  }

  chance(probability: number): boolean {
    return this.#word() < probability * WORD;
  }

  /** The numbers 0 to count − 1 in random order. */
  order(count: number): number[] {
    const order = Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
    }
    return order;
  }

  #word(): number {
    return this.#stream.update(new Uint8Array(4)).readUInt32LE();
  }
}
