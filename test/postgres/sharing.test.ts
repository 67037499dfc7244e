// Messages of many sessions share transactions. What is wrong with one session, or holds it, touches no other; and processes that hear users
// of the same sessions at the same time give every sum exactly and never deadlock.
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { SecAggError, StoreError } from '../../src/index.ts';
import { PostgresSessions } from '../../src/postgres/index.ts';
import type { Round } from '../../src/session/notation.ts';
import { rejected } from '../support/errors.ts';
import { Fleet } from './fleet.ts';
import { StandInSessions, type Message, type Playing } from './stand-in-sessions.ts';
import { overheard, testDatabase, withoutWrites, type TestDatabase } from './support.ts';

const SETUP = { threshold: 3, vecLen: 4 };
const USERS = 4;

describe('messages of many sessions', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let sessions: PostgresSessions;
  let standIns: StandInSessions;
  let quoted = '';
  before(async () => {
    database = await testDatabase();
    sessions = new PostgresSessions(database.pool, { schema: database.schema });
    standIns = new StandInSessions(sessions);
    quoted = pg.escapeIdentifier(database.schema);
    await sessions.migrate();
  });
  after(() => database.end());

  const created = (count: number, users: number = USERS): Promise<Playing[]> =>
    Promise.all(Array.from({ length: count }, () => standIns.create({ users, ...SETUP })));
  const answersOf = (one: Playing, round: Round): Promise<Message[]> => standIns.answers(one, round);

  /** A process that counts its transactions. */
  function counted(): { readonly process: PostgresSessions; readonly transactions: () => number } {
    let count = 0;
    const pool = overheard(database.pool, (text) => void (count += Number(text.startsWith('begin'))));
    return { process: new PostgresSessions(pool, { schema: database.schema }), transactions: () => count };
  }

  it('share a few transactions in every round, and each session has its sum', async () => {
    const all = await created(30);
    for (const round of [0, 1, 2, 3, 4] as const) {
      const messages = (await Promise.all(all.map((one) => answersOf(one, round)))).flat();
      const { process, transactions } = counted();
      await process.progress(all[0]!.id); // looks at the version of the schema
      const before = transactions();
      const said = await Promise.all(messages.map((message) => process.recv(...message)));
      expect(new Set(said)).to.deep.equal(new Set(['accepted']));
      expect(transactions() - before).to.be.below(10);
      await Promise.all(all.map(({ id }) => sessions.round(id, round)));
    }
    for (const one of all) await standIns.expectSum(one);
  });

  it('do not wait for a session that another transaction holds; its messages are heard once it is free', async () => {
    for (const round of [0, 1] as const) {
      const all = await created(10);
      if (round === 1) {
        for (const one of all) for (const message of await answersOf(one, 0)) await sessions.recv(...message);
        for (const { id } of all) await sessions.round(id, 0);
      }
      const [held, ...free] = all as [Playing, ...Playing[]];
      const client = await database.pool.connect();
      try {
        await client.query('begin');
        await client.query(`select 1 from ${quoted}.sessions where session_id = $1 for update`, [held.id]);
        const waiting = Promise.all((await answersOf(held, round)).map((message) => sessions.recv(...message)));
        const messages = (await Promise.all(free.map((one) => answersOf(one, round)))).flat();
        await Promise.all(messages.map((message) => sessions.recv(...message)));
        // Longer than the process tries to lock it together with others.
        expect(await Promise.race([waiting.then(() => 'heard'), sleep(1_000, 'waits')])).to.equal('waits');
        await client.query('commit');
        expect(new Set(await waiting)).to.deep.equal(new Set(['accepted']));
      } finally {
        client.release(true);
      }
    }
  });

  it('of which the database refuses one: the others are heard', async () => {
    const all = await created(10);
    const poisoned = all[4]!.id;
    const messages = (await Promise.all(all.map((one) => answersOf(one, 0)))).flat();
    await withoutWrites(
      { pool: database.pool, schema: database.schema },
      ['insert', 'messages', `new.session_id = '${poisoned}'`],
      async () => {
        const outcomes = await Promise.allSettled(messages.map((message) => sessions.recv(...message)));
        messages.forEach(([id], i) => {
          const outcome = outcomes[i]!;
          if (id !== poisoned) expect(outcome).to.deep.equal({ status: 'fulfilled', value: 'accepted' });
          else expect(outcome.status === 'rejected' && outcome.reason).to.be.instanceOf(StoreError);
        });
      },
    );
    for (const { id } of all) {
      expect((await sessions.progress(id)).heard).to.have.length(id === poisoned ? 0 : USERS);
    }
    for (const message of await answersOf(all[4]!, 0)) await sessions.recv(...message);
  });

  it('of which one session has a partial sum that somebody has changed: the others are heard, and its own when they come again', async () => {
    const all = await created(6);
    for (const round of [0, 1] as const) {
      for (const one of all) for (const message of await answersOf(one, round)) await sessions.recv(...message);
      for (const { id } of all) await sessions.round(id, round);
    }
    const changed = all[2]!.id;
    const inputs = await Promise.all(all.map((one) => answersOf(one, 2)));
    await Promise.all(inputs.map(([first]) => sessions.recv(...first!)));
    await database.pool.query(`update ${quoted}.parts set revision = 7 where session_id = $1`, [changed]);
    const outcomes = await Promise.allSettled(inputs.map(([, second]) => sessions.recv(...second!)));
    all.forEach(({ id }, i) => {
      const outcome = outcomes[i]!;
      if (id !== changed) expect(outcome).to.deep.equal({ status: 'fulfilled', value: 'accepted' });
      else expect(outcome.status === 'rejected' && outcome.reason).to.be.instanceOf(StoreError);
    });
    for (const messages of inputs) for (const message of messages.slice(1)) await sessions.recv(...message);
    await Promise.all(all.map(({ id }) => sessions.round(id, 2)));
    for (const round of [3, 4] as const) {
      for (const one of all) for (const message of await answersOf(one, round)) await sessions.recv(...message);
      for (const { id } of all) await sessions.round(id, round);
    }
    for (const one of all) await standIns.expectSum(one);
  });

  it('of which one session ends, or closes its round, after they were judged: the others are heard, and it is judged again', async () => {
    for (const end of ['abort', 'round'] as const) {
      const all = await created(10);
      const one = all[7]!;
      const messages = (await Promise.all(all.map((playing) => answersOf(playing, 0)))).flat();
      const own = messages.filter(([id]) => id === one.id);
      for (const message of own.slice(0, 3)) await sessions.recv(...message);
      let ended: Promise<unknown> | null = null;
      const pool = overheard(database.pool, async (text) => {
        // Right before the lock.
        if (text.includes('skip locked'))
          await (ended ??= end === 'abort' ? sessions.abort(one.id, 'x') : sessions.round(one.id, 0));
      });
      const other = new PostgresSessions(pool, { schema: database.schema });
      const late = rejected(end === 'abort' ? 'ERR_SECAGG_ABORTED' : 'ERR_SECAGG_LATE', other.recv(...own[3]!), SecAggError);
      const said = await Promise.all(messages.filter(([id]) => id !== one.id).map((message) => other.recv(...message)));
      expect(new Set(said)).to.deep.equal(new Set(['accepted']));
      await late;
    }
  });

  it('of which two processes hear the same message of many users at the same time: one is new, the other repeats it', async () => {
    const other = new PostgresSessions(database.pool, { schema: database.schema });
    const all = await created(12);
    for (const round of [0, 1, 2, 3, 4] as const) {
      const messages = (await Promise.all(all.map((one) => answersOf(one, round)))).flat();
      const said = await Promise.all(messages.map((message) => Promise.all([sessions.recv(...message), other.recv(...message)])));
      for (const both of said) expect(both.sort()).to.deep.equal(['accepted', 'repeated']);
      await Promise.all(all.map(({ id }) => other.round(id, round)));
    }
    for (const one of all) await standIns.expectSum(one);
  });

  it('come to four processes in any order, some twice: no transaction deadlocks, and all sums are exact', async () => {
    const deadlocks = async (): Promise<number> => {
      const { rows } = await database.pool.query<{ deadlocks: string }>(
        'select deadlocks from pg_stat_database where datname = current_database()',
      );
      return Number(rows[0]!.deadlocks);
    };
    const before = await deadlocks();
    const fleet = await Fleet.start(4, { POSTGRES_URL: database.server.url, POSTGRES_SCHEMA: database.schema });
    try {
      const all = await created(40, 5);
      for (const round of [0, 1, 2, 3, 4] as const) {
        const messages = (await Promise.all(all.map((one) => answersOf(one, round)))).flat();
        const random = crypto.getRandomValues(new Uint8Array(messages.length));
        const order = messages.map((_, i) => i).sort((a, b) => random[a]! - random[b]!);
        await Promise.all(
          order.flatMap((i) => {
            const to = random[i]! % 64 < 16 ? [i, i + 1 + (random[i]! % 3)] : [i];
            return to.map((process) => fleet.call(process, 'recv', ...messages[i]!));
          }),
        );
        await Promise.all(all.map(({ id }, i) => fleet.call(i, 'round', id, round)));
      }
      for (const one of all) await standIns.expectSum(one);
    } finally {
      fleet.end();
    }
    await sleep(600); // counters are reported now and then
    expect(await deadlocks()).to.equal(before);
  });
});
