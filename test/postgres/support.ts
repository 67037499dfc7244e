// A database for the tests of one file.
import pg from 'pg';
import type { ClosedRound, PoolConnection, PoolQuery, PostgresPool, PostgresSessions } from '../../src/postgres/index.ts';
import { localPostgres, type LocalPostgres } from '../../scripts/local-postgres.ts';

export interface TestDatabase {
  readonly server: LocalPostgres;
  readonly pool: pg.Pool;
  /** Each file has its own, because several files use one server. */
  readonly schema: string;
  end(): Promise<void>;
}

/**
 * Nothing waits for the disk. A server that is killed loses nothing by that, for the operating system has what was written; and what a disk
 * costs on a busy machine is no part of the deadlines that are tested.
 */
const NO_DISK = { fsync: 'off', full_page_writes: 'off' };

/** The server that the files share. */
let shared: Promise<LocalPostgres> | null = null;
after(async () => (await shared)?.stop()); // outside of every suite: after all files

interface TestDatabaseOptions {
  /** Whether the tests end the server: they have one to themselves. */
  readonly crashes?: boolean;
  /** Settings of a server that the tests have to themselves. */
  readonly settings?: Readonly<Record<string, string>>;
}

export async function testDatabase({ crashes = false, settings }: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const isOwn = crashes || settings !== undefined;
  const server = await (isOwn ? localPostgres({ ...NO_DISK, ...settings }) : (shared ??= localPostgres(NO_DISK)));
  const pool = poolOf(server.url);
  const schema = `secagg "${crypto.randomUUID().slice(0, 8)}"`;
  return {
    server,
    pool,
    schema,
    async end(): Promise<void> {
      await pool.query(`drop schema if exists ${pg.escapeIdentifier(schema)} cascade`);
      await pool.end();
      if (isOwn) await server.stop();
    },
  };
}

export function poolOf(url: string, max = 10): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max });
  pool.on('error', () => undefined); // idle connections break when the server restarts
  return pool;
}

/** A pool that gives each statement to `hear` before the statement runs. */
export function overheard(pool: PostgresPool, hear: (text: string) => Promise<void> | void): PostgresPool {
  return {
    async connect(): Promise<PoolConnection> {
      const connection = await pool.connect();
      return {
        async query(query: PoolQuery) {
          const { text } = query;
          await hear(text);
          return connection.query(query);
        },
        release: (error) => connection.release(error),
      };
    },
  };
}

/** What each user that goes on is to be given, once a round is closed. */
export async function messagesAfter(
  sessions: PostgresSessions,
  id: string,
  closed: ClosedRound,
): Promise<Map<number, Uint8Array>> {
  if (closed.kind === 'sum') throw new Error('the session is over');
  const messages = await Promise.all(
    closed.recipients.map(async (user): Promise<[number, Uint8Array]> => [user, await bytesFor(sessions, id, user)]),
  );
  return new Map(messages);
}

/** The message that a user is to answer in the present round. */
export async function bytesFor(sessions: Pick<PostgresSessions, 'message'>, id: string, user: number): Promise<Uint8Array> {
  const next = await sessions.message(id, user);
  if (next.kind !== 'message') throw new Error(`user ${user}: ${next.kind}`);
  return next.bytes;
}

/** Runs `work` while a transaction of somebody else is open, in which these statements have run. */
export async function beside(
  pool: pg.Pool,
  statements: readonly (readonly [sql: string, values: unknown[]])[],
  work: () => Promise<void>,
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    for (const [sql, values] of statements) await client.query(sql, values);
    await work();
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/** Runs `work` while a trigger drops rows of a table before they are written, as a rule or trigger of an operator may. */
export async function withoutWrites(
  { pool, schema }: Pick<TestDatabase, 'pool' | 'schema'>,
  [event, table, condition]: readonly [event: 'insert' | 'update', table: string, condition: string],
  work: () => Promise<void>,
): Promise<void> {
  const quoted = pg.escapeIdentifier(schema);
  await pool.query(
    `create function ${quoted}.drop_row() returns trigger language plpgsql as 'begin return null; end';
     create trigger drop_row before ${event} on ${quoted}.${table} for each row when (${condition})
       execute function ${quoted}.drop_row()`,
  );
  try {
    await work();
  } finally {
    await pool.query(`drop function ${quoted}.drop_row() cascade`);
  }
}
