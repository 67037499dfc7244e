// What waits in one process to go to the database together: what comes while a statement or transaction runs goes into the next one.
import { platform } from '#platform';

/** The next one begins when the one before ends, or has run for so many milliseconds: its connection, or a session in it, may be sick. */
const LONG_RUN = 250;
/** So many run at a time at most. */
const MOST_RUNNING = 3;

export class SharedQueue<Item> {
  readonly #count: (waiting: readonly Item[]) => number;
  readonly #run: (items: readonly Item[]) => Promise<void>;
  #waiting: Item[] = [];
  #running = 0;
  /** Those of them that have not run for long. */
  #young = 0;

  /**
   * @param count how many of those that wait, the oldest ones, go together; at least one.
   * @param run takes them to the database; never rejects.
   */
  constructor(count: (waiting: readonly Item[]) => number, run: (items: readonly Item[]) => Promise<void>) {
    this.#count = count;
    this.#run = run;
  }

  add(item: Item): void {
    this.#waiting.push(item);
    this.#begin();
  }

  #begin(): void {
    if (this.#waiting.length === 0 || this.#young > 0 || this.#running === MOST_RUNNING) return;
    this.#running++;
    void this.#runNext();
  }

  async #runNext(): Promise<void> {
    this.#young++;
    let isYoung = true;
    const grow = (): void => {
      if (isYoung) this.#young--;
      isYoung = false;
      this.#begin();
    };
    await platform.pause(); // whoever is about to come goes along
    const timer = setTimeout(grow, LONG_RUN);
    await this.#run(this.#waiting.splice(0, this.#count(this.#waiting)));
    clearTimeout(timer);
    this.#running--;
    grow();
  }
}

/** Two halves of some items, to find those because of which all of them fail. */
export function halvesOf<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}
