// Messages that wait in memory until they are written together.
import type { UserId } from '../leaves/ids.ts';

/** Whether a message that was not refused is new, or had been accepted before. */
export type Acceptance = 'accepted' | 'repeated';

/** A message that waits, and the call of `recv` that waits for it. */
export interface WaitingMessage {
  readonly user: UserId;
  /** The caller's memory, which it leaves as it is until the call is settled. */
  readonly bytes: Uint8Array;
  /** When the message came, by `performance.now()`. */
  readonly since: number;
  /** Resolves the call. */
  readonly resolve: (acceptance: Acceptance) => void;
  /** Rejects the call. */
  readonly reject: (error: unknown) => void;
}

/** How much one transaction may take; at least one message. */
export interface BatchLimits {
  readonly messages: number;
  readonly bytes: number;
}

/** Lengths of messages, in bytes. */
interface Lengths {
  readonly total: number;
  readonly longest: number;
}

const NO_MESSAGES: Lengths = { total: 0, longest: 0 };

/** Messages of fewer bytes do not wait for others. */
const SHORT = 16_384;
/** Long messages are written once they are this many times as long as what is written, which is their sum. */
const ENOUGH = 24;
const MOST_BATCH_BYTES = 2 ** 27;
const MOST_QUIET_MS = 250;
const MOST_QUIETS = 20;

export class MessageQueue {
  readonly #ackWithin: number | null;
  #messages: WaitingMessage[] = [];
  #lengths: Lengths = NO_MESSAGES;
  /** Calls for which the messages are urgent. */
  #urgent = 0;
  #endWait: () => void = () => undefined;

  /** @param ackWithin most milliseconds that a long message waits for others; null for a pause after the last of them. */
  constructor(ackWithin: number | null) {
    this.#ackWithin = ackWithin;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** Whether long messages wait that are worth writing now. */
  get hasManyLong(): boolean {
    return this.#lengths.longest >= SHORT && this.#hasEnough();
  }

  add(message: WaitingMessage): void {
    this.#messages.push(message);
    this.#lengths = withMessage(this.#lengths, message);
    if (this.#hasEnough()) this.#endWait();
  }

  /** Until `work` is settled, batches do not wait for more messages. */
  async hurry<T>(work: () => Promise<T>): Promise<T> {
    this.#urgent++;
    this.#endWait();
    try {
      return await work();
    } finally {
      this.#urgent--;
    }
  }

  /** Waits for more messages if they are long, and then takes the oldest ones out of the queue. */
  async nextBatch(most: BatchLimits): Promise<WaitingMessage[]> {
    await this.#waitForMore();
    let [count, total] = [0, 0];
    for (const { bytes } of this.#messages.slice(0, most.messages)) {
      total += bytes.length;
      if (count > 0 && total > Math.min(most.bytes, MOST_BATCH_BYTES)) break;
      count++;
    }
    const batch = this.#messages.splice(0, count);
    this.#lengths = this.#messages.reduce(withMessage, NO_MESSAGES);
    return batch;
  }

  /**
   * Waits while long messages come in fast. Their sum is as long as one of them, however many are in it, so a short wait
   * saves many bytes of writing. It ends when no message has come for the time that the longest one takes at 16 bytes a
   * microsecond, at most a quarter of a second, or 20 such times after the oldest one came. With `ackWithin` it ends that long after
   * the oldest one came.
   */
  async #waitForMore(): Promise<void> {
    while (this.#urgent === 0 && !this.#hasEnough()) {
      const { length, 0: oldest } = this.#messages;
      const quiet = this.#ackWithin ?? Math.min(MOST_QUIET_MS, this.#lengths.longest / SHORT);
      const most = this.#ackWithin ?? MOST_QUIETS * quiet;
      const left = (oldest?.since ?? 0) + most - performance.now();
      if (left <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(quiet, left));
        this.#endWait = (): void => {
          clearTimeout(timer); // a timer would keep the process from ending
          resolve();
        };
      });
      if (this.#ackWithin === null && this.#messages.length === length) return;
    }
  }

  /** Whether the messages are worth writing now; short ones always are. */
  #hasEnough(): boolean {
    const { total, longest } = this.#lengths;
    return longest < SHORT || total >= Math.min(ENOUGH * longest, MOST_BATCH_BYTES);
  }
}

function withMessage({ total, longest }: Lengths, { bytes }: WaitingMessage): Lengths {
  return { total: total + bytes.length, longest: Math.max(longest, bytes.length) };
}
