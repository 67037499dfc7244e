// The server: several processes with one database. Each process answers any request. If a process is killed during a request, the
// request is repeated at another one. With --chaos, the processes and the database are killed while the demo trains.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { PostgresCoordinatorStore } from 'secagg/postgres';
import { bundled } from '../../scripts/bundled.ts';
import { localPostgres, type LocalPostgres } from '../../scripts/local-postgres.ts';
import { post } from '../service/exchange.ts';
import { OptionError } from './options.ts';
import type { Setup } from './server-process.ts';

const PROGRAM = new URL('server-process.ts', import.meta.url);

/** Milliseconds for which a request is repeated. */
const PATIENCE = 60_000;

interface ServerProcess {
  readonly child: ChildProcess;
  readonly url: Promise<string>;
}

export class Servers {
  readonly #database: LocalPostgres;
  readonly #program: string;
  readonly #setup: Setup;
  readonly #processes: ServerProcess[];
  #requests = 0;
  #time = 0;
  readonly #ending = new AbortController();
  #chaos: Promise<void> | null = null;
  /** How often a process was killed and started again, and how often the database. */
  readonly restarts = { processes: 0, database: 0 };

  /** @throws OptionError if the database that DATABASE_URL names cannot be used. */
  static async start(count: number, setup: Omit<Setup, 'database' | 'schema' | 'time'>): Promise<Servers> {
    const database = await localPostgres();
    // Not the id of this process: demos on other machines may use the same database.
    const schema = `secagg_demo_${randomUUID().replaceAll('-', '')}`;
    const pool = new pg.Pool({ connectionString: database.url, connectionTimeoutMillis: 10_000 });
    try {
      await new PostgresCoordinatorStore(pool, { schema }).migrate();
    } catch (error) {
      if (database.own) throw error;
      const { message, cause } = error as Error;
      throw new OptionError(`DATABASE_URL: ${cause instanceof Error ? cause.message : message}`);
    } finally {
      await pool.end();
    }
    return new Servers(count, database, await bundled(PROGRAM), { ...setup, database: database.url, schema, time: 0 });
  }

  private constructor(count: number, database: LocalPostgres, program: string, setup: Setup) {
    this.#database = database;
    this.#program = program;
    this.#setup = setup;
    this.#processes = Array.from({ length: count }, () => this.#process());
  }

  #process(): ServerProcess {
    const child = spawn(process.execPath, ['--input-type=module', '-'], {
      cwd: new URL('.', PROGRAM), // where it finds its packages
      stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    child.stdin?.on('error', () => undefined).end(this.#program); // it may be killed before it has read
    child.send({ ...this.#setup, time: this.#time }, () => undefined);
    const dead = once(child, 'exit').then(() => Promise.reject(new Error('a server process has ended')));
    const url = Promise.race([once(child, 'message').then(([port]) => `http://127.0.0.1:${port}`), dead]);
    url.catch(() => undefined);
    return { child, url };
  }

  /** Asks one process after another until one answers, or always the same one. @returns the body of the response. */
  async post(path: string, body: Uint8Array, only?: number): Promise<Uint8Array> {
    for (const began = Date.now(); ;) {
      try {
        return await post(`${await this.#alive(only ?? this.#requests++ % this.#processes.length).url}${path}`, body);
      } catch (error) {
        if (this.#ending.signal.aborted || Date.now() - began > PATIENCE) throw error;
        await sleep(50);
      }
    }
  }

  #alive(index: number): ServerProcess {
    const chosen = this.#processes[index];
    if (chosen?.child.exitCode === null && chosen.child.signalCode === null) return chosen;
    return (this.#processes[index] = this.#process());
  }

  /** Two seconds pass, and each process does what is due. Time passes in no other way, so that nobody has to wait for it. */
  async pass(): Promise<void> {
    this.#time += 2000;
    const time = new TextEncoder().encode(String(this.#time));
    for (const index of this.#processes.keys()) await this.post('/time', time, index);
  }

  /** From now on, kills something a second or so after the last thing that was killed is back. */
  disturb(): void {
    this.#chaos = this.#disturb();
  }

  async #disturb(): Promise<void> {
    const { signal } = this.#ending;
    for (;;) {
      await sleep(randomInt(500, 1_500), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      // A database that DATABASE_URL names is not ours to kill.
      if (this.#database.own && randomInt(5) === 0) {
        this.restarts.database++;
        await this.#database.crash();
        await this.#database.start();
      } else {
        this.restarts.processes++;
        const index = randomInt(this.#processes.length);
        this.#processes[index]?.child.kill('SIGKILL');
        this.#processes[index] = this.#process();
        await this.#processes[index].url.catch(() => undefined);
      }
    }
  }

  async end(): Promise<void> {
    this.#ending.abort();
    for (const { child } of this.#processes) child.kill('SIGKILL');
    await this.#chaos;
    await this.discard();
    await this.#database.stop();
  }

  /** Removes what the runs have left in a database that stays. A database of our own goes with this process. */
  async discard(): Promise<void> {
    if (this.#database.own) return;
    const pool = new pg.Pool({ connectionString: this.#database.url });
    await pool.query(`drop schema if exists ${this.#setup.schema} cascade`);
    await pool.end();
  }
}
