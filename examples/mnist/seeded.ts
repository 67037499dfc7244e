// Randomness that --seed repeats: the images of each participant, and the dropouts. Keys and masks are never drawn from it, as the
// library takes those from the system.
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export class Seeded {
  readonly #generator: ReturnType<typeof xoroshiro128plus>;

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** An integer in [0, count). */
  below(count: number): number {
    return uniformInt(this.#generator, 0, count - 1);
  }

  /** A copy of the items in random order. */
  shuffled<T>(items: Iterable<T>): T[] {
    const left = [...items];
    const order: T[] = [];
    while (left.length > 0) order.push(...left.splice(this.below(left.length), 1));
    return order;
  }
}
