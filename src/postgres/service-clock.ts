// Service time, which all processes of a schema share.
import * as sql from './coordinator-statements.ts';
import type { Database } from './database.ts';

/** Milliseconds for which service time is not read again by one process. */
const REMEMBERED = 100;

export class ServiceClock {
  readonly #database: Database;
  #time: { readonly milliseconds: number; readonly readAt: number } | null = null;

  constructor(database: Database) {
    this.#database = database;
  }

  /** In milliseconds. */
  async heartbeat(): Promise<number> {
    const known = this.#time;
    if (known !== null && performance.now() - known.readAt < REMEMBERED) return known.milliseconds;
    const [row] = await this.#database.transaction((query) => query(sql.heartbeat));
    const milliseconds = row?.milliseconds ?? 0;
    this.#time = { milliseconds, readAt: performance.now() };
    return milliseconds;
  }
}
