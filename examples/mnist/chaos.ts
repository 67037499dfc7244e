// What --chaos does: it kills the server's processes and the database while the demo trains.
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from './service.ts';

export class Chaos {
  readonly #servers: Service['servers'];
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;
  /** How often the database was killed and started again. */
  crashes = 0;

  /** From now on, kills something a second or so after the last thing that was killed is back. */
  constructor({ servers }: Service) {
    this.#servers = servers;
    this.#running = this.#disturb();
  }

  async #disturb(): Promise<void> {
    const { signal } = this.#ending;
    const { database, processes } = this.#servers;
    for (;;) {
      await sleep(randomInt(500, 1_500), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      // A database that DATABASE_URL names is not ours to kill.
      if (database.own && randomInt(5) === 0) {
        this.crashes++;
        await database.crash();
        await database.start();
      } else {
        await processes.kill(randomInt(processes.count));
      }
    }
  }

  async end(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }
}
