// Randomness that --seed repeats: inputs, losses and faults. Keys, masks and the sparse graph are never drawn from it, as the
// library takes those from the system. Each purpose has a stream of its own, so that no stream depends on how much another one
// draws, or in which order.
import { createCipheriv, createHash, type Cipher } from 'node:crypto';
import { shuffle, uniformBelow } from '../../leaves/permutation.ts';

/** The AES-256-CTR key stream under a digest of the seed and the purpose. */
export class Seeded {
  readonly #stream: Cipher;
  readonly #word = (): number => this.#stream.update(new Uint8Array(4)).readUInt32LE();

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
    return uniformBelow(count, this.#word);
  }

  chance(probability: number): boolean {
    return this.#word() < probability * 2 ** 32;
  }

  /** The numbers 0 to count − 1 in random order. */
  order(count: number): number[] {
    const order = Array.from({ length: count }, (_, i) => i);
    shuffle(order, this.#word);
    return order;
  }
}
