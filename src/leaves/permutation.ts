// Uniform integers, and uniformly random orders, from random words of 32 bits. Leaf: imports nothing.

const WORDS = 0x1_0000_0000;

/** Gives uniform integers below 2^32, one a call. */
export type Words = () => number;

/** Draws a uniform integer below `bound`, which is at most 2^32. */
export function uniformBelow(bound: number, next: Words): number {
  // 2^32 is not a multiple of most bounds: a word above the largest multiple is drawn again, or small integers would come more often.
  const multiple = WORDS - (WORDS % bound);
  for (;;) {
    const word = next();
    if (word < multiple) return word % bound;
  }
}

/** A list that can be written: an array or a typed array. */
interface MutableList<T> {
  readonly length: number;
  [index: number]: T;
}

/** Puts a list into a uniformly random order, in place: Fisher and Yates' shuffle, from the last element on. */
export function shuffle<T>(list: MutableList<T>, next: Words): void {
  for (let last = list.length - 1; last > 0; last--) {
    const other = uniformBelow(last + 1, next);
    const moved = list[last] as T;
    list[last] = list[other] as T;
    list[other] = moved;
  }
}
