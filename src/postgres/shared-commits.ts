// The transactions of one process that write messages. Batches of many sessions that are short share one; batches that come during a
// transaction go into the next one. A long batch has a transaction of its own, and so has one whose session others hold for some time.
import { systemRandom } from '../crypto/random.ts';
import { StoreError } from '../leaves/errors.ts';
import type { Database } from './database.ts';
import { isHeld, isOfDatabase, LOCK_NOT_AVAILABLE } from './driver-error.ts';
import {
  SomeAdmittedElsewhere,
  SomeHeardElsewhere,
  writeBatches,
  type JudgedBatch,
  type Refused,
  type WriteOptions,
  type WrittenBatch,
} from './hearing-transaction.ts';
import { WAIT } from './held-sessions.ts';
import { halvesOf, SharedQueue } from './shared-queue.ts';

/** Most messages, and most bytes, of a transaction of many sessions. */
const MOST_MESSAGES = 1_000;
const MOST_BYTES = 2 ** 21;
/** A batch with more bytes has a transaction of its own. */
const LONG = 2 ** 17;
/** If others hold its session, a batch comes again after so many milliseconds on average, and later after longer pauses. */
const COME_AGAIN = 5;
const LATER = 1 / 8;
/** After so many milliseconds it waits for its session, if there is a place. */
const PATIENCE = 500;
/** A transaction of many sessions waits so many milliseconds for a message that another transaction writes, too. */
const LOCK_TIMEOUT = 50;

const USUAL: WriteOptions = { waits: false, looks: false };

interface WaitingBatch {
  readonly batch: JudgedBatch;
  readonly bytes: number;
  readonly since: number;
  /** Whether it has found rows that others hold. It would delay the batches that it shares a transaction with. */
  hasHeldRows: boolean;
  readonly resolve: (refused: Refused) => void;
  readonly reject: (error: unknown) => void;
}

export class SharedCommits {
  readonly #database: Database;
  readonly #queue = new SharedQueue<WaitingBatch>(countOf, (batches) => this.#write(batches));

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
      const [bytes, since] = [bytesOf(batch), performance.now()];
      this.#add({ batch, bytes, since, hasHeldRows: false, resolve, reject });
    });
  }

  #add(waiting: WaitingBatch): void {
    if (waiting.bytes > LONG) void this.#write([waiting]);
    else this.#queue.add(waiting);
  }

  async #write(batches: readonly WaitingBatch[], { waits, looks }: WriteOptions = USUAL): Promise<void> {
    const judged = batches.map(({ batch }) => batch);
    let isCommitSent = false;
    let written: readonly WrittenBatch[];
    try {
      written = await this.#database.transaction(
        async (query) => {
          isCommitSent = false;
          const all = await writeBatches(query, judged, { waits, looks });
          isCommitSent = true;
          return all;
        },
        waits ? WAIT : LOCK_TIMEOUT,
      );
    } catch (error) {
      if (error instanceof SomeAdmittedElsewhere) await this.#write(batches, { waits, looks: true });
      else await this.#afterError(batches, error, { isCommitSent, waits });
      return;
    }
    batches.forEach((waiting, i) => {
      const one = written[i] ?? null;
      if (one === null) this.#again(waiting);
      else if ('error' in one) waiting.reject(one.error);
      else waiting.resolve(one.refused);
    });
  }

  async #afterError(batches: readonly WaitingBatch[], error: unknown, { isCommitSent, waits }: Attempt): Promise<void> {
    if (error instanceof SomeHeardElsewhere) {
      for (const { batch, reject } of batches) {
        const one = error.of.get(batch);
        if (one !== undefined) reject(one);
      }
      const others = batches.filter(({ batch }) => !error.of.has(batch));
      if (others.length > 0) await this.#write(others);
      return;
    }
    // If PostgreSQL answers a commit with an error, nothing is written. Only if it does not answer, nobody knows.
    const isRolledBack = !isCommitSent || error instanceof StoreError;
    const [only] = batches;
    if (isOfDatabase(error) || !isRolledBack) for (const { reject } of batches) reject(error);
    else if (batches.length > 1) for (const half of halvesOf(batches)) await this.#write(half);
    else if (only !== undefined && isHeld(error)) {
      only.hasHeldRows ||= !waits;
      this.#again(only);
    } else only?.reject(error);
  }

  /** Lets a batch come again of which others hold the session or rows. */
  #again(waiting: WaitingBatch): void {
    const { lockWaits, lockTimeout } = this.#database;
    const waited = performance.now() - waiting.since;
    if (waited > lockTimeout) waiting.reject(heldTooLong(lockTimeout));
    else if (waiting.hasHeldRows || (waited > PATIENCE && lockWaits.isFree)) void this.#writeWaiting(waiting);
    else setTimeout(() => this.#add(waiting), (COME_AGAIN + LATER * waited) * randomFactor());
  }

  /** In a transaction of its own, which waits. */
  #writeWaiting(waiting: WaitingBatch): Promise<void> {
    const { lockWaits, lockTimeout } = this.#database;
    return lockWaits.run(async () => {
      // There may have been no place for long.
      if (performance.now() - waiting.since > lockTimeout) waiting.reject(heldTooLong(lockTimeout));
      else await this.#write([waiting], { ...USUAL, waits: true });
    });
  }
}

/** One transaction that has failed. */
interface Attempt {
  readonly isCommitSent: boolean;
  readonly waits: boolean;
}

/** The oldest ones, at least one. A second batch of a session waits: it may have a user of the first, and is judged again once that is written. */
function countOf(waiting: readonly WaitingBatch[]): number {
  let [count, messages, bytes] = [0, 0, 0];
  const sessions = new Set<string>();
  for (const one of waiting) {
    const { id } = one.batch.session;
    if (sessions.has(id)) break;
    sessions.add(id);
    messages += one.batch.accepted.length;
    bytes += one.bytes;
    if (count > 0 && (messages > MOST_MESSAGES || bytes > MOST_BYTES)) break;
    count++;
  }
  return count;
}

/** 1 on average, so that processes which want the same sessions do not meet each time. */
function randomFactor(): number {
  return (systemRandom(1)[0] ?? 0) / 128;
}

function heldTooLong(milliseconds: number): StoreError {
  const text = `database: other transactions hold the session for longer than ${milliseconds} ms; nothing was acknowledged, try again`;
  return new StoreError('ERR_SECAGG_STORE', text, { sqlState: LOCK_NOT_AVAILABLE });
}

/** About how many bytes a batch writes. */
function bytesOf({ accepted, part }: JudgedBatch): number {
  let bytes = 0;
  for (const { entry, records } of accepted) bytes += 32 + (entry?.length ?? 0) + (records?.sealed.length ?? 0);
  for (const { body } of part?.chunks ?? []) bytes += body.length;
  return bytes;
}
