// A healthy session beside a sick one, in one process whose statements and transactions they share: whatever is wrong with the sick one, the
// messages of the healthy one are heard, and its rounds are closed.
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { SecAggError, StateError, StoreError } from '../../src/index.ts';
import { Database } from '../../src/postgres/database.ts';
import type { PostgresSessions } from '../../src/postgres/index.ts';
import { statement, text as textColumn } from '../../src/postgres/statement.ts';
import type { Round } from '../../src/session/notation.ts';
import { SETUP, StandInSessions, type Message, type Playing } from './stand-in-sessions.ts';
import { beside, overheard, poolOf, withoutWrites } from './support.ts';

const SPARSE = { threshold: 5, vecLen: 4, users: 8, graph: { neighbors: 4, shareThreshold: 3 } };

describe('a healthy session beside a sick one', function () {
  this.timeout(60_000);
  let store: StandInSessions;
  before(async () => {
    store = await StandInSessions.start();
  });
  after(() => store.end());

  const pairIn = (round: Round): Promise<[Playing, Playing]> => Promise.all([store.playedTo(round), store.playedTo(round)]);
  /** Another transaction writes a message of the same user. */
  const written = ([id, user]: Message): [string, unknown[]] => [
    `insert into ${store.quoted}.messages (session_id, round, user_id, position, digest, entry) values ($1, 1, $2, 0, sha256('x'), 'x')`,
    [id, user],
  ];

  /** Both are heard at the same time: the healthy one is accepted. */
  async function heardTogether(process: PostgresSessions, sick: Message, healthy: Message): Promise<unknown> {
    const [refused, heard] = await Promise.allSettled([process.recv(...sick), process.recv(...healthy)]);
    expect(heard).to.deep.equal({ status: 'fulfilled', value: 'accepted' });
    return refused.status === 'rejected' ? refused.reason : refused.value;
  }

  describe('is heard and closed', () => {
    it('although rows of the other one are gone', async () => {
      const [sick, healthy] = await pairIn(1);
      const [first, ...others] = (await store.answers(healthy, 1)) as [Message, ...Message[]];
      const message = await store.first(sick, 1);
      await store.database.pool.query(`delete from ${store.quoted}.chunks where session_id = $1`, [sick.id]);
      expect(await heardTogether(await store.another(), message, first)).to.be.instanceOf(StateError);
      for (const other of others) await store.sessions.recv(...other);
      const process = await store.another();
      const [, closed] = await Promise.allSettled([process.round(sick.id, 1), process.round(healthy.id, 1)]);
      expect(closed.status).to.equal('fulfilled');
    });

    it('although the other one is removed between two reads', async () => {
      const [sick, healthy] = await pairIn(0);
      let isArmed = false;
      let removed: Promise<void> | null = null;
      const pool = overheard(store.database.pool, async (text) => {
        if (isArmed && text.includes('as piece')) await (removed ??= store.sessions.remove(sick.id));
      });
      const process = await store.another(pool);
      for (const one of [sick, healthy]) {
        for (const message of await store.answers(one, 0)) await process.recv(...message);
        await store.sessions.round(one.id, 0);
      }
      const messages = [await store.first(sick, 1), await store.first(healthy, 1)] as const;
      isArmed = true;
      expect(await heardTogether(process, ...messages)).to.be.instanceOf(SecAggError);
    });

    it('although a trigger of the application refuses the other one with an SQLSTATE of its own', async () => {
      const [sick, healthy] = await pairIn(0);
      await store.database.pool.query(
        `create function ${store.quoted}.refuse() returns trigger language plpgsql as
           $$ begin raise exception 'quota' using errcode = 'Q0001'; end $$;
         create trigger refuse before insert on ${store.quoted}.messages for each row when (new.session_id = '${sick.id}')
           execute function ${store.quoted}.refuse()`,
      );
      try {
        const error = await heardTogether(await store.another(), await store.first(sick, 0), await store.first(healthy, 0));
        expect(error).to.be.instanceOf(StoreError).and.have.property('sqlState', 'Q0001');
      } finally {
        await store.database.pool.query(`drop function ${store.quoted}.refuse() cascade`);
      }
    });

    it("although the database takes too long with the other one's rows, by the role's statement_timeout", async () => {
      const [sick, healthy] = await pairIn(0);
      const pool = new pg.Pool({ connectionString: store.database.server.url, options: '-c statement_timeout=300ms' });
      await store.database.pool.query(
        `create function ${store.quoted}.dawdle() returns trigger language plpgsql as 'begin perform pg_sleep(3); return new; end';
         create trigger dawdle before insert on ${store.quoted}.messages for each row when (new.session_id = '${sick.id}')
           execute function ${store.quoted}.dawdle()`,
      );
      try {
        const error = await heardTogether(await store.another(pool), await store.first(sick, 0), await store.first(healthy, 0));
        expect(error).to.be.instanceOf(StoreError).and.have.property('sqlState', '57014');
      } finally {
        await store.database.pool.query(`drop function ${store.quoted}.dawdle() cascade`);
        await pool.end();
      }
    });

    for (const [table, round, setup] of [
      ['deals', 1, SPARSE],
      ['parts', 2, SETUP],
    ] as const) {
      it(`although a trigger drops rows of ${table} of the other one`, async () => {
        const [sick, healthy] = [await store.playedTo(round, setup), await store.playedTo(round)];
        const messages = [await store.first(sick, round), await store.first(healthy, round)] as const;
        await withoutWrites(store.database, ['insert', table, `new.session_id = '${sick.id}'`], async () => {
          const error = await heardTogether(await store.another(), ...messages);
          expect(error).to.be.instanceOf(StoreError).and.have.property('retryable', false);
        });
      });
    }
  });

  describe('is heard in time', () => {
    for (const own of ['0', '60s']) {
      it(`although others hold rows of many other ones and the role's lock_timeout is ${own}`, async () => {
        const pool = new pg.Pool({ connectionString: store.database.server.url, options: `-c lock_timeout=${own}` });
        const all = await store.all(7, 1);
        const messages = await Promise.all(all.map((one) => store.first(one, 1)));
        const [healthy, ...sick] = messages as [Message, ...Message[]];
        const process = await store.another(pool, 20_000);
        const waiting: Promise<string>[] = [];
        await beside(store.database.pool, sick.map(written), async () => {
          for (const message of sick) {
            waiting.push(process.recv(...message));
            await sleep(20);
          }
          const began = performance.now();
          expect(await process.recv(...healthy)).to.equal('accepted');
          expect(performance.now() - began).to.be.below(1_500);
        });
        expect(new Set(await Promise.all(waiting))).to.deep.equal(new Set(['accepted']));
        await pool.end();
      });
    }

    for (const call of ['recv', 'round', 'abort'] as const) {
      it(`although each connection could be taken by calls of ${call} for other ones that somebody holds`, async () => {
        const all = await store.all(7, 0);
        const messages = await Promise.all(all.map((one) => store.answers(one, 0)));
        if (call === 'round') for (const message of messages.slice(1).flat()) await store.sessions.recv(...message);
        const pool = poolOf(store.database.server.url, 3);
        const process = await store.another(pool, 20_000);
        let waiting: Promise<unknown>[] = [];
        await store.whileHeld(all.slice(1), async () => {
          waiting = all.slice(1).map(({ id }, i): Promise<unknown> => {
            if (call === 'recv') return process.recv(...messages[i + 1]![0]!);
            return call === 'round' ? process.round(id, 0) : process.abort(id, 'x');
          });
          // Longer than a message of a held session is sent together with others.
          await sleep(900);
          const began = performance.now();
          for (const message of messages[0]!) expect(await process.recv(...message)).to.equal('accepted');
          await process.round(all[0]!.id, 0);
          expect(performance.now() - began).to.be.below(4_000);
        });
        await Promise.all(waiting);
        await pool.end();
      });
    }

    it('although a call that waits for the other one is refused at the deadline', async () => {
      const [sick, healthy] = await pairIn(0);
      const messages = [await store.first(sick, 0), await store.first(healthy, 0)] as const;
      const process = await store.another(store.database.pool, 1_500);
      await store.whileHeld([sick], async () => {
        const error = (await heardTogether(process, ...messages)) as StoreError;
        expect([error.code, error.sqlState, error.retryable]).to.deep.equal(['ERR_SECAGG_STORE', '55P03', true]);
      });
    });

    for (const [what, at, outcome] of [
      ['transaction', /skip locked/, 'refused'],
      ['statement that reads', /\.sessions/, 'later'],
    ] as const) {
      it(`although a connection falls silent in a ${what} of the other one`, async () => {
        const [sick, healthy] = await pairIn(0);
        const messages = [await store.first(sick, 0), await store.first(healthy, 0)] as const;
        let isArmed = false;
        const pool = overheard(store.database.pool, (text) => {
          if (!isArmed || !at.test(text)) return;
          isArmed = false;
          return new Promise(() => undefined);
        });
        const process = await store.another(pool, 5_000);
        isArmed = true;
        const lost = process.recv(...messages[0]).then(
          () => 'later', // a read is tried twice
          () => 'refused',
        );
        await sleep(50);
        expect(await Promise.race([process.recv(...messages[1]), lost])).to.equal('accepted');
        expect(await lost).to.equal(outcome);
      });
    }

    it('although messages of the other one were heard by another process: two transactions write all others', async () => {
      const all = await store.all(10, 1);
      const messages = await Promise.all(all.map((one) => store.first(one, 1)));
      let elsewhere: Promise<string> | null = null;
      let begun = 0;
      const pool = overheard(store.database.pool, async (text) => {
        begun += Number(text.startsWith('begin'));
        if (text.includes('skip locked')) await (elsewhere ??= store.sessions.recv(...messages[0]!));
      });
      const process = await store.another(pool);
      begun = 0;
      const said = await Promise.all(messages.map((message) => process.recv(...message)));
      expect(said).to.deep.equal(['repeated', ...Array.from({ length: 9 }, () => 'accepted')]);
      expect(begun).to.equal(2);
    });
  });

  it("an application's own lock_timeout counts if it is shorter, and 0 is none", async () => {
    const show = statement('show lock_timeout', { lock_timeout: textColumn });
    for (const [own, effective] of [
      ['0', '50ms'],
      ['1min', '50ms'],
      ['20ms', '20ms'],
    ] as const) {
      const pool = new pg.Pool({ connectionString: store.database.server.url, options: `-c lock_timeout=${own}` });
      const rows = await new Database(pool, { schema: store.database.schema }).transaction((query) => query(show), 50);
      expect(rows).to.deep.equal([{ lock_timeout: effective }]);
      await pool.end();
    }
  });
});
