// Looks at a run that many requests ask for at once: one look after the other, and one for all who wait.

/** Does the same work in turns. */
export class Turns<Result> {
  readonly #running = new Map<string, Promise<Result>>();
  readonly #next = new Map<string, Promise<Result>>();

  /**
   * Works once no work of this name is being done. Whoever comes meanwhile shares the next turn.
   *
   * @param name of the work: what is given under one name does the same.
   * @returns what a turn gave, or threw, that began after this call.
   */
  take(name: string, work: () => Promise<Result>): Promise<Result> {
    const running = this.#running.get(name);
    if (running === undefined) return this.#begin(name, work);
    const waiting = this.#next.get(name);
    if (waiting !== undefined) return waiting;
    const begin = (): Promise<Result> => {
      this.#next.delete(name);
      return this.#begin(name, work);
    };
    const next = running.then(begin, begin);
    this.#next.set(name, next);
    return next;
  }

  /** Fulfilled once the turns that have been asked for are over, whether they gave something or threw. */
  async over(): Promise<void> {
    await Promise.allSettled([...this.#running.values(), ...this.#next.values()]);
  }

  #begin(name: string, work: () => Promise<Result>): Promise<Result> {
    const turn = work();
    this.#running.set(name, turn);
    const end = (): void => {
      if (this.#running.get(name) === turn) this.#running.delete(name);
    };
    turn.then(end, end);
    return turn;
  }
}
