// What does it cost to keep sessions in PostgreSQL? Messages acknowledged a second by four processes; a session of many
// users and long vectors, beside the plain server in memory that is given the same messages in the same run; the size of
// what stays. Set up outside the clock, every sum checked. `-- --quick` is the smoke run.
import { execSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { localPostgres } from '../scripts/local-postgres.ts';
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from '../src/index.ts';
import { PostgresSessions, type PoolConnection, type PostgresPool } from '../src/postgres/index.ts';
import { Fleet } from '../test/postgres/fleet.ts';

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });

const PROCESSES = 4;
const SMALL = flags.quick ? { sessions: 10, users: 10 } : { sessions: 100, users: 20 };
const LARGE = flags.quick ? { users: 12, vecLen: 2 ** 15 } : { users: 200, vecLen: 2 ** 20 };
const IN_FLIGHT = 256;

async function timed<T>(run: () => Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  const result = await run();
  return [result, performance.now() - started];
}

/** Runs `work` on each, so many at a time. */
async function each<T>(all: readonly T[], atOnce: number, work: (one: T, index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < all.length; i = next++) await work(all[i] as T, i);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

const server = await localPostgres({ shared_buffers: '256MB', max_wal_size: '4GB' });
const pool = new pg.Pool({ connectionString: server.url, max: 20 });
pool.on('error', () => undefined);
const schema = `secagg_bench_${String(process.pid)}`;
const sessions = new PostgresSessions(pool, { schema });
await sessions.migrate();

/** How many bytes the log has grown by: all that was written, indexes and full pages included. */
async function walPosition(): Promise<bigint> {
  const { rows } = await pool.query<{ at: string }>(`select pg_current_wal_lsn() - '0/0'::pg_lsn as at`);
  return BigInt(rows[0]?.at ?? 0);
}

/** Messages of round 0 of many small sessions, to any of the processes. */
async function small(): Promise<Record<string, number>> {
  const fleet = await Fleet.start(PROCESSES, { POSTGRES_URL: server.url, POSTGRES_SCHEMA: schema });
  const keys = Array.from({ length: SMALL.users }, () => genKeypair());
  const publicKeys = new PublicKeysWrapper(keys.map(([pk], id) => [id, pk] as const));
  const threshold = Math.floor((2 * SMALL.users) / 3) + 1;
  const ids = await Promise.all(
    Array.from({ length: SMALL.sessions }, () => sessions.create({ threshold, vecLen: 16, options: { publicKeys } })),
  );
  const vector = new Int32Array(16);
  const messages = await Promise.all(
    keys.map(
      async ([pk, sk], id) => [id, await new UserWrapper(id, threshold, pk, sk, vector, publicKeys).round(round0Msg())] as const,
    ),
  );
  await Promise.all(Array.from({ length: PROCESSES }, (_, i) => fleet.call(i, 'sweep')));
  // One user of every session after another, as they would come.
  const calls = messages.flatMap(([user, bytes]) => ids.map((id) => ({ id, user, bytes })));
  const [, ms] = await timed(() => each(calls, IN_FLIGHT, ({ id, user, bytes }, i) => fleet.call(i, 'recv', id, user, bytes)));
  const [, memory] = await timed(async () => {
    for (let s = 0; s < SMALL.sessions; s++) {
      const plain = new ServerWrapper(threshold, 16, { publicKeys });
      for (const [user, bytes] of messages) plain.recv(user, bytes);
      await plain.round();
    }
  });
  const [, one] = await timed(async () => {
    for (let i = 0; i < 100; i++)
      await pool.query(`insert into ${schema}.migrations (version, name) values ($1, 'x')`, [1_000 + i]);
    await pool.query(`delete from ${schema}.migrations where version >= 1000`);
  });
  fleet.end();
  return {
    'messages acknowledged a second, 4 processes': (1000 * calls.length) / ms,
    'messages a second in memory, one process': (1000 * calls.length) / memory,
    'single inserts a second, one connection': 100_000 / one,
  };
}

/** Counts the bytes that statements are given. */
function counting(): { readonly pool: PostgresPool; bytes: number } {
  const sizeOf = (value: unknown): number => {
    if (typeof value === 'string') return Buffer.byteLength(value);
    if (Array.isArray(value)) return value.reduce<number>((total, one) => total + sizeOf(one), 0);
    return value instanceof Uint8Array ? value.length : 8;
  };
  const counted = {
    bytes: 0,
    pool: {
      async connect(): Promise<PoolConnection> {
        const client = await pool.connect();
        return {
          query(text: string, values?: unknown[]) {
            if (/insert into|update /.test(text)) counted.bytes += sizeOf(values ?? []);
            return client.query(text, values);
          },
          release: (error) => client.release(error),
        };
      },
    },
  };
  return counted;
}

/** One session, every message given to both servers. */
async function large(): Promise<Record<string, number>> {
  const { users, vecLen } = LARGE;
  const threshold = Math.floor((2 * users) / 3) + 1;
  const keys = Array.from({ length: users }, () => genKeypair());
  const publicKeys = new PublicKeysWrapper(keys.map(([pk], id) => [id, pk] as const));
  const plain = new ServerWrapper(threshold, vecLen, { publicKeys });
  const counted = counting();
  const stored = new PostgresSessions(counted.pool, { schema });
  const id = await stored.create({ threshold, vecLen, options: { publicKeys } });
  const vectorOf = (user: number): Int32Array => Int32Array.from({ length: vecLen }, (_, j) => ((user + 1) * (j + 7)) % 1001);
  const parties = keys.map(([pk, sk], user) => new UserWrapper(user, threshold, pk, sk, vectorOf(user), publicKeys));
  let messages = new Map(parties.map((user) => [user.id, round0Msg()]));
  const before = await walPosition();
  let [memoryMs, storedMs, input] = [0, 0, 0];
  for (let round = 0; round <= 4; round++) {
    const answers: [number, Uint8Array][] = [];
    for (const user of parties) answers.push([user.id, await user.round(messages.get(user.id) ?? round0Msg())]);
    input += answers.reduce((total, [, { length }]) => total + length, 0);
    const [output, inMemory] = await timed(async () => {
      for (const [user, bytes] of answers) plain.recv(user, bytes);
      return plain.round();
    });
    const [again, inDatabase] = await timed(async () => {
      await Promise.all(answers.map(([user, bytes]) => stored.recv(id, user, bytes)));
      return stored.round(id, round);
    });
    [memoryMs, storedMs] = [memoryMs + inMemory, storedMs + inDatabase];
    console.error(`round ${String(round)}: in memory ${inMemory.toFixed(0)} ms, in PostgreSQL ${inDatabase.toFixed(0)} ms`);
    if (output.isMessages()) messages = output.getMessages();
    else {
      const sum = new Int32Array(vecLen);
      for (const { id: user } of parties) vectorOf(user).forEach((component, j) => (sum[j] = (sum[j] ?? 0) + component));
      const same = [output, again].every((one) => one.getVector().every((component, j) => component === sum[j]));
      if (!same) throw new Error('the sum is wrong');
    }
  }
  const wal = Number((await walPosition()) - before);
  const sizeOf = async (): Promise<number> => {
    const tables = ['sessions', 'messages', 'parts', 'outgoing'].map(
      (table) => `select coalesce(sum(pg_column_size(t.*)), 0) as bytes from ${schema}.${table} t where session_id = '${id}'`,
    );
    const { rows } = await pool.query<{ bytes: string }>(
      `select sum(bytes) as bytes from (${tables.join(' union all ')}) as all_tables`,
    );
    return Number(rows[0]?.bytes);
  };
  const finished = await sizeOf();
  await pool.query(`update ${schema}.sessions set ended_at = now() - interval '2 hours' where session_id = $1`, [id]);
  await stored.sweep();
  return {
    'MB of messages': input / 1e6,
    'seconds in memory': memoryMs / 1000,
    'seconds in PostgreSQL': storedMs / 1000,
    'times as long': storedMs / memoryMs,
    'MB given to statements that write': counted.bytes / 1e6,
    'MB of write-ahead log': wal / 1e6,
    'written for each byte of input, %': (100 * counted.bytes) / input,
    'MB of a finished session': finished / 1e6,
    'MB of it an hour later': (await sizeOf()) / 1e6,
  };
}

const report = {
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  commit: execSync('git rev-parse --short HEAD', { encoding: 'utf8' }).trim(),
  postgres: (await pool.query<{ v: string }>('show server_version')).rows[0],
  small: { ...SMALL, ...(await small()) },
  large: { ...LARGE, ...(await large()) },
};
const print = (title: string, figures: Record<string, number>): void => {
  console.log(`\n${title}`);
  for (const [name, value] of Object.entries(figures)) console.log(`  ${name.padEnd(46)} ${value.toFixed(value < 100 ? 2 : 0)}`);
};
console.log(`${report.cpu}, ${String(report.cores)} cores, Node ${report.node}, commit ${report.commit}`);
print('Small rounds', report.small);
print('One session of long vectors', report.large);
mkdirSync('out', { recursive: true });
writeFileSync('out/bench-postgres.json', JSON.stringify(report, null, 2));
console.log('\nwritten to out/bench-postgres.json');
await pool.query(`drop schema ${schema} cascade`);
await pool.end();
await server.stop();
