// What does it cost to keep sessions in PostgreSQL? Measured beside one connection that commits single inserts, and beside the plain
// server in memory, which is given the same messages in the same run.
import pg from 'pg';
import { localPostgres } from '../scripts/local-postgres.ts';
import { PostgresSessions } from '../src/postgres/index.ts';
import type { Bench } from './bench.ts';
import { blocks, short, table, whole } from './markdown.ts';
import { measureLongVectors, type LongVectors } from './postgres/long-vectors.ts';
import { measureSharedUnmasking, type SharedUnmasking } from './postgres/shared-unmasking.ts';
import { measureSmallMessages, type SmallMessages } from './postgres/small-messages.ts';

export interface PostgresFigures {
  readonly version: string;
  readonly small: SmallMessages;
  readonly large: LongVectors;
  readonly shared: SharedUnmasking;
}

export const postgres: Bench<PostgresFigures> = {
  question: 'What does it cost to keep sessions in PostgreSQL?',

  async measure(quick) {
    const server = await localPostgres({ shared_buffers: '256MB', max_wal_size: '4GB' });
    const pool = new pg.Pool({ connectionString: server.url, max: 20 });
    pool.on('error', () => undefined);
    const database = { url: server.url, pool, schema: `secagg_bench_${process.pid}` };
    try {
      await new PostgresSessions(pool, { schema: database.schema }).migrate();
      const { rows } = await pool.query<{ server_version: string }>('show server_version');
      const small = await measureSmallMessages(database, quick ? { sessions: 10, users: 10 } : { sessions: 200, users: 20 });
      const large = await measureLongVectors(database, quick ? { users: 12, vecLen: 2 ** 15 } : { users: 200, vecLen: 2 ** 20 });
      const masks = quick ? { users: 12, vecLen: 2 ** 12, dropped: 2 } : { users: 400, vecLen: 2 ** 18, dropped: 100 };
      const shared = await measureSharedUnmasking(database, masks, quick ? [1, 2] : [1, 2, 4]);
      return { version: rows[0]?.server_version ?? 'unknown', small, large, shared };
    } finally {
      await pool.query(`drop schema if exists ${database.schema}, graphile_worker cascade`);
      await pool.end();
      await server.stop();
    }
  },

  describe: ({ version, small, large, shared }) =>
    blocks(
      `PostgreSQL ${version} on the same machine.`,
      `### Messages of ${small.sessions} sessions of ${small.users} users`,
      table(
        ['', 'a second'],
        [
          [`acknowledged, ${small.processes} processes`, small.acknowledged],
          ['single inserts, one connection', small.inserts],
          ['inserts of 64 rows, one connection', small.batchedInserts],
          ['the plain server, one process', small.inMemory],
        ],
      ),
      table(
        ['ms of CPU a message, without its signature', 'in memory', 'in PostgreSQL'],
        small.cpu.map((cpu, round) => [`round ${round}`, small.cpuInMemory[round] ?? null, cpu]),
      ),
      `### One session, ${large.users} users × ${whole(large.vecLen)} components of 32 bits`,
      table(
        ['', 'in memory', 'in PostgreSQL'],
        [
          ['messages, MB', large.messagesMB, large.messagesMB],
          ['the server’s time, all rounds, s', large.inMemory, large.inPostgres],
          ['given to statements that write, MB', null, large.writtenMB],
          ['write-ahead log, MB', null, large.logMB],
          ['a finished session, MB', null, large.finishedMB],
          ['an hour later, MB', null, large.laterMB],
        ],
      ),
      `${short(large.inPostgres / large.inMemory)} times as long as in memory; ${short((100 * large.writtenMB) / large.messagesMB)} % of the messages’ bytes are written.`,
      `### Removing the masks of ${whole(shared.users)} users × ${whole(shared.vecLen)} components of 32 bits, of whom ${whole(shared.dropped)} dropped out`,
      'Seconds from the last answer to the sum, by so many processes that share the database, and by so many threads of one process in memory.',
      table(
        ['', 'threads in memory', 'processes, in PostgreSQL'],
        shared.by.map(({ workers, inMemory, inPostgres }) => [workers, inMemory, inPostgres]),
      ),
    ),
};
