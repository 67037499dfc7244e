// Messages of many small sessions, to any of several processes: how many are acknowledged in a second, and what each costs. The users are
// stand-ins whose keys the servers do not know, so that no signature is checked.
import { readFileSync } from 'node:fs';
import { round0Msg, ServerWrapper } from '../../src/index.ts';
import { PostgresSessions } from '../../src/postgres/index.ts';
import type { Round } from '../../src/session/notation.ts';
import { Fleet } from '../../test/postgres/fleet.ts';
import type { Heard } from '../../test/postgres/server-process.ts';
import { StandIns } from '../../test/support/stand-ins.ts';
import { thresholdFor } from '../registered-users.ts';
import { median, timed } from '../statistics.ts';
import type { Database } from './database.ts';

interface Size {
  readonly sessions: number;
  readonly users: number;
}

/** Messages, or rows, a second; milliseconds of CPU a message. */
export interface SmallMessages extends Size {
  readonly processes: number;
  readonly acknowledged: number;
  readonly inMemory: number;
  readonly inserts: number;
  readonly batchedInserts: number;
  /** Of all processes and the database together, by round. */
  readonly cpu: readonly number[];
  /** The same of the plain server. */
  readonly cpuInMemory: readonly number[];
}

const PROCESSES = 4;
/** How often all is played before it is measured: each process hears a quarter of the messages, and V8 compiles what runs often. */
const WARM_UP = 4;
/** How often it is measured. The median counts. */
const MEASURED = 5;
/** Messages that wait for their acknowledgement, in each process. */
const IN_FLIGHT = 256;
const INSERTS = 100;
const BATCH = 64;
const VEC_LEN = 16;

type Call = readonly [id: string, user: number, bytes: Uint8Array];

/** A stored session, its twin in memory, and their users. */
interface Playing {
  readonly id: string;
  readonly plain: ServerWrapper;
  readonly users: StandIns;
}

export async function measureSmallMessages(database: Database, size: Size): Promise<SmallMessages> {
  const env = { POSTGRES_URL: database.url, POSTGRES_SCHEMA: database.schema, POSTGRES_DIRECT: 'yes' };
  const fleet = await Fleet.start(PROCESSES, env);
  try {
    for (let i = 0; i < WARM_UP; i++) await playAll(database, fleet, size);
    const plays: Played[] = [];
    while (plays.length < MEASURED) plays.push(await playAll(database, fleet, size));
    return { ...size, processes: PROCESSES, ...medianOf(plays), ...(await measureInserts(database)) };
  } finally {
    fleet.end();
  }
}

type Played = Pick<SmallMessages, 'acknowledged' | 'inMemory' | 'cpu' | 'cpuInMemory'>;

function medianOf(plays: readonly Played[]): Played {
  const rounds = [0, 1, 2, 3, 4];
  return {
    acknowledged: median(plays.map(({ acknowledged }) => acknowledged)),
    inMemory: median(plays.map(({ inMemory }) => inMemory)),
    cpu: rounds.map((round) => median(plays.map(({ cpu }) => cpu[round] ?? NaN))),
    cpuInMemory: rounds.map((round) => median(plays.map(({ cpuInMemory }) => cpuInMemory[round] ?? NaN))),
  };
}

