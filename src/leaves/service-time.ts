// Service time: how long a service has been there for its participants. Leaf: imports nothing.

/** Milliseconds by which one heartbeat moves it at most. */
const LONGEST_STEP = 5000;

/** Moves with a clock, but neither back nor over times in which nobody asked. */
export class ServiceTime {
  readonly #clock: () => number;
  #last: number;
  #now = 0;

  /** @param clock milliseconds, from any beginning. */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.#last = clock();
  }

  /** In milliseconds. */
  heartbeat(): number {
    const clock = this.#clock();
    const step = clock - this.#last;
    this.#last = clock;
    this.#now += Math.min(Math.max(step, 0), LONGEST_STEP);
    return this.#now;
  }
}
