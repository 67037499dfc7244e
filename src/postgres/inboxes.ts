// The inboxes of one process, and how much memory they may take.
import type { Database } from './database.ts';
import { Inbox } from './inbox.ts';

/** Most bytes that are kept in memory between messages. */
const MOST_BYTES = 2 ** 27;
const MOST_INBOXES = 1_000;

export class Inboxes {
  readonly #database: Database;
  /** By session, the one used last at the end. */
  readonly #inboxes = new Map<string, Inbox>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** The inbox of a session, if this process has one. */
  find(sessionId: string): Inbox | null {
    return this.#inboxes.get(sessionId) ?? null;
  }

  /** The inbox of a session, made if this process has none. */
  use(sessionId: string): Inbox {
    const inbox = this.#inboxes.get(sessionId) ?? new Inbox(this.#database, sessionId);
    this.#inboxes.delete(sessionId);
    this.#inboxes.set(sessionId, inbox);
    return inbox;
  }

  delete(sessionId: string): void {
    this.#inboxes.delete(sessionId);
  }

  /** Deletes inboxes until the rest takes no more memory than allowed, the one unused for longest first. */
  limitMemory(): void {
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