/** Plays some sessions to their ends, round by round. */
async function playAll(database: Database, fleet: Fleet, size: Size): Promise<Played> {
  const setup = { threshold: thresholdFor(size.users), vecLen: VEC_LEN };
  const sessions = new PostgresSessions(database.pool, { schema: database.schema });
  const playing = await Promise.all(
    Array.from({ length: size.sessions }, async (): Promise<Playing> => {
      const users = new StandIns({ users: size.users, ...setup });
      return { id: await sessions.create(setup), plain: new ServerWrapper(setup.threshold, VEC_LEN), users };
    }),
  );
  const byId = new Map(playing.map(({ id, plain }) => [id, plain]));
  const cpu: number[] = [];
  const cpuInMemory: number[] = [];
  let [stored, inMemory, messages] = [0, 0, 0];
  for (const round of [0, 1, 2, 3, 4] as const) {
    const calls = shuffled(await answersOf(playing, round));
    messages += calls.length;
    const before = await databaseMs(database);
    const heard = await Promise.all(
      Array.from({ length: PROCESSES }, (_, i) => {
        const share = calls.filter((_call, j) => j % PROCESSES === i);
        return fleet.call(i, 'hear', share, IN_FLIGHT) as Promise<Heard>;
      }),
    );
    const own = heard.reduce((sum, { cpu: one }) => sum + one, 0);
    cpu.push((own + (await databaseMs(database)) - before) / calls.length);
    stored += Math.max(...heard.map(({ milliseconds }) => milliseconds));
    const started = process.cpuUsage();
    const [, plainMs] = await timed(() => calls.forEach(([id, user, bytes]) => byId.get(id)?.recv(user, bytes)));
    const { user, system } = process.cpuUsage(started);
    cpuInMemory.push((user + system) / 1000 / calls.length);
    inMemory += plainMs;
    await Promise.all(playing.map(({ id }) => sessions.round(id, round)));
    for (const { plain } of playing) await plain.round();
  }
  for (const { id, users } of playing) {
    const sum = await sessions.result(id);
    const expected = users.sumOf(users.ids.map((_, i) => i));
    if (sum?.length !== VEC_LEN || !sum.every((component) => component === expected)) throw new Error('the sum is wrong');
  }
  return { acknowledged: (1000 * messages) / stored, inMemory: (1000 * messages) / inMemory, cpu, cpuInMemory };
}

/** The messages of all users of all sessions. */
async function answersOf(playing: readonly Playing[], round: Round): Promise<Call[]> {
  const calls: Call[] = [];
  for (const { id, plain, users } of playing) {
    const messages = plain.output()?.getMessages();
    if (round === 1) users.ids.forEach((user, i) => users.see(i, messages?.get(user) ?? round0Msg()));
    for (const [i, user] of users.ids.entries()) {
      calls.push([id, user, await users.answer(round, i, round < 2 ? null : (messages?.get(user) ?? null))]);
    }
  }
  return calls;
}

/** In any order, as messages come. */
function shuffled(calls: readonly Call[]): Call[] {
  const random = crypto.getRandomValues(new Uint32Array(calls.length));
  const order = calls.map((call, i) => [random[i] ?? 0, call] as const).sort(([a], [b]) => a - b);
  return order.map(([, call]) => call);
}

/** Rows a second of one connection, which commits one or many at a time. */
async function measureInserts({ pool, schema }: Database): Promise<Pick<SmallMessages, 'inserts' | 'batchedInserts'>> {
  const inserting = async (rows: number): Promise<number> => {
    const [, milliseconds] = await timed(async () => {
      for (let i = 0; i < INSERTS; i++) {
        await pool.query(
          `insert into ${schema}.messages (session_id, round, user_id, digest, entry)
           select $1::uuid, 0, user_id, decode(repeat('00', 32), 'hex'), decode(repeat('00', 128), 'hex')
           from generate_series(1, $2::integer) as user_id`,
          [crypto.randomUUID(), rows],
        );
      }
    });
    return (1000 * INSERTS * rows) / milliseconds;
  };
  const rates = { inserts: await inserting(1), batchedInserts: await inserting(BATCH) };
  await pool.query(`delete from ${schema}.messages where session_id not in (select session_id from ${schema}.sessions)`);
  return rates;
}

/** Milliseconds of CPU of all processes of a local database, those that have ended included; NaN where it cannot be told. */
async function databaseMs({ pool }: Database): Promise<number> {
  const { rows } = await pool.query<{ pid: number }>('select pid from pg_stat_activity');
  const [first, ...others] = rows.flatMap(({ pid }) => cpuOf(pid) ?? []);
  if (first === undefined) return NaN;
  return [first, ...others].reduce((sum, { own }) => sum + own, cpuOf(first.parent)?.ended ?? NaN);
}

interface ProcessCpu {
  readonly parent: number;
  /** Milliseconds. */
  readonly own: number;
  /** Of children that have ended. */
  readonly ended: number;
}

function cpuOf(pid: number): ProcessCpu | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').map(Number) ?? [];
    const ticks = (from: number): number => 10 * ((fields[from] ?? NaN) + (fields[from + 1] ?? NaN));
    return { parent: fields[1] ?? NaN, own: ticks(11), ended: ticks(13) };
  } catch {
    return null;
  }
}
