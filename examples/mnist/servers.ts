// The server: several processes with one database, each of which takes any call. If one is killed, another gets the same call, because
// calls may be repeated. With --chaos the processes and the database are killed while the demo trains.
import { fork, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { ThresholdError } from 'secagg';
import { PostgresSessions } from 'secagg/postgres';
import { localPostgres, type LocalPostgres } from '../../scripts/local-postgres.ts';
import { NOTHING, plus, type Cost } from './cost.ts';
import type { Answer, Calls, Question } from './server-process.ts';

const PROGRAM = fileURLToPath(new URL('server-process.ts', import.meta.url));

/** The process or the database ended before it answered, so that nobody knows what was done. */
class Lost extends Error {}

export class Servers {
  readonly #database: LocalPostgres;
  readonly #schema: string;
  readonly #processes: ServerProcess[];
  #cost: Cost = NOTHING;
  #calls = 0;
  #ended = false;
  #chaos: Promise<void> | null = null;
  /** How often a process was killed and started again, and how often the database. */
  readonly restarts = { processes: 0, database: 0 };

  static async start(count: number): Promise<Servers> {
    const database = await localPostgres();
    const schema = `secagg_demo_${process.pid}`;
    const pool = new pg.Pool({ connectionString: database.url });
    await new PostgresSessions(pool, { schema }).migrate();
    await pool.end();
    return new Servers(database, schema, count);
  }

  private constructor(database: LocalPostgres, schema: string, count: number) {
    this.#database = database;
    this.#schema = schema;
    this.#processes = Array.from({ length: count }, () => this.#process());
  }

  #process(): ServerProcess {
    return new ServerProcess({ DEMO_DATABASE: this.#database.url, DEMO_SCHEMA: this.#schema });
  }

  get count(): number {
    return this.#processes.length;
  }

  /** Bytes and time of all calls so far. */
  get cost(): Cost {
    return this.#cost;
  }

  /** Asks one process after another until one answers. @throws ThresholdError. */
  async call<M extends keyof Calls>(method: M, ...args: Calls[M]['args']): Promise<Calls[M]['value']> {
    for (;;) {
      try {
        const { value, milliseconds } = await this.#next().ask(method, args);
        this.#cost = plus(this.#cost, { bytes: bytesOf(args) + bytesOf(value), milliseconds });
        return value as Calls[M]['value'];
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        await sleep(50);
      }
    }
  }

  #next(): ServerProcess {
    const index = this.#calls++ % this.#processes.length;
    const chosen = this.#processes[index];
    if (chosen?.alive === true) return chosen;
    return (this.#processes[index] = this.#process());
  }

  /** Kills a process or the database about every second from now on. */
  disturb(): void {
    this.#chaos = (async (): Promise<void> => {
      for (;;) {
        await sleep(randomInt(500, 1_500), undefined, { ref: false });
        if (this.#ended) return;
        // A database that DATABASE_URL names is not killed.
        if (this.#database.own && randomInt(5) === 0) {
          this.restarts.database++;
          await this.#database.crash();
          await this.#database.start();
        } else {
          this.restarts.processes++;
          this.#processes[randomInt(this.#processes.length)]?.kill();
        }
      }
    })();
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#chaos;
    for (const one of this.#processes) one.kill();
    const pool = new pg.Pool({ connectionString: this.#database.url });
    await pool.query(`drop schema if exists ${this.#schema} cascade`);
    await pool.end();
    await this.#database.stop();
  }
}

class ServerProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  #calls = 0;
  alive = true;

  constructor(env: Readonly<Record<string, string>>) {
    this.#child = fork(PROGRAM, { execArgv: ['--import', 'tsx'], serialization: 'advanced', env: { ...process.env, ...env } });
    this.#child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.call)?.resolve(answer);
      this.#waiting.delete(answer.call);
    });
    const dead = (): void => {
      this.alive = false;
      for (const { reject } of this.#waiting.values()) reject(new Lost());
      this.#waiting.clear();
    };
    this.#child.once('exit', dead);
    this.#child.once('error', dead);
  }

  async ask(method: keyof Calls, args: readonly unknown[]): Promise<{ value: unknown; milliseconds: number }> {
    const call = this.#calls++;
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      this.#child.send({ call, method, args } satisfies Question, (error) => {
        if (error !== null) reject(new Lost());
      });
    });
    if ('value' in answer) return answer;
    if ('tooFew' in answer) throw new ThresholdError('too few participants were heard', answer.tooFew);
    if (answer.code === 'ERR_SECAGG_STORE') throw new Lost();
    throw new Error(`${method}: ${answer.code}: ${answer.message}`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Number of bytes of the messages among some values. */
function bytesOf(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof Map) return bytesOf([...value.values()]);
  if (Array.isArray(value)) return value.reduce<number>((total, one) => total + bytesOf(one), 0);
  return typeof value === 'object' && value !== null && 'messages' in value ? bytesOf(value.messages) : 0;
}
