// Who of a process may wait for locks that others hold: each takes a connection meanwhile, and the rest of the process needs some, too.

const MOST_WAITING = 2;

export class LockWaits {
  #free = MOST_WAITING;
  readonly #next: (() => void)[] = [];

  get isFree(): boolean {
    return this.#free > 0;
  }

  /** Runs `work` once there is a place. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#next.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#next.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
