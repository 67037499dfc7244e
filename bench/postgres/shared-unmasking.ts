// The masks of one sum, removed by one process and by several that share a database, beside the plain server with as many threads.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Logger, runMigrations } from 'graphile-worker';
import { PostgresSessions } from '../../src/postgres/index.ts';
import { round0Msg, ServerWrapper } from '../../src/index.ts';
import { addInTheClear, registerUsers, requireSum, thresholdFor, usersOf, vectorOf } from '../registered-users.ts';
import { timed } from '../statistics.ts';
import type { Database } from './database.ts';

interface Size {
  readonly users: number;
  readonly vecLen: number;
  /** Users that drop out before they send their vectors. */
  readonly dropped: number;
}

/** Seconds that closing round 4 takes. */
export interface SharedUnmasking extends Size {
  readonly by: readonly {
    /** Processes in PostgreSQL, threads in memory. */
    readonly workers: number;
    readonly inMemory: number;
    readonly inPostgres: number;
  }[];
}

const PROGRAM = fileURLToPath(new URL('unmasking-process.ts', import.meta.url));
/** Of the built package: worker threads cannot run TypeScript. */
const WORKER = new URL('../../dist/platform/secagg-unmasking-worker.js', import.meta.url);
const TABLES = ['sessions', 'members', 'messages', 'keys', 'tiles', 'deals', 'parts', 'chunks'];

export async function measureSharedUnmasking(
  database: Database,
  size: Size,
  workers: readonly number[],
): Promise<SharedUnmasking> {
  const { pool, schema } = database;
  await runMigrations({ pgPool: pool, logger: new Logger(() => () => undefined) });
  const { id, plain, sum } = await answered(database, size);
  const kept = await keep(database, id);
  const by = [];
  for (const count of workers) {
    const inMemory = await closedInMemory(plain, count, sum);
    const helpers = await Promise.all(Array.from({ length: count - 1 }, () => started(database)));
    await kept.putBack();
    const sessions = new PostgresSessions(pool, { schema, jobs: 'graphile_worker' });
    const [output, ms] = await timed(() => sessions.round(id, 4));
    requireSum(output.kind === 'sum' ? output.vector : undefined, sum);
    for (const helper of helpers) helper.disconnect();
    by.push({ workers: count, inMemory, inPostgres: ms / 1000 });
  }
  await kept.forget();
  return { ...size, by };
}

/** A session whose answers of round 4 are there, and the state of its twin in memory. */
async function answered({ pool, schema }: Database, { users, vecLen, dropped }: Size) {
  const threshold = thresholdFor(users);
  const registered = registerUsers(users);
  const options = { publicKeys: registered.publicKeys };
  const plain = new ServerWrapper(threshold, vecLen, options);
  const stored = new PostgresSessions(pool, { schema });
  const id = await stored.create({ threshold, vecLen, options });
  let parties = usersOf(registered, { threshold, vecLen });
  let messages = new Map(parties.map((user) => [user.id, round0Msg()]));
  for (let round = 0; ; round++) {
    if (round === 2) parties = parties.slice(dropped);
    for (const user of parties) {
      const answer = await user.round(messages.get(user.id) ?? round0Msg());
      plain.recv(user.id, answer);
      await stored.recv(id, user.id, answer);
    }
    if (round === 4) break;
    const output = await plain.round();
    messages = output.getMessages();
    await stored.round(id, round);
  }
  const vectors = parties.map((user) => vectorOf(user.id, vecLen));
  return { id, plain: plain.serializeState(), sum: addInTheClear(vectors, vecLen) };
}

async function closedInMemory(state: string, threads: number, sum: Int32Array): Promise<number> {
  const server = ServerWrapper.fromState(state, { threads, worker: WORKER });
  const [output, ms] = await timed(() => server.round());
  requireSum(output.getVector(), sum);
  return ms / 1000;
}

async function started({ url, schema }: Database): Promise<ChildProcess> {
  const helper = fork(PROGRAM, [url, schema]);
  await once(helper, 'message');
  return helper;
}

/** Copies of the rows of a session, so that its round can be closed again. */
async function keep({ pool, schema }: Database, id: string) {
  for (const table of TABLES) {
    await pool.query(`create table ${schema}.kept_${table} as select * from ${schema}.${table} where session_id = '${id}'`);
  }
  return {
    async putBack(): Promise<void> {
      for (const table of TABLES.toReversed()) await pool.query(`delete from ${schema}.${table} where session_id = '${id}'`);
      for (const table of TABLES) await pool.query(`insert into ${schema}.${table} select * from ${schema}.kept_${table}`);
    },
    async forget(): Promise<void> {
      for (const table of TABLES) await pool.query(`drop table ${schema}.kept_${table}`);
    },
  };
}
