// One session of many users and long vectors. Each message is given to a server in PostgreSQL and to a plain one. Also measures the
// size of the session afterwards.
import { round0Msg, ServerWrapper } from '../../src/index.ts';
import { PostgresSessions } from '../../src/postgres/index.ts';
import { addInTheClear, registerUsers, requireSum, thresholdFor, usersOf, vectorOf } from '../registered-users.ts';
import { timed } from '../statistics.ts';
import { CountingPool } from './counting-pool.ts';
import type { Database } from './database.ts';

interface Size {
  readonly users: number;
  readonly vecLen: number;
}

/** Seconds of the server in all rounds, and megabytes. */
export interface LongVectors extends Size {
  readonly inMemory: number;
  readonly inPostgres: number;
  readonly messagesMB: number;
  readonly writtenMB: number;
  readonly logMB: number;
  readonly finishedMB: number;
  /** What is left of the session an hour after its end. */
  readonly laterMB: number;
}

export async function measureLongVectors(database: Database, size: Size): Promise<LongVectors> {
  const { users, vecLen } = size;
  const { pool, schema } = database;
  const threshold = thresholdFor(users);
  const registered = registerUsers(users);
  const options = { publicKeys: registered.publicKeys };
  const plain = new ServerWrapper(threshold, vecLen, options);
  const counting = new CountingPool(pool);
  const stored = new PostgresSessions(counting, { schema });
  const id = await stored.create({ threshold, vecLen, options });
  const parties = usersOf(registered, { threshold, vecLen });
  let messages = new Map(parties.map((user) => [user.id, round0Msg()]));
  const before = await logPosition(database);
  let [inMemory, inPostgres, bytes] = [0, 0, 0];
  for (let round = 0; round <= 4; round++) {
    const answers: [number, Uint8Array][] = [];
    for (const user of parties) answers.push([user.id, await user.round(messages.get(user.id) ?? round0Msg())]);
    bytes += answers.reduce((total, [, { length }]) => total + length, 0);
    const [output, plainMs] = await timed(() => {
      for (const [user, answer] of answers) plain.recv(user, answer);
      return plain.round();
    });
    const [again, storedMs] = await timed(async () => {
      await Promise.all(answers.map(([user, answer]) => stored.recv(id, user, answer)));
      return stored.round(id, round);
    });
    [inMemory, inPostgres] = [inMemory + plainMs / 1000, inPostgres + storedMs / 1000];
    if (output.isMessages()) messages = output.getMessages();
    else {
      const sum = addInTheClear(
        parties.map((user) => vectorOf(user.id, vecLen)),
        vecLen,
      );
      requireSum(output.getVector(), sum);
      if (again.kind === 'sum') requireSum(again.vector, sum);
      else throw new Error('the stored session has no sum');
    }
  }
  const logMB = ((await logPosition(database)) - before) / 1e6;
  const finishedMB = await sessionMB(database, id);
  await pool.query(`update ${schema}.sessions set ended_at = now() - interval '2 hours' where session_id = $1`, [id]);
  await stored.sweep();
  const laterMB = await sessionMB(database, id);
  return { ...size, inMemory, inPostgres, messagesMB: bytes / 1e6, writtenMB: counting.bytes / 1e6, logMB, finishedMB, laterMB };
}

/** Bytes of the write-ahead log so far, which include indexes and full pages. */
async function logPosition({ pool }: Database): Promise<number> {
  const { rows } = await pool.query<{ at: string }>(`select pg_current_wal_lsn() - '0/0'::pg_lsn as at`);
  return Number(rows[0]?.at);
}

async function sessionMB({ pool, schema }: Database, id: string): Promise<number> {
  const tables = ['sessions', 'members', 'messages', 'keys', 'tiles', 'deals', 'parts', 'chunks'].map(
    (table) => `select coalesce(sum(pg_column_size(t.*)), 0) as bytes from ${schema}.${table} t where session_id = '${id}'`,
  );
  const { rows } = await pool.query<{ bytes: string }>(`select sum(bytes) as bytes from (${tables.join(' union all ')}) as rows`);
  return Number(rows[0]?.bytes) / 1e6;
}
