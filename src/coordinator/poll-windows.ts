// When participants should come back: windows that are as wide as it takes to answer all who may come.

/** From when to when, in milliseconds from now. */
export interface PollWindow {
  readonly from: number;
  readonly to: number;
}

/** The least pause between two requests of one participant, in milliseconds. */
const SHORTEST = 200;
const LONGEST = 600_000;
/** For how long arrivals are counted, in milliseconds. */
const COUNTED = 60_000;

/** Spreads the requests of participants. */
export class PollWindows {
  readonly #capacity: number;
  #arrivals = 0;
  #before = 0;
  #since = -Infinity;

  /** @param capacity requests a second that this process answers well. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Notes a request. @param now service time, in milliseconds. */
  note(now: number): void {
    if (now - this.#since >= COUNTED) {
      this.#before = now - this.#since < 2 * COUNTED ? this.#arrivals : 0;
      this.#arrivals = 0;
      this.#since = now;
    }
    this.#arrivals++;
  }

  /**
   * The window for somebody that waits.
   *
   * @param pause milliseconds after which there may be something new.
   * @param waiting how many wait for the same.
   */
  after(pause: number, waiting: number): PollWindow {
    const expected = Math.max(waiting, this.#arrivals, this.#before);
    const width = Math.max((1000 * expected) / this.#capacity, SHORTEST);
    const from = Math.round(Math.min(Math.max(pause, SHORTEST), LONGEST));
    return { from, to: Math.round(Math.min(from + width, 2 * LONGEST)) };
  }
}
