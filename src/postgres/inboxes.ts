// The inboxes of one process, and how much memory they may take.
import { UsageError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import type { Database } from './database.ts';
import type { Hearing } from './group-commit.ts';
import { Inbox } from './inbox.ts';
import type { Acceptance } from './message-queue.ts';
import type { SessionReads } from './session-reads.ts';
import { SharedCommits } from './shared-commits.ts';

/** Most bytes that are kept in memory between messages. */
const MOST_BYTES = 2 ** 27;
const MOST_INBOXES = 1_000;
/** The memory is looked at after so many messages: looking takes as long as there are inboxes. */
const LOOK_EVERY = 64;

export class Inboxes {
  readonly #hearing: Hearing;
  /** By session, the one used last at the end. */
  readonly #inboxes = new Map<string, Inbox>();
  #messages = 0;

  constructor(database: Database, reads: SessionReads, ackWithin: number | null) {
    this.#hearing = { database, reads, commits: new SharedCommits(database), ackWithin };
  }

  /** The inbox of a session, if this process has one. */
  find(sessionId: string): Inbox | null {
    return this.#inboxes.get(sessionId) ?? null;
  }

  /** Puts a message into the inbox of a session, made if this process has none. Resolves when the message is durable. */
  async put(sessionId: string, user: UserId, bytes: Uint8Array): Promise<Acceptance> {
    const inbox = this.#inboxes.get(sessionId) ?? new Inbox(this.#hearing, sessionId);
    this.#inboxes.delete(sessionId);
    this.#inboxes.set(sessionId, inbox);
    try {
      return await inbox.put(user, bytes);
    } catch (error) {
      // Whoever makes ids up takes no memory.
      const isUnknown = error instanceof UsageError && error.code === 'ERR_SECAGG_UNKNOWN_SESSION';
      if (isUnknown && this.find(sessionId) === inbox) this.#inboxes.delete(sessionId);
      throw error;
    } finally {
      if (++this.#messages % LOOK_EVERY === 0) this.#limitMemory();
    }
  }

  /** Forgets the inbox of a session that has ended: messages that wait in it are told so at once. */
  end(sessionId: string): void {
    const inbox = this.find(sessionId);
    this.#inboxes.delete(sessionId);
    void inbox?.afterWriting(undefined, () => Promise.resolve());
  }

  /** Deletes inboxes until the rest takes no more memory than allowed, the one unused for longest first. */
  #limitMemory(): void {
    let bytes = 0;
    for (const inbox of this.#inboxes.values()) bytes += inbox.bytes;
    for (const [sessionId, inbox] of this.#inboxes) {
      if (bytes <= MOST_BYTES && this.#inboxes.size <= MOST_INBOXES) return;
      if (!inbox.isIdle) continue;
      bytes -= inbox.bytes;
      this.#inboxes.delete(sessionId);
    }
  }
}
