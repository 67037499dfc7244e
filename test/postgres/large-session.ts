// A session of many stand-ins, played against a database: what it writes, how long its transactions are, and what a call costs.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import type pg from 'pg';
import { PostgresSessions, type PoolConnection, type PostgresPool, type PoolQuery } from '../../src/postgres/index.ts';
import type { Round } from '../../src/session/notation.ts';
import { StandIns, type StandInsSetup } from '../support/stand-ins.ts';
import { bytesFor, type TestDatabase } from './support.ts';

/** Figures of a session, by round. */
export interface LargeSession {
  /** Bytes of the users' messages. */
  readonly messages: number[];
  /** Bytes of the write-ahead log while they were heard. */
  readonly log: number[];
  /** Bytes of the write-ahead log while the round was closed. */
  readonly closingLog: number[];
  /** Milliseconds of CPU for one call of `message()`, in this process and in the database's. */
  readonly messageCpu: number[];
  /** Milliseconds for one call of `progress()`. */
  readonly progress: number[];
  /** Seconds that closing took. */
  readonly closing: number[];
  /** Bytes of the session's tables at the end, with their indexes and what is dead in them. */
  readonly disk: number;
  /** Milliseconds of the longest transaction, with its statement that takes longest. */
  readonly longest: { readonly milliseconds: number; readonly statement: string };
}

/** Calls of a process, which may be another one. */
interface Caller {
  recv(id: string, user: number, bytes: Uint8Array): Promise<unknown>;
  round(id: string, r: number): Promise<unknown>;
}

interface Playing extends StandInsSetup {
  /** How many users are silent from round 3 on. */
  readonly silent?: number;
  /** Messages that are on their way at a time. */
  readonly atOnce?: number;
  /** Calls of `message()` that are measured in each round. */
  readonly measured?: number;
  /** The process that hears users and closes rounds; default: this one. */
  readonly caller?: Caller;
}

/** Plays a session to its end, and asserts its sum. */
export async function playLargeSession(database: TestDatabase, playing: Playing): Promise<LargeSession> {
  const { users, threshold, vecLen, graph = 'complete', silent = 0, atOnce = 64, measured = 200 } = playing;
  const timed = timedPool(database.pool);
  // As behind no PgBouncer: with prepared statements.
  const sessions = new PostgresSessions(timed, { schema: database.schema, direct: timed });
  const caller = playing.caller ?? sessions;
  const adversary = graph === 'complete' ? {} : ({ graph, adversary: 'semi-honest', security: 1 } as const);
  const id = await sessions.create({ threshold, vecLen, options: { ...adversary, maxUsers: users } });
  const standIns = new StandIns({ users, threshold, vecLen, graph });
  const all = Array.from({ length: users }, (_, i) => i);
  const figures: Omit<LargeSession, 'disk' | 'longest'> = {
    messages: [],
    log: [],
    closingLog: [],
    messageCpu: [],
    progress: [],
    closing: [],
  };
  for (let round = 0; round <= 4; round++) {
    const speaking = round < 3 ? all : all.slice(silent);
    if (round === 1) {
      await each(all, atOnce, async (i) => standIns.see(i, await bytesFor(sessions, id, standIns.ids[i]!)));
    }
    const some = speaking.filter((_, i) => i % Math.ceil(speaking.length / measured) === 0);
    figures.messageCpu.push(
      await cpuOf(database, async (one) => {
        for (const i of some) await one.message(id, standIns.ids[i]!);
        return some.length;
      }),
    );
    const message = round < 2 ? null : await bytesFor(sessions, id, standIns.ids[speaking[0]!]!);
    let bytes = 0;
    const before = await logPosition(database.pool);
    await each(speaking, atOnce, async (i) => {
      const answer = await standIns.answer(round as Round, i, message);
      bytes += answer.length;
      await caller.recv(id, standIns.ids[i]!, answer);
    });
    const heard = await logPosition(database.pool);
    const asked = performance.now();
    const { ready } = await sessions.progress(id);
    figures.progress.push(performance.now() - asked);
    expect(ready).to.equal(true);
    const started = performance.now();
    await caller.round(id, round);
    figures.closing.push((performance.now() - started) / 1000);
    figures.messages.push(bytes);
    figures.log.push(heard - before);
    figures.closingLog.push((await logPosition(database.pool)) - heard);
  }
  const sum = await sessions.result(id);
  expect(sum).to.have.length(vecLen);
  const expected = standIns.sumOf(all) | 0; // modulo 2^32, as the components
  const wrong = sum!.find((component) => component !== expected);
  expect(wrong ?? expected, 'a component of the sum').to.equal(expected);
  const disk = await tableBytes(database);
  await sessions.remove(id);
  return { ...figures, disk, longest: timed.longest };
}

async function each<T>(list: readonly T[], atOnce: number, work: (one: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < list.length) await work(list[next++]!);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Bytes of the write-ahead log so far, which include indexes and full pages. */
async function logPosition(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ at: string }>(`select pg_current_wal_lsn() - '0/0'::pg_lsn as at`);
  return Number(rows[0]!.at);
}

export async function tableBytes({ pool, schema }: TestDatabase): Promise<number> {
  const { rows } = await pool.query<{ bytes: string }>(
    `select sum(pg_total_relation_size(c.oid)) as bytes from pg_class c join pg_namespace n on n.oid = relnamespace
     where nspname = $1 and relkind = 'r'`,
    [schema],
  );
  return Number(rows[0]!.bytes);
}

/** Milliseconds of CPU a call, of this process and of the database's, through one connection. @param work returns its calls. */
async function cpuOf({ pool, schema }: TestDatabase, work: (sessions: PostgresSessions) => Promise<number>): Promise<number> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const one: PoolConnection = { query: (query) => client.query(query), release: () => undefined };
    const alone = { connect: () => Promise.resolve(one) };
    const sessions = new PostgresSessions(alone, { schema, direct: alone }); // with prepared statements
    await work(sessions); // the first calls are slow
    const [own, backend] = [process.cpuUsage(), backendMilliseconds(rows[0]!.pid)];
    const calls = await work(sessions);
    const { user, system } = process.cpuUsage(own);
    return ((user + system) / 1000 + backendMilliseconds(rows[0]!.pid) - backend) / calls;
  } finally {
    client.release();
  }
}

/** CPU time of a local process of the database; 0 where it cannot be told. */
function backendMilliseconds(pid: number): number {
  try {
    const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(11, 13).map(Number);
    return 10 * (user! + system!); // ticks of 10 ms
  } catch {
    return 0;
  }
}

/** A pool that knows the longest transaction. */
function timedPool(pool: PostgresPool): PostgresPool & { readonly longest: LargeSession['longest'] } {
  let longest = { milliseconds: 0, statement: '' };
  return {
    get longest() {
      return longest;
    },
    async connect() {
      const connection = await pool.connect();
      let begun = 0;
      let slowest = { milliseconds: 0, statement: '' };
      return {
        async query(query: PoolQuery) {
          const { text } = query;
          const started = performance.now();
          if (text.startsWith('begin')) [begun, slowest] = [started, { milliseconds: 0, statement: '' }];
          const result = await connection.query(query);
          const now = performance.now();
          if (now - started > slowest.milliseconds)
            slowest = { milliseconds: now - started, statement: text.trim().slice(0, 60) };
          if (/^(commit|rollback)/.test(text) && now - begun > longest.milliseconds) {
            longest = { milliseconds: now - begun, statement: `${slowest.statement} (${Math.round(slowest.milliseconds)} ms)` };
          }
          return result;
        },
        release: (error) => connection.release(error),
      };
    },
  };
}
