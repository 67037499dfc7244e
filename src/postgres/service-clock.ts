// Service time, which all processes of a schema share.
import * as sql from './coordinator-statements.ts';
import type { Database } from './database.ts';

/** Milliseconds for which service time is not read again by one process. */
const REMEMBERED = 100;

export class ServiceClock {
  readonly #database: Database;
  #time: { readonly milliseconds: number; readonly readAt: number } | null = null;
  /** While the database is asked. Whoever comes meanwhile shares the answer: a heartbeat writes a row that all processes share. */
  #asked: Promise<number> | null = null;

  constructor(database: Database) {
    this.#database = database;
  }

  /** In milliseconds. */
  async heartbeat(): Promise<number> {
    const known = this.#time;
    if (known !== null && performance.now() - known.readAt < REMEMBERED) return known.milliseconds;
    this.#asked ??= this.#ask().finally(() => (this.#asked = null));
    return this.#asked;
  }

  async #ask(): Promise<number> {
    const [row] = await this.#database.transaction((query) => query(sql.heartbeat));
    const milliseconds = row?.milliseconds ?? 0;
    this.#time = { milliseconds, readAt: performance.now() };
    return milliseconds;
  }
}
