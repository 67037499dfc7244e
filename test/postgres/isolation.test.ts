// A healthy session beside a sick one, in one process whose statements and transactions they share: whatever is wrong with the sick one, the
// messages of the healthy one are heard, and its rounds are closed.
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { SecAggError, StateError, StoreError } from '../../src/index.ts';
import { closeRound } from '../../src/postgres/closing.ts';
import { Database } from '../../src/postgres/database.ts';
import { Inboxes } from '../../src/postgres/inboxes.ts';
import { PostgresSessions, type PostgresPool } from '../../src/postgres/index.ts';
import { SessionReads } from '../../src/postgres/session-reads.ts';
import { SharedRead } from '../../src/postgres/shared-read.ts';
import { statement, text as textColumn, type Query } from '../../src/postgres/statement.ts';
import { userId } from '../../src/leaves/ids.ts';
import type { Round } from '../../src/session/notation.ts';
import { rejected } from '../support/errors.ts';
import { StandInSessions, type Message, type Playing } from './stand-in-sessions.ts';
import { overheard, poolOf, testDatabase, withoutWrites, type TestDatabase } from './support.ts';

const SETUP = { threshold: 3, vecLen: 4, users: 4 };
const SPARSE = { threshold: 5, vecLen: 4, users: 8, graph: { neighbors: 4, shareThreshold: 3 } };

