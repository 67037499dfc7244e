// Random choices that --seed repeats: who holds which images, and who drops out. Keys and masks never come from here: the
// library takes their randomness from the system.
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

  /** A number of the standard normal distribution, by Box and Muller. */
  normal(): number {
    const uniform = (): number => (this.below(2 ** 31) + 0.5) / 2 ** 31;
    return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  }

  /** The items in random order, in a new array. */
  shuffled<T>(items: Iterable<T>): T[] {
    const left = [...items];
    const order: T[] = [];
    while (left.length > 0) order.push(...left.splice(this.below(left.length), 1));
    return order;
  }
}
