// Messages of many sessions share transactions. What is wrong with one session, or holds it, touches no other; and processes that hear users
// of the same sessions at the same time give every sum exactly and never deadlock.
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { SecAggError, StoreError } from '../../src/index.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import type { PostgresSessions } from '../../src/postgres/index.ts';
import { sessionTag } from '../../src/session/binding.ts';
import { resolveParameters } from '../../src/session/parameters.ts';
import { decodeUserMessage, encodeUserMessage } from '../../src/wire/envelope.ts';
import { rejected } from '../support/errors.ts';
import { Fleet } from './fleet.ts';
import { SETUP, StandInSessions, type Message, type Playing } from './stand-in-sessions.ts';
import { overheard, withoutWrites } from './support.ts';

describe('messages of many sessions', function () {
  this.timeout(120_000);
  let store: StandInSessions;
  let sessions: PostgresSessions;
  before(async () => {
    store = await StandInSessions.start();
    ({ sessions } = store);
  });
  after(() => store.end());

  it('share a few transactions in every round, and each session has its sum', async () => {
    const all = await store.all(30, 0);
    for (const round of [0, 1, 2, 3, 4] as const) {
      const messages = await store.answersOfAll(all, round);
      let transactions = 0;
      const counted = overheard(store.database.pool, (text) => void (transactions += Number(text.startsWith('begin'))));
      const process = await store.another(counted);
      transactions = 0;
      const said = await Promise.all(messages.map((message) => process.recv(...message)));
      expect(new Set(said)).to.deep.equal(new Set(['accepted']));
      expect(transactions).to.be.below(10);
      await Promise.all(all.map(({ id }) => sessions.round(id, round)));
    }
    for (const one of all) await store.expectSum(one);
  });

  it('do not wait for a session that another transaction holds; its messages are heard once it is free', async () => {
    for (const round of [0, 1] as const) {
      const [held, ...free] = (await store.all(10, round)) as [Playing, ...Playing[]];
      let waiting: Promise<string[]> = Promise.resolve([]);
      await store.whileHeld([held], async () => {
        waiting = Promise.all((await store.answers(held, round)).map((message) => sessions.recv(...message)));
        const messages = await store.answersOfAll(free, round);
        await Promise.all(messages.map((message) => sessions.recv(...message)));
        // Longer than the process tries to lock it together with others.
        expect(await Promise.race([waiting.then(() => 'heard'), sleep(1_000, 'waits')])).to.equal('waits');
      });
      expect(await waiting).to.deep.equal(Array.from({ length: SETUP.users }, () => 'accepted'));
    }
  });

  it('of round 0, one of which copies the keys of a user that another process has heard: it alone is refused', async () => {
    const all = await store.all(5, 0);
    const messages = await store.answersOfAll(all, 0);
    const [heard, victim, ...others] = messages as [Message, Message, ...Message[]];
    const [id, user, bytes] = heard;
    const tag = sessionTag(resolveParameters(SETUP.threshold, SETUP.vecLen, {}));
    const copy = encodeUserMessage(tag, { ...decodeUserMessage(bytes, tag, user as UserId, bytes.length), sender: victim[1] });
    expect(await sessions.recv(...heard)).to.equal('accepted');
    const process = await store.another();
    const copied = rejected('ERR_SECAGG_KEYS', process.recv(id, victim[1], copy));
    const said = await Promise.all(others.map((message) => process.recv(...message)));
    expect(new Set(said)).to.deep.equal(new Set(['accepted']));
    await copied;
    expect(await Promise.all([process.recv(...heard), process.recv(...victim)])).to.deep.equal(['repeated', 'accepted']);
    await Promise.all(all.map((one) => sessions.round(one.id, 0)));
    for (const round of [1, 2, 3, 4] as const) for (const one of all) await store.close(one, round);
    for (const one of all) await store.expectSum(one);
  });

  it('of which the database refuses one: the others are heard', async () => {
    const all = await store.all(10, 0);
    const poisoned = all[4]!.id;
    const messages = await store.answersOfAll(all, 0);
    await withoutWrites(store.database, ['insert', 'messages', `new.session_id = '${poisoned}'`], async () => {
      const outcomes = await Promise.allSettled(messages.map((message) => sessions.recv(...message)));
      messages.forEach(([id], i) => {
        const outcome = outcomes[i]!;
        if (id !== poisoned) expect(outcome).to.deep.equal({ status: 'fulfilled', value: 'accepted' });
        else expect(outcome.status === 'rejected' && outcome.reason).to.be.instanceOf(StoreError);
      });
    });
    for (const { id } of all) {
      expect((await sessions.progress(id)).heard).to.have.length(id === poisoned ? 0 : SETUP.users);
    }
    for (const message of await store.answers(all[4]!, 0)) await sessions.recv(...message);
  });

  it('of which one session has a partial sum that somebody has changed: the others are heard, and its own when they come again', async () => {
    const all = await store.all(6, 2);
    const changed = all[2]!.id;
    const inputs = await Promise.all(all.map((one) => store.answers(one, 2)));
    await Promise.all(inputs.map(([first]) => sessions.recv(...first!)));
    await store.database.pool.query(`update ${store.quoted}.parts set revision = 7 where session_id = $1`, [changed]);
    const outcomes = await Promise.allSettled(inputs.map(([, second]) => sessions.recv(...second!)));
    all.forEach(({ id }, i) => {
      const outcome = outcomes[i]!;
      if (id !== changed) expect(outcome).to.deep.equal({ status: 'fulfilled', value: 'accepted' });
      else expect(outcome.status === 'rejected' && outcome.reason).to.be.instanceOf(StoreError);
    });
    for (const messages of inputs) for (const message of messages.slice(1)) await sessions.recv(...message);
    await Promise.all(all.map(({ id }) => sessions.round(id, 2)));
    for (const round of [3, 4] as const) await Promise.all(all.map((one) => store.close(one, round)));
    for (const one of all) await store.expectSum(one);
  });

  it('of which one session ends, or closes its round, after they were judged: the others are heard, and it is judged again', async () => {
    for (const end of ['abort', 'round'] as const) {
      const all = await store.all(10, 0);
      const one = all[7]!;
      const messages = await store.answersOfAll(all, 0);
      const own = messages.filter(([id]) => id === one.id);
      for (const message of own.slice(0, 3)) await sessions.recv(...message);
      let ended: Promise<unknown> | null = null;
      const pool = overheard(store.database.pool, async (text) => {
        // Right before the lock.
        if (text.includes('skip locked'))
          await (ended ??= end === 'abort' ? sessions.abort(one.id, 'x') : sessions.round(one.id, 0));
      });
      const other = await store.another(pool);
      const late = rejected(end === 'abort' ? 'ERR_SECAGG_ABORTED' : 'ERR_SECAGG_LATE', other.recv(...own[3]!), SecAggError);
      const said = await Promise.all(messages.filter(([id]) => id !== one.id).map((message) => other.recv(...message)));
      expect(new Set(said)).to.deep.equal(new Set(['accepted']));
      await late;
    }
  });

  it('of which two processes hear the same message of many users at the same time: one is new, the other repeats it', async () => {
    const other = await store.another();
    const all = await store.all(12, 0);
    for (const round of [0, 1, 2, 3, 4] as const) {
      const messages = await store.answersOfAll(all, round);
      const said = await Promise.all(messages.map((message) => Promise.all([sessions.recv(...message), other.recv(...message)])));
      for (const both of said) expect(both.sort()).to.deep.equal(['accepted', 'repeated']);
      await Promise.all(all.map(({ id }) => other.round(id, round)));
    }
    for (const one of all) await store.expectSum(one);
  });

  it('come to four processes in any order, some twice: no transaction deadlocks, and all sums are exact', async () => {
    const deadlocks = async (): Promise<number> => {
      const { rows } = await store.database.pool.query<{ deadlocks: string }>(
        'select deadlocks from pg_stat_database where datname = current_database()',
      );
      return Number(rows[0]!.deadlocks);
    };
    const before = await deadlocks();
    const fleet = await Fleet.start(4, { POSTGRES_URL: store.database.server.url, POSTGRES_SCHEMA: store.database.schema });
    try {
      const all = await store.all(40, 0, { ...SETUP, users: 5 });
      for (const round of [0, 1, 2, 3, 4] as const) {
        const messages = await store.answersOfAll(all, round);
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
      for (const one of all) await store.expectSum(one);
    } finally {
      fleet.end();
    }
    await sleep(600); // counters are reported now and then
    expect(await deadlocks()).to.equal(before);
  });
});
