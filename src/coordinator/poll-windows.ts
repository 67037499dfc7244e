// When participants should come back: who is in a run within a window that is wide enough for all who may come, and who waits for a run
// in turn.
import { IDLE, isIdle, type Reply } from './reply.ts';

/** From when to when, in milliseconds from now. */
export interface PollWindow {
  readonly from: number;
  readonly to: number;
}

/** The least pause between two requests of one participant, in milliseconds. */
const SHORTEST = 200;
const LONGEST = 600_000;
/** For how long waits are added up, in milliseconds. */
const COUNTED = 60_000;
/** Milliseconds that participants wait at most, whatever they are told. */
const LONGEST_IDLE = 3_600_000;
/** Senders in one of the two maps that remember them. */
const MOST_SENDERS = 10_000;

/** When each of those who asked last is to come back, in service time. */
class Returns {
  #newer = new Map<string, number>();
  #older = this.#newer;

  /** @returns 0 if nothing is remembered. */
  of(sender: string): number {
    return this.#newer.get(sender) ?? this.#older.get(sender) ?? 0;
  }

  set(sender: string, time: number): void {
    if (this.#newer.size >= MOST_SENDERS) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(sender, time);
  }
}

/** Spreads the requests of participants. What it remembers has a bound, however many there are. */
export class PollWindows {
  readonly #capacity: number;
  /** Milliseconds that participants in runs were told to wait, in all, in the present minute and in the one before. */
  #waits = 0;
  #before = 0;
  #since = -Infinity;
  /** When the last one is to come back who waits for a run, in service time. */
  #lastIdle = 0;
  /** The turns of those who wait for a run. */
  readonly #turns = new Returns();
  /** When the windows of those in runs begin. */
  readonly #windows = new Returns();

  /** @param capacity requests a second that this process answers well. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * The window for somebody that is told this.
   *
   * @param sender who asks.
   * @param now service time, in milliseconds.
   */
  for(reply: Reply, sender: string, now: number): PollWindow {
    if (isIdle(reply)) return this.#inTurn(sender, now);
    const window = this.after(reply.pause, reply.waiting);
    if (reply.kind !== 'refused') this.#count(window, sender, now); // whoever is refused does not go on with a run
    return window;
  }

  /** Of whoever asks before its window, only what it is to wait longer: it goes on at once, or somebody sends a request of it again. */
  #count({ from, to }: PollWindow, sender: string, now: number): void {
    if (now - this.#since >= COUNTED) {
      this.#before = now - this.#since < 2 * COUNTED ? this.#waits : 0;
      this.#waits = 0;
      this.#since = now;
    }
    const known = this.#windows.of(sender);
    this.#waits += known > now ? Math.max(now + from - known, 0) : (from + to) / 2;
    this.#windows.set(sender, Math.max(known, now + from));
  }

  /** How many in runs are away at a time: what they are told to wait, over the time in which they are told so (Little 1961). */
  get #away(): number {
    return Math.max(this.#waits, this.#before) / COUNTED;
  }

  /**
   * The window for somebody in a run.
   *
   * @param pause milliseconds after which there may be something new.
   * @param waiting how many wait for the same.
   */
  after(pause: number, waiting: number): PollWindow {
    const width = Math.max((1000 * Math.max(waiting, this.#away)) / this.#capacity, SHORTEST);
    const from = Math.round(Math.min(Math.max(pause, SHORTEST), LONGEST));
    return { from, to: Math.round(Math.min(from + width, 2 * LONGEST)) };
  }

  /**
   * One after the other, as many a second as this process answers well. Those in runs do not wait for them. Whoever asks before its turn
   * keeps it: it is impatient, or somebody sends a request of it again, which must not delay all others.
   */
  #inTurn(sender: string, now: number): PollWindow {
    const known = this.#turns.of(sender);
    const turn = known > now ? known : this.#newTurn(sender, now);
    const from = Math.round(turn - now);
    return { from, to: from + SHORTEST };
  }

  #newTurn(sender: string, now: number): number {
    const turn = Math.max(now + IDLE, this.#lastIdle + 1000 / this.#capacity);
    this.#lastIdle = Math.min(turn, now + LONGEST_IDLE - SHORTEST);
    this.#turns.set(sender, this.#lastIdle);
    return this.#lastIdle;
  }
}
