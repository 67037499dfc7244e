// A database that does not answer: the call that waits is refused in time, and later calls work on other connections.
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { round0Msg, StoreError } from '../../src/index.ts';
import { inTime } from '../../src/postgres/deadline.ts';
import { PostgresSessions, PostgresUsers, type PostgresPool } from '../../src/postgres/index.ts';
import { rejected } from '../support/errors.ts';
import { Session } from '../support/session.ts';
import { DatabaseProxy, type Silence } from './database-proxy.ts';
import { beside, messagesAfter, overheard, poolOf, testDatabase, type TestDatabase } from './support.ts';

const TIMEOUT = 400;
const KEY = new Uint8Array(32).fill(7);

describe('a deadline', () => {
  /** Computes for a long time from `start` on, so that timers pass before the process reads what has arrived. */
  const compute = async (start: number): Promise<void> => {
    await sleep(start);
    await new Promise((resolve) => setImmediate(resolve));
    for (const end = performance.now() + 3 * TIMEOUT; performance.now() < end;);
  };

  it('counts the time in which the process computes as one step', async () => {
    const answer = async (): Promise<string> => {
      await compute(1);
      return sleep(TIMEOUT / 2, 'answer');
    };
    expect(await inTime(answer(), TIMEOUT)).to.equal('answer');
  });

  it('lets the process read what has arrived before it passes', async () => {
    const answer = async (): Promise<string> => {
      await compute(TIMEOUT - 20);
      return new Promise((resolve) => setImmediate(() => resolve('answer')));
    };
    expect(await inTime(answer(), TIMEOUT)).to.equal('answer');
  });

  it('passes on a result or an error that comes in time', async () => {
    expect(await inTime(Promise.resolve(5), TIMEOUT)).to.equal(5);
    const error = new Error('refused');
    expect(await inTime(Promise.reject(error), TIMEOUT).catch((reason: unknown) => reason)).to.equal(error);
  });
});

