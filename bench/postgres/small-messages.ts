// Messages of round 0 of many small sessions, to any of several processes.
import { round0Msg, ServerWrapper } from '../../src/index.ts';
import { PostgresSessions } from '../../src/postgres/index.ts';
import { Fleet } from '../../test/postgres/fleet.ts';
import { registerUsers, thresholdFor, usersOf } from '../registered-users.ts';
import { timed } from '../statistics.ts';
import type { Database } from './database.ts';

interface Size {
  readonly sessions: number;
  readonly users: number;
}

/** Messages, or inserts, a second. */
export interface SmallMessages extends Size {
  readonly processes: number;
  readonly acknowledged: number;
  readonly inMemory: number;
  readonly inserts: number;
}

const PROCESSES = 4;
const IN_FLIGHT = 256;
const INSERTS = 100;
const VEC_LEN = 16;

export async function measureSmallMessages({ url, pool, schema }: Database, size: Size): Promise<SmallMessages> {
  const threshold = thresholdFor(size.users);
  const registered = registerUsers(size.users);
  const { publicKeys } = registered;
  const sessions = new PostgresSessions(pool, { schema });
  const ids = await Promise.all(
    Array.from({ length: size.sessions }, () => sessions.create({ threshold, vecLen: VEC_LEN, options: { publicKeys } })),
  );
  const users = usersOf(registered, { threshold, vecLen: VEC_LEN });
  const messages = await Promise.all(users.map(async (user) => [user.id, await user.round(round0Msg())] as const));
  // The messages of one user to all sessions, then those of the next user, as they would come.
  const calls = messages.flatMap(([user, bytes]) => ids.map((id) => ({ id, user, bytes })));

  const fleet = await Fleet.start(PROCESSES, { POSTGRES_URL: url, POSTGRES_SCHEMA: schema });
  await Promise.all(Array.from({ length: PROCESSES }, (_, i) => fleet.call(i, 'sweep'))); // they are up
  const [, stored] = await timed(() =>
    each(calls, IN_FLIGHT, ({ id, user, bytes }, i) => fleet.call(i, 'recv', id, user, bytes)),
  );
  fleet.end();
  const [, inMemory] = await timed(async () => {
    for (let s = 0; s < size.sessions; s++) {
      const plain = new ServerWrapper(threshold, VEC_LEN, { publicKeys });
      for (const [user, bytes] of messages) plain.recv(user, bytes);
      await plain.round();
    }
  });
  const [, inserting] = await timed(async () => {
    for (let i = 0; i < INSERTS; i++) {
      await pool.query(`insert into ${schema}.migrations (version, name, breaking) values ($1, 'x', false)`, [1_000 + i]);
    }
  });
  await pool.query(`delete from ${schema}.migrations where version >= 1000`);
  return {
    ...size,
    processes: PROCESSES,
    acknowledged: (1000 * calls.length) / stored,
    inMemory: (1000 * calls.length) / inMemory,
    inserts: (1000 * INSERTS) / inserting,
  };
}

/** Runs `work` on each element, `atOnce` of them at a time. */
async function each<T>(all: readonly T[], atOnce: number, work: (one: T, index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < all.length; i = next++) await work(all[i] as T, i);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
