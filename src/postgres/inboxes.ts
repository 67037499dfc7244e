// The inboxes of one process, and how much memory they may take.
import type { ServerLocalOptions } from '../server/options.ts';
import type { Database } from './database.ts';
import { Inbox } from './inbox.ts';

/** Most characters of states that are kept in memory between messages. */
const MOST_STATE_LENGTH = 2 ** 27;
const MOST_INBOXES = 1_000;

export class Inboxes {
  readonly #database: Database;
  readonly #locals: ServerLocalOptions;
  /** By session, the one used last at the end. */
  readonly #inboxes = new Map<string, Inbox>();

  /** @param locals options of servers that are not part of their states. */
  constructor(database: Database, locals: ServerLocalOptions) {
    this.#database = database;
    this.#locals = locals;
  }

  /** The inbox of a session, if this process has one. */
  find(sessionId: string): Inbox | null {
    return this.#inboxes.get(sessionId) ?? null;
  }

  /** The inbox of a session, made if this process has none. */
  use(sessionId: string): Inbox {
    const inbox = this.#inboxes.get(sessionId) ?? new Inbox(this.#database, sessionId, this.#locals);
    this.#inboxes.delete(sessionId);
    this.#inboxes.set(sessionId, inbox);
    return inbox;
  }

  delete(sessionId: string): void {
    this.#inboxes.delete(sessionId);
  }

  /** Deletes inboxes until the rest takes no more memory than allowed, the one unused for longest first. */
  limitMemory(): void {
    let length = 0;
    for (const inbox of this.#inboxes.values()) length += inbox.stateLength;
    for (const [sessionId, inbox] of this.#inboxes) {
      if (length <= MOST_STATE_LENGTH && this.#inboxes.size <= MOST_INBOXES) return;
      if (!inbox.isIdle) continue;
      length -= inbox.stateLength;
      this.#inboxes.delete(sessionId);
    }
  }
}