describe('a database that does not answer', function () {
  this.timeout(20_000);
  let database: TestDatabase;
  let proxy: DatabaseProxy;
  let pool: pg.Pool;
  let direct: PostgresSessions;

  before(async () => {
    database = await testDatabase();
    direct = new PostgresSessions(database.pool, { schema: database.schema });
    await direct.migrate();
  });
  beforeEach(async () => {
    proxy = await DatabaseProxy.start(database.server.url);
    pool = poolOf(proxy.url, 2);
  });
  afterEach(async () => {
    await proxy.end();
    await pool.end();
  });
  after(() => database.end());

  const sessionsOf = (any: PostgresPool, timeout = TIMEOUT): PostgresSessions =>
    new PostgresSessions(any, { schema: database.schema, timeout });
  const usersOf = (any: PostgresPool): PostgresUsers =>
    new PostgresUsers(any, { keys: [KEY], schema: database.schema, timeout: TIMEOUT });
  /** The pool behind the proxy, which falls silent when a statement is about to be sent, and answers before. */
  const silentAt = (at: RegExp, silence: Silence): { pool: PostgresPool; armed: boolean; last: string } => {
    const heard = {
      armed: false,
      last: '',
      pool: overheard(pool, (text) => {
        heard.last = text;
        if (heard.armed && at.test(text)) proxy.silence(silence);
      }),
    };
    return heard;
  };
  const late = async (call: Promise<unknown>): Promise<void> => {
    const started = performance.now();
    const error = await rejected('ERR_SECAGG_STORE', call, StoreError);
    expect([error.sqlState, error.retryable]).to.deep.equal([null, true]);
    expect(performance.now() - started).to.be.within(TIMEOUT / 2, 20 * TIMEOUT);
  };
  const played = async (round: number): Promise<[Session, string, ReadonlyMap<number, Uint8Array>]> => {
    const session = new Session({ vecLen: 4 });
    const { threshold, vecLen, registered } = session.setup;
    const id = await direct.create({ threshold, vecLen, options: { publicKeys: registered.pki } });
    for (let r = 0; r < round; r++) {
      const answers = await session.answers();
      await Promise.all([...answers].map(([user, bytes]) => direct.recv(id, user, bytes)));
      session.deliver(answers);
      await direct.round(id, r);
      await session.close();
    }
    return [session, id, await session.answers()];
  };

  for (const [statement, at, silence] of [
    ['begin', /^begin/, 'both'],
    ['the lock', /for key share/, 'both'],
    ['the insert', /insert into .*messages/, 'answers'],
    ['commit, which arrives', /^commit/, 'answers'],
    ['commit, which is lost', /^commit/, 'requests'],
  ] as const) {
    it(`a network falls silent at ${statement}: recv, the next recv and round are refused in time, and work later`, async () => {
      const [session, id, answers] = await played(2);
      const [first, second, ...others] = [...answers];
      const silent = silentAt(at, silence);
      const sessions = sessionsOf(silent.pool);
      await sessions.recv(id, ...first!);
      silent.armed = true;
      await late(sessions.recv(id, ...second!));
      expect(silent.last, 'no statement waits behind the one that is not answered').to.match(at);
      silent.armed = false;
      await late(sessions.recv(id, ...second!));
      await late(sessions.round(id, 2));
      proxy.recover();
      await sessions.recv(id, ...second!);
      for (const [user, bytes] of others) await sessions.recv(id, user, bytes);
      session.deliver(answers);
      expect(await messagesAfter(direct, id, await sessions.round(id, 2))).to.deep.equal((await session.close()).getMessages());
      for (const round of [3, 4]) {
        const next = await session.answers();
        await Promise.all([...next].map(([user, bytes]) => sessions.recv(id, user, bytes)));
        session.deliver(next);
        await session.close();
        await sessions.round(id, round);
      }
      expect(await sessions.result(id)).to.deep.equal(session.server.output()!.getVector());
    });
  }

  for (const silence of ['answers', 'requests'] as const) {
    it(`a round's commit is not answered (${silence} are lost): a caller that tries again is given the output`, async () => {
      const [session, id, answers] = await played(1);
      await Promise.all([...answers].map(([user, bytes]) => direct.recv(id, user, bytes)));
      session.deliver(answers);
      const silent = silentAt(/^commit/, silence);
      const sessions = sessionsOf(silent.pool);
      silent.armed = true;
      await late(sessions.round(id, 1));
      silent.armed = false;
      proxy.recover();
      const messages = (await session.close()).getMessages();
      for (const later of [sessions, direct]) {
        expect(await messagesAfter(later, id, await later.round(id, 1))).to.deep.equal(messages);
      }
    });

    it(`a user's commit is not answered (${silence} are lost): it gives one answer when it is asked again`, async () => {
      const silent = silentAt(/^commit/, silence);
      const users = usersOf(silent.pool);
      const name = crypto.randomUUID();
      await users.save(name, 1, new Session().user(1).serializeState());
      silent.armed = true;
      await late(users.answer(name, 1, round0Msg()));
      silent.armed = false;
      await late(users.load(name, 1));
      proxy.recover();
      const answer = await users.answer(name, 1, round0Msg());
      expect(await usersOf(database.pool).answer(name, 1, round0Msg())).to.deep.equal(answer);
    });
  }

  it('every other call is refused in time too', async () => {
    const [, id] = await played(0);
    const [sessions, users] = [sessionsOf(pool), usersOf(pool)];
    await sessions.progress(id);
    await users.load('a', 1);
    proxy.silence('both');
    const state = new Session().user(1).serializeState();
    // The pool has two connections: of the calls that wait for one, each is refused too.
    await Promise.all(
      [
        sessions.create({ threshold: 2, vecLen: 1 }),
        sessions.message(id, 1),
        sessions.progress(id),
        sessions.result(id),
        sessions.abort(id, 'x'),
        sessions.remove(id),
        sessions.sweep(),
        sessions.migrate(),
        users.migrate(),
        users.save('a', 1, state),
        users.forget('a', 1),
      ].map(late),
    );
    proxy.recover();
    await users.save('a', 1, state);
    expect((await sessions.progress(id)).status).to.equal('collecting');
  });

  it('a call that waits for a connection is refused in time, and gives back a connection that comes later', async () => {
    const small = poolOf(database.server.url, 1);
    const held = await small.connect();
    const sessions = sessionsOf(small);
    await late(sessions.sweep());
    held.release();
    await sessions.sweep();
    expect([small.totalCount, small.idleCount, small.waitingCount]).to.deep.equal([1, 1, 0]);
    await small.end();
    await late(sessionsOf({ connect: () => new Promise(() => undefined) }).sweep());
  });

  it('a call that waits for a lock is refused in time; its connection stays, and PostgreSQL waits no longer', async () => {
    const [, id] = await played(0);
    const sessions = sessionsOf(pool);
    await sessions.progress(id);
    const lock = `select 1 from ${pg.escapeIdentifier(database.schema)}.sessions where session_id = $1 for update`;
    await beside(database.pool, [[lock, [id]]], async () => {
      const error = await rejected('ERR_SECAGG_STORE', sessions.abort(id, 'x'), StoreError);
      expect([error.sqlState, error.retryable]).to.deep.equal(['55P03', true]);
      const { rows } = await database.pool.query(
        `select 1 from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`,
      );
      expect(rows).to.deep.equal([]);
    });
    await sessions.abort(id, 'x');
    expect(proxy.connections).to.equal(1);
  });

  it('a database that ends each connection in the packet that says that it is ready does not end the process', async () => {
    const [, id] = await played(0);
    const sessions = sessionsOf(pool);
    proxy.endsNewConnections = true;
    for (let i = 0; i < 5; i++) {
      const error = await rejected('ERR_SECAGG_STORE', sessions.progress(id), StoreError);
      expect(error.retryable).to.equal(true);
    }
    proxy.endsNewConnections = false;
    expect((await sessions.progress(id)).round).to.equal(0);
  });

  it('many objects on one pool listen to its connections once', () => {
    for (let i = 0; i < 20; i++) sessionsOf(pool);
    expect(pool.listenerCount('connect')).to.equal(1);
  });
});
