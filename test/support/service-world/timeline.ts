// One virtual clock for all parties of a world, and what happens on it, one event after the other.

interface Event {
  readonly time: number;
  readonly action: () => void;
}

/** All promises that wait for nothing but other promises have gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export class Timeline {
  /** Latest first. */
  readonly #events: Event[] = [];
  #now = 0;

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  /** Lets something happen `delay` milliseconds from now, after all that was to happen at the same time. */
  after(delay: number, action: () => void): void {
    const time = this.#now + delay;
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.time > time) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, { time, action });
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(milliseconds, resolve);
    });
  }

  /**
   * Runs events until there are none, or `isOver` says so.
   *
   * @returns how many there were.
   */
  async run(isOver: () => boolean): Promise<number> {
    for (let count = 0; ; count++) {
      const next = isOver() ? undefined : this.#events.pop();
      if (next === undefined) return count;
      this.#now = next.time;
      next.action();
      await settled();
    }
  }
}
