// The messages of one session that one process hears: they wait here, and become durable several at a time (group commit).
// Messages that arrive during a transaction go into the next one.
import type { ServerLocalOptions } from '../server/options.ts';
import type { Database } from './database.ts';
import { HeardElsewhere, hearBatch, messageNotWritten } from './group-commit.ts';
import { MessageQueue, type Acceptance, type WaitingMessage } from './message-queue.ts';
import type { RecoveredSession } from './recovered-session.ts';
import { DigestListener, type Verdicts } from './verdicts.ts';

export class Inbox {
  readonly #database: Database;
  readonly #sessionId: string;
  readonly #digests: DigestListener;
  readonly #queue = new MessageQueue();
  /** A copy of the session that has heard what this process has made durable; null if the next batch must load it. */
  #session: RecoveredSession | null = null;
  #running: Promise<void> | null = null;

  /** @param locals options of the session's server that are not part of its state. */
  constructor(database: Database, sessionId: string, locals: ServerLocalOptions) {
    this.#database = database;
    this.#sessionId = sessionId;
    this.#digests = new DigestListener(locals);
  }

  /** Whether no message waits, so that the inbox may be forgotten. */
  get isIdle(): boolean {
    return this.#running === null;
  }

  /** Length of the state that the inbox keeps in memory, in characters. */
  get stateLength(): number {
    return this.#session?.stateLength ?? 0;
  }

  /** Hands over the session, so that whoever closes the round need not hear it again; null if messages wait. */
  takeSession(): RecoveredSession | null {
    if (!this.isIdle) return null;
    const session = this.#session;
    this.#session = null;
    return session;
  }

  /** Takes the session in its next round, once that is durable. */
  putSession(session: RecoveredSession): void {
    if (this.isIdle) this.#session ??= session;
  }

  /** Resolves when the message is durable. */
  put(user: number, bytes: Uint8Array): Promise<Acceptance> {
    return new Promise((resolve, reject) => {
      this.#queue.add({ user, bytes, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Writes all messages that have arrived, without waiting for more. */
  async flush(): Promise<void> {
    this.#queue.setUrgent(true);
    await this.#running;
    this.#queue.setUrgent(false);
  }

  async #run(): Promise<void> {
    try {
      while (!this.#queue.isEmpty) await this.#writeBatch(await this.#queue.nextBatch());
    } finally {
      // Runs synchronously after the check of the queue, so a later `put` starts a new run.
      this.#running = null;
    }
  }

  async #writeBatch(batch: readonly WaitingMessage[]): Promise<void> {
    try {
      for (const [message, verdict] of await this.#commit(batch)) {
        if (typeof verdict === 'string') message.resolve(verdict);
        else message.reject(verdict);
      }
    } catch (error) {
      // Nobody of the batch was acknowledged, and the session in memory may have heard what the database has not.
      this.#session = null;
      for (const message of batch) message.reject(error);
    }
  }

  async #commit(batch: readonly WaitingMessage[]): Promise<Verdicts> {
    const elsewhere = new Set<number>();
    for (;;) {
      try {
        const { session, verdicts } = await this.#database.transaction((query) => {
          // Until the commit the session is ahead of the database. If the transaction fails, the session is not used again.
          const known = this.#session;
          this.#session = null;
          return hearBatch({ query, sessionId: this.#sessionId, digests: this.#digests }, known, batch);
        });
        this.#session = session;
        return verdicts;
      } catch (error) {
        if (!(error instanceof HeardElsewhere)) throw error;
        // Ends, because each time other processes have heard at least one more user of the batch. A user that was heard
        // elsewhere has a row, which the next attempt reads before it judges the message.
        if (error.users.some((user) => elsewhere.has(user))) throw messageNotWritten();
        for (const user of error.users) elsewhere.add(user);
      }
    }
  }
}