describe('a healthy session beside a sick one', function () {
  this.timeout(60_000);
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

  /** Another process, which has looked at the version of the schema. */
  async function started(pool: PostgresPool = database.pool, timeout = 30_000): Promise<PostgresSessions> {
    const process = new PostgresSessions(pool, { schema: database.schema, timeout });
    await process.sweep();
    return process;
  }

  async function playedTo(round: Round, setup: Parameters<StandInSessions['create']>[0] = SETUP): Promise<Playing> {
    const playing = await standIns.create(setup);
    for (const before of [0, 1, 2, 3] as const) if (before < round) await standIns.close(playing, before);
    return playing;
  }
  const firstOf = async (playing: Playing, round: Round): Promise<Message> => (await standIns.answers(playing, round))[0]!;
  const pairIn = (round: Round): Promise<Playing[]> => Promise.all([playedTo(round), playedTo(round)]);

  /** Runs `work` while a transaction of somebody else is open. */
  async function whileHeld(hold: readonly [sql: string, values: unknown[]][], work: () => Promise<void>): Promise<void> {
    const client = await database.pool.connect();
    try {
      await client.query('begin');
      for (const [sql, values] of hold) await client.query(sql, values);
      await work();
    } finally {
      await client.query('rollback');
      client.release();
    }
  }
  const holdSessions = (all: readonly Playing[]): [string, unknown[]] => [
    `select 1 from ${quoted}.sessions where session_id = any ($1) for update`,
    [all.map(({ id }) => id)],
  ];
  /** Another transaction writes a message of the same user. */
  const holdMessage = ([id, user]: Message): [string, unknown[]] => [
    `insert into ${quoted}.messages (session_id, round, user_id, position, digest, entry) values ($1, 1, $2, 0, sha256('x'), 'x')`,
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
      const [sick, healthy] = (await pairIn(1)) as [Playing, Playing];
      const [first, ...others] = (await standIns.answers(healthy, 1)) as [Message, ...Message[]];
      const message = await firstOf(sick, 1);
      await database.pool.query(`delete from ${quoted}.chunks where session_id = $1`, [sick.id]);
      expect(await heardTogether(await started(), message, first)).to.be.instanceOf(StateError);
      for (const other of others) await sessions.recv(...other);
      const process = await started();
      const [, closed] = await Promise.allSettled([process.round(sick.id, 1), process.round(healthy.id, 1)]);
      expect(closed.status).to.equal('fulfilled');
    });

    it('although the other one is removed between two reads', async () => {
      const [sick, healthy] = (await pairIn(0)) as [Playing, Playing];
      let isArmed = false;
      let removed: Promise<void> | null = null;
      const pool = overheard(database.pool, async (text) => {
        if (isArmed && text.includes('as piece')) await (removed ??= sessions.remove(sick.id));
      });
      const process = await started(pool);
      for (const one of [sick, healthy]) {
        for (const message of await standIns.answers(one, 0)) await process.recv(...message);
        await sessions.round(one.id, 0);
      }
      const messages = [await firstOf(sick, 1), await firstOf(healthy, 1)] as const;
      isArmed = true;
      expect(await heardTogether(process, ...messages)).to.be.instanceOf(SecAggError);
    });

    it('although a trigger of the application refuses the other one with an SQLSTATE of its own', async () => {
      const [sick, healthy] = (await pairIn(0)) as [Playing, Playing];
      await database.pool.query(
        `create function ${quoted}.refuse() returns trigger language plpgsql as
           $$ begin raise exception 'quota' using errcode = 'Q0001'; end $$;
         create trigger refuse before insert on ${quoted}.messages for each row when (new.session_id = '${sick.id}')
           execute function ${quoted}.refuse()`,
      );
      try {
        const error = await heardTogether(await started(), await firstOf(sick, 0), await firstOf(healthy, 0));
        expect(error).to.be.instanceOf(StoreError).and.have.property('sqlState', 'Q0001');
      } finally {
        await database.pool.query(`drop function ${quoted}.refuse() cascade`);
      }
    });

    it("although the database takes too long with the other one's rows, by the role's statement_timeout", async () => {
      const [sick, healthy] = (await pairIn(0)) as [Playing, Playing];
      const pool = new pg.Pool({ connectionString: database.server.url, options: '-c statement_timeout=300ms' });
      await database.pool.query(
        `create function ${quoted}.dawdle() returns trigger language plpgsql as 'begin perform pg_sleep(3); return new; end';
         create trigger dawdle before insert on ${quoted}.messages for each row when (new.session_id = '${sick.id}')
           execute function ${quoted}.dawdle()`,
      );
      try {
        const error = await heardTogether(await started(pool), await firstOf(sick, 0), await firstOf(healthy, 0));
        expect(error).to.be.instanceOf(StoreError).and.have.property('sqlState', '57014');
      } finally {
        await database.pool.query(`drop function ${quoted}.dawdle() cascade`);
        await pool.end();
      }
    });

    for (const [table, round, setup] of [
      ['deals', 1, SPARSE],
      ['parts', 2, SETUP],
    ] as const) {
      it(`although a trigger drops rows of ${table} of the other one`, async () => {
        const [sick, healthy] = [await playedTo(round, setup), await playedTo(round)];
        const messages = [await firstOf(sick, round), await firstOf(healthy, round)] as const;
        await withoutWrites(database, ['insert', table, `new.session_id = '${sick.id}'`], async () => {
          const error = await heardTogether(await started(), ...messages);
          expect(error).to.be.instanceOf(StoreError).and.have.property('retryable', false);
        });
      });
    }
  });

  describe('is heard in time', () => {
    for (const own of ['0', '60s']) {
      it(`although others hold rows of many other ones and the role's lock_timeout is ${own}`, async () => {
        const pool = new pg.Pool({ connectionString: database.server.url, options: `-c lock_timeout=${own}` });
        const all = await Promise.all(Array.from({ length: 7 }, () => playedTo(1)));
        const messages = await Promise.all(all.map((one) => firstOf(one, 1)));
        const [healthy, ...sick] = messages as [Message, ...Message[]];
        const process = await started(pool, 20_000);
        const waiting: Promise<string>[] = [];
        await whileHeld(sick.map(holdMessage), async () => {
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
        const all = await Promise.all(Array.from({ length: 7 }, () => playedTo(0)));
        const messages = await Promise.all(all.map((one) => standIns.answers(one, 0)));
        if (call === 'round') for (const message of messages.slice(1).flat()) await sessions.recv(...message);
        const pool = poolOf(database.server.url, 3);
        const process = await started(pool, 20_000);
        let waiting: Promise<unknown>[] = [];
        await whileHeld([holdSessions(all.slice(1))], async () => {
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
      const [sick, healthy] = (await pairIn(0)) as [Playing, Playing];
      const messages = [await firstOf(sick, 0), await firstOf(healthy, 0)] as const;
      const process = await started(database.pool, 1_500);
      await whileHeld([holdSessions([sick])], async () => {
        const error = (await heardTogether(process, ...messages)) as StoreError;
        expect([error.code, error.sqlState, error.retryable]).to.deep.equal(['ERR_SECAGG_STORE', '55P03', true]);
      });
    });

    for (const [what, at, outcome] of [
      ['transaction', /skip locked/, 'refused'],
      ['statement that reads', /\.sessions/, 'later'],
    ] as const) {
      it(`although a connection falls silent in a ${what} of the other one`, async () => {
        const [sick, healthy] = (await pairIn(0)) as [Playing, Playing];
        const messages = [await firstOf(sick, 0), await firstOf(healthy, 0)] as const;
        let isArmed = false;
        const pool = overheard(database.pool, (text) => {
          if (!isArmed || !at.test(text)) return;
          isArmed = false;
          return new Promise(() => undefined);
        });
        const process = await started(pool, 5_000);
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
      const all = await Promise.all(Array.from({ length: 10 }, () => playedTo(1)));
      const messages = await Promise.all(all.map((one) => firstOf(one, 1)));
      let elsewhere: Promise<string> | null = null;
      let begun = 0;
      const pool = overheard(database.pool, async (text) => {
        begun += Number(text.startsWith('begin'));
        if (text.includes('skip locked')) await (elsewhere ??= sessions.recv(...messages[0]!));
      });
      const process = await started(pool);
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
      const pool = new pg.Pool({ connectionString: database.server.url, options: `-c lock_timeout=${own}` });
      const rows = await new Database(pool, { schema: database.schema }).transaction((query) => query(show), 50);
      expect(rows).to.deep.equal([{ lock_timeout: effective }]);
      await pool.end();
    }
  });

  describe('a round', () => {
    it('is closed although messages that are refused keep coming', async () => {
      const playing = await playedTo(0);
      for (const message of await standIns.answers(playing, 0)) await sessions.recv(...message);
      const process = await started();
      let isOver = false;
      const junk = async (): Promise<void> => {
        while (!isOver) {
          void process.recv(playing.id, playing.users.ids[0]!, new Uint8Array(10)).catch(() => undefined);
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      const sender = junk();
      await sleep(200);
      const outcome = await Promise.race([process.round(playing.id, 0), sleep(5_000, null)]);
      isOver = true;
      await sender;
      expect(outcome).to.have.property('kind', 'messages');
    });

    it('that waits for messages of a session that others hold is called off by its signal', async () => {
      const playing = await playedTo(0);
      const process = await started();
      const message = await firstOf(playing, 0);
      const heard: Promise<string>[] = [];
      await whileHeld([holdSessions([playing])], async () => {
        heard.push(process.recv(...message));
        const reason = new Error('too long');
        const controller = new AbortController();
        setTimeout(() => controller.abort(reason), 100);
        const outcome: unknown = await process
          .round(playing.id, 0, { signal: controller.signal })
          .catch((error: unknown) => error);
        expect(outcome).to.equal(reason);
      });
      expect(await Promise.all(heard)).to.deep.equal(['accepted']);
    });

    it('that is refused leaves no token behind', async () => {
      const { id } = await playedTo(0);
      const own = new Database(database.pool, { schema: database.schema });
      const known = { reads: new SessionReads(own.read), jobs: null, known: null, abandoned: new Set<string>() };
      const closing = { sessionId: id, round: 3, locals: {}, signal: undefined, ...known };
      await rejected('ERR_SECAGG_USAGE', closeRound(own, closing));
      expect(known.abandoned.size).to.equal(0);
    });
  });

  it('messages for sessions that do not exist take no memory', async () => {
    const own = new Database(database.pool, { schema: database.schema });
    const inboxes = new Inboxes(own, new SessionReads(own.read), null);
    const ids = Array.from({ length: 200 }, () => crypto.randomUUID());
    await Promise.all(
      ids.map((id) => rejected('ERR_SECAGG_UNKNOWN_SESSION', inboxes.put(id, userId(1, 'user'), new Uint8Array(10)))),
    );
    expect(ids.filter((id) => inboxes.find(id) !== null)).to.deep.equal([]);
  });

  it('a session that is removed while a long sum of it is written leaves no chunks', async () => {
    const playing = await playedTo(2, { ...SETUP, vecLen: 1_100_000 });
    const message = await firstOf(playing, 2);
    let removed: Promise<void> | null = null;
    const pool = overheard(database.pool, async (text) => {
      if (text.includes('.chunks (session_id')) await (removed ??= sessions.remove(playing.id));
    });
    await rejected('ERR_SECAGG_UNKNOWN_SESSION', (await started(pool)).recv(...message));
    const { rows } = await database.pool.query(`select 1 from ${quoted}.chunks where session_id = $1`, [playing.id]);
    expect(rows).to.deep.equal([]);
  });
});

describe('a shared read', () => {
  const corrupt = new StoreError('ERR_SECAGG_STORE', 'a page', { sqlState: 'XX001' });

  it('whose statement meets a damaged page of one session answers all others, in a few statements more', async () => {
    let statements = 0;
    const read = new SharedRead<number, number>(256, (asked) => {
      statements++;
      return asked.includes(77) ? Promise.reject(corrupt) : Promise.resolve(asked);
    });
    const outcomes = await Promise.allSettled(Array.from({ length: 256 }, (_, i) => read.ask(i)));
    outcomes.forEach((outcome, i) =>
      expect(outcome).to.deep.equal(i === 77 ? { status: 'rejected', reason: corrupt } : { status: 'fulfilled', value: i }),
    );
    expect(statements).to.equal(17);
  });

  for (const [why, error] of [
    ['the connection breaks', new StoreError('ERR_SECAGG_STORE', 'x')],
    ['the server shuts down', new StoreError('ERR_SECAGG_STORE', 'x', { sqlState: '57P01' })],
    ['the schema is missing', new StoreError('ERR_SECAGG_MIGRATION', 'x', { sqlState: '42P01' })],
  ] as const) {
    it(`is not repeated if ${why}`, async () => {
      let statements = 0;
      const read = new SharedRead<number, number>(256, () => {
        statements++;
        return Promise.reject(error);
      });
      const outcomes = await Promise.allSettled([1, 2, 3].map((i) => read.ask(i)));
      for (const outcome of outcomes) expect(outcome).to.deep.equal({ status: 'rejected', reason: error });
      expect(statements).to.equal(1);
    });
  }

  it('asks for a few thousand users in a statement, however many questions there are', async () => {
    const sizes: number[] = [];
    const query: Query = (_, values) => {
      sizes.push((values![0] as unknown[]).length);
      return Promise.resolve([]);
    };
    const reads = new SessionReads(query);
    const users = Array.from({ length: 1_000 }, (_, i) => i);
    await Promise.all(Array.from({ length: 256 }, () => reads.said(crypto.randomUUID(), users)));
    expect(Math.max(...sizes)).to.equal(4_000);
    expect(sizes.reduce((sum, size) => sum + size)).to.equal(256_000);
  });
});
