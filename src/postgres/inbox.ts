// The messages of one session that one process hears: they wait here, and become durable several at a time (group commit).
// Messages that arrive during a transaction go into the next one.
import { Cancellation } from '../leaves/cancellation.ts';
import type { UserId } from '../leaves/ids.ts';
import type { AbortSignalLike } from '../leaves/signals.ts';
import { RECORD_BYTES } from '../leaves/sizes.ts';
import { settled } from '../leaves/sleep.ts';
import type { Lanes } from '../masking/ring.ts';
import { laneBytes } from '../session/parameters.ts';
import { claimedRound } from '../wire/envelope.ts';
import type { PartRow } from './chunk-statements.ts';
import { CHUNK_BYTES } from './chunks.ts';
import { hearBatch, MASKED_INPUT, type Hearing } from './group-commit.ts';
import { HeardElsewhere, messageNotWritten, RoundMoved } from './hearing-transaction.ts';
import { awaitClosing } from './lease.ts';
import { MessageQueue, type Acceptance, type BatchLimits, type WaitingMessage } from './message-queue.ts';
import { newPart, type Part } from './part.ts';
import { requireLive } from './session-status.ts';
import { isSameMoment, loadSession, type StoredSession } from './stored-session.ts';
import type { Verdicts } from './verdicts.ts';

const MOST_MESSAGES = 1_000;
/**
 * Batches of long masked inputs that are on their way at a time. To judge one takes as long as to write its sum: so one is judged while the
 * other is written, and each has a sum of its own.
 */
const MOST_AT_ONCE = 2;
/** Most bytes of the records that answers of round 4 are compared with. */
const MOST_RECORD_BYTES = 2 ** 25;
/** About what a line of the directory takes in memory, in bytes. */
const LINE_BYTES = 500;

export class Inbox {
  readonly #hearing: Hearing;
  readonly #sessionId: string;
  readonly #queue: MessageQueue;
  /** The session in the round of the last batch; null if the next batch must read it. */
  #session: StoredSession | null = null;
  /** Partial sums of the round, to which no batch on its way adds. */
  #parts: Part[] = [];
  readonly #writing = new Set<Promise<void>>();
  #hasCome: () => void = nothing;
  #isRunning = false;
  /** Settles when all messages that have come so far are durable or refused. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(hearing: Hearing, sessionId: string) {
    this.#hearing = hearing;
    this.#queue = new MessageQueue(hearing.ackWithin);
    this.#sessionId = sessionId;
  }

  /** What the inbox has read of the session; its round may be over. */
  get session(): StoredSession | null {
    return this.#session;
  }

  /** Whether no message waits, so that the inbox may be forgotten. */
  get isIdle(): boolean {
    return !this.#isRunning;
  }

