// The transactions of one process that write messages. Batches of many sessions that are short share one; batches that come during a
// transaction go into the next one. A long batch has a transaction of its own, and so has one whose session others hold for some time.
import { platform } from '#platform';
import { systemRandom } from '../crypto/random.ts';
import { StoreError } from '../leaves/errors.ts';
import type { Database } from './database.ts';
import { writeBatches, type JudgedBatch, type Refused } from './hearing-transaction.ts';

/** Most messages, and most bytes, of a transaction of many sessions. */
const MOST_MESSAGES = 1_000;
const MOST_BYTES = 2 ** 21;
/** A batch with more bytes has a transaction of its own. */
const LONG = 2 ** 17;
/** If others hold its session, a batch comes again after so many milliseconds on average; after some time in a transaction of its own. */
const COME_AGAIN = 5;
const PATIENCE = 500;
/** A transaction of many sessions waits so many milliseconds for a message that another transaction writes, too. */
const LOCK_TIMEOUT = 1_000;
const LOCK_NOT_AVAILABLE = '55P03';

interface WaitingBatch {
  readonly batch: JudgedBatch;
  readonly bytes: number;
  readonly since: number;
  readonly resolve: (refused: Refused) => void;
  readonly reject: (error: unknown) => void;
}

export class SharedCommits {
  readonly #database: Database;
  #waiting: WaitingBatch[] = [];
  #isRunning = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Resolves when the batch is durable.
   *
   * @throws HeardElsewhere, RoundMoved: nothing of it is written, and it is to be judged again. StoreError.
   */
  write(batch: JudgedBatch): Promise<Refused> {
    return new Promise((resolve, reject) => {
      const waiting = { batch, bytes: bytesOf(batch), since: performance.now(), resolve, reject };
      if (waiting.bytes > LONG) void this.#writeAlone(waiting);
      else this.#add(waiting);
    });
  }

  #add(waiting: WaitingBatch): void {
    this.#waiting.push(waiting);
    if (!this.#isRunning) void this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      await platform.pause(); // batches that are about to come go into this transaction
      await this.#writeTogether(this.#take());
    }
    this.#isRunning = false;
  }

  /** The oldest ones, at least one. */
  #take(): WaitingBatch[] {
    let [count, messages, bytes] = [0, 0, 0];
    for (const waiting of this.#waiting) {
      messages += waiting.batch.accepted.length;
      bytes += waiting.bytes;
      if (count > 0 && (messages > MOST_MESSAGES || bytes > MOST_BYTES)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #writeTogether(batches: readonly WaitingBatch[]): Promise<void> {
    try {
      const written = await this.#database.transaction(
        (query) =>
          writeBatches(
            query,
            batches.map(({ batch }) => batch),
            false,
          ),
        LOCK_TIMEOUT,
      );
      const now = performance.now();
      batches.forEach((waiting, i) => {
        const one = written[i] ?? null;
        if (one === null) {
          if (now - waiting.since > PATIENCE) void this.#writeAlone(waiting);
          else setTimeout(() => this.#add(waiting), comeAgain());
        } else if ('error' in one) waiting.reject(one.error);
        else waiting.resolve(one.refused);
      });
    } catch (error) {
      // One batch spoils the transaction of all, so each is tried by itself.
      if (wasRolledBack(error)) for (const waiting of batches) void this.#writeAlone(waiting);
      else for (const { reject } of batches) reject(error);
    }
  }

  async #writeAlone({ batch, resolve, reject }: WaitingBatch): Promise<void> {
    try {
      const [written] = await this.#database.transaction((query) => writeBatches(query, [batch], true));
      if (written === undefined || written === null) throw new Error('a batch that waits is written or refused');
      if ('error' in written) reject(written.error);
      else resolve(written.refused);
    } catch (error) {
      reject(error);
    }
  }
}

/** Some milliseconds by chance, so that processes which want the same sessions do not meet each time. */
function comeAgain(): number {
  return (COME_AGAIN * (systemRandom(1)[0] ?? 0)) / 128;
}

/** Whether the transaction has left nothing for sure, and might go well with fewer batches. */
function wasRolledBack(error: unknown): boolean {
  if (!(error instanceof StoreError)) return true; // a batch that is to be judged again, or rows that do not fit
  // An error without a cause was found here, before the commit; the others are the database's.
  return error.cause === undefined || !error.retryable || error.sqlState === LOCK_NOT_AVAILABLE;
}

/** About how many bytes a batch writes. */
function bytesOf({ accepted, part }: JudgedBatch): number {
  let bytes = 0;
  for (const { entry, records } of accepted) bytes += 32 + (entry?.length ?? 0) + (records?.sealed.length ?? 0);
  for (const { body } of part?.chunks ?? []) bytes += body.length;
  return bytes;
}