  /** About how many bytes the inbox keeps in memory between messages. */
  get bytes(): number {
    const sums = this.#parts.reduce((total, { sum }) => total + (sum?.length ?? 0), 0);
    return sums + (this.#session?.sets?.directory.size ?? 0) * LINE_BYTES;
  }

  /** Resolves when the message is durable. */
  put(user: UserId, bytes: Uint8Array): Promise<Acceptance> {
    const since = performance.now();
    const acceptance = new Promise<Acceptance>((resolve, reject) => {
      this.#queue.add({ user, bytes, since, resolve, reject });
    });
    const [before, isSettled] = [this.#last, acceptance.then(nothing, nothing)];
    this.#last = before.then(() => isSettled);
    if (this.#isRunning) this.#hasCome();
    else void this.#run();
    return acceptance;
  }

  /** The sum of a part as a row names it, if it is in memory. It stays as it is until the caller's turn of the event loop ends. */
  sumOf({ part_id: id, set_id: set }: PartRow): Lanes | null {
    return this.#parts.find((part) => part.id === id && part.set === set)?.sum ?? null;
  }

  /** Runs `work` once the messages that have come before the call are written. Until it is settled, messages do not wait for others. */
  async afterWriting<T>(signal: AbortSignalLike | undefined, work: () => Promise<T>): Promise<T> {
    const waiting = new Cancellation(signal);
    try {
      return await this.#queue.hurry(async () => {
        await settled(this.#last, waiting.signal);
        return work();
      });
    } finally {
      waiting.release();
    }
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (!this.#queue.isEmpty) {
        // If the session cannot be read, the batch is told why.
        if (this.#session === null) await this.#present().catch(() => undefined);
        this.#write(await this.#queue.nextBatch(limitsFor(this.#session)));
        await this.#room();
      }
    } finally {
      // Runs synchronously after the check of the queue, so a later `put` starts a new run.
      this.#isRunning = false;
    }
  }

  #write(batch: readonly WaitingMessage[]): void {
    const writing: Promise<void> = this.#writeBatch(batch).finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  /** Resolves when another batch may be on its way. */
  async #room(): Promise<void> {
    while (this.#writing.size >= (this.#queue.hasManyLong && isShort(this.#session) ? MOST_AT_ONCE : 1)) {
      await Promise.race([...this.#writing, new Promise<void>((resolve) => (this.#hasCome = resolve))]);
    }
  }

  async #writeBatch(batch: readonly WaitingMessage[]): Promise<void> {
    const started = performance.now();
    try {
      const { round, verdicts } = await this.#commit(batch);
      for (const [message, verdict] of verdicts) {
        if (typeof verdict === 'string') message.resolve(verdict);
        else message.reject(verdict);
      }
      this.#tell(round, verdicts, performance.now() - started);
    } catch (error) {
      // Nobody of the batch was acknowledged, and nobody knows what is written.
      for (const message of batch) message.reject(error);
    }
  }

  #tell(round: number, verdicts: Verdicts, milliseconds: number): void {
    const sessionId = this.#sessionId;
    const count = { accepted: 0, repeated: 0, refused: 0 };
    for (const [{ user: userId }, verdict] of verdicts) {
      count[typeof verdict === 'string' ? verdict : 'refused']++;
      if (typeof verdict === 'string') continue;
      this.#hearing.database.tell({ type: 'message-refused', sessionId, userId, code: verdict.code });
    }
    this.#hearing.database.tell({ type: 'messages-heard', sessionId, round, ...count, milliseconds });
  }

  /** @returns the verdicts, and the round in which they were given: it may be over by now, or nothing be known of the session any more. */
  async #commit(batch: readonly WaitingMessage[]): Promise<{ readonly round: number; readonly verdicts: Verdicts }> {
    const elsewhere = new Set<number>();
    const started = performance.now();
    for (let hasMoved = false; ;) {
      const session = await (hasMoved ? this.#present() : this.#sessionFor(batch));
      const part = this.#parts.pop() ?? newPart();
      // Until the commit the sum in memory is ahead of the database. If the transaction fails, it is read again.
      let after: Part = { ...part, sum: null };
      try {
        const heard = await hearBatch(this.#hearing, session, part, batch);
        after = heard.part;
        return { round: session.row.round, verdicts: heard.verdicts };
      } catch (error) {
        if (error instanceof RoundMoved) {
          hasMoved = true;
          await awaitClosing(this.#hearing.database, this.#sessionId, started);
        } else if (error instanceof HeardElsewhere) {
          // Ends, because each time other processes have heard at least one more user of the batch. A user that was heard
          // elsewhere has a row, which the next attempt reads before it judges the message.
          if (error.users.some((user) => elsewhere.has(user))) throw messageNotWritten();
          for (const user of error.users) elsewhere.add(user);
        } else {
          // The part may be written: this process begins another.
          [this.#session, this.#parts] = [null, []];
          throw error;
        }
      } finally {
        if (this.#session === session) this.#parts.push(after);
      }
    }
  }

  /**
   * The session in the round of some messages. It may have moved on since it was read: the transaction finds that out, and so does whoever
   * is to refuse a message.
   */
  async #sessionFor(batch: readonly WaitingMessage[]): Promise<StoredSession> {
    const known = this.#session;
    const isOpen = known?.row.status === 'collecting' && batch.every(({ bytes }) => claimedRound(bytes) === known.row.round);
    return isOpen ? known : this.#present();
  }

  /** The session in its present round. */
  async #present(): Promise<StoredSession> {
    const { reads } = this.#hearing;
    const id = this.#sessionId;
    const now = requireLive(await reads.moment(id), id);
    if (this.#session !== null && isSameMoment(this.#session.row, now)) return this.#session;
    const before = this.#session;
    [this.#session, this.#parts] = [null, []];
    this.#session = await loadSession(reads, id, requireLive(await reads.session(id), id), before);
    return this.#session;
  }
}

/** Whether there is memory for two sums of a session's masked inputs. */
function isShort(session: StoredSession | null): boolean {
  if (session?.row.round !== MASKED_INPUT) return false;
  const { bits, vecLen } = session.context.parameters;
  return laneBytes(bits) * vecLen <= CHUNK_BYTES;
}

function nothing(): void {
  // Whoever waits for a message hears of its error.
}

/** How much a batch may have, so that no statement, tile or page grows with the session. */
function limitsFor(session: StoredSession | null): BatchLimits {
  // Nothing is known of the session: a few messages, in case that they are long.
  if (session === null) return { messages: MOST_MESSAGES, bytes: CHUNK_BYTES / 2 };
  const { row, sets, context } = session;
  if (row.round === MASKED_INPUT) return { messages: MOST_MESSAGES, bytes: Infinity };
  const { graph } = context.parameters;
  const isComplete = graph === 'complete';
  const held = (isComplete ? (sets?.directory.size ?? 1) : graph.neighbors) * RECORD_BYTES;
  if (row.round === 4) return { messages: Math.min(MOST_MESSAGES, Math.ceil(MOST_RECORD_BYTES / held)), bytes: CHUNK_BYTES / 2 };
  // The records of the complete graph are one value; other values are in arrays, which the driver writes as text.
  return { messages: MOST_MESSAGES, bytes: row.round === 1 && isComplete ? CHUNK_BYTES : CHUNK_BYTES / 2 };
}
