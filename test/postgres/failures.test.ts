// Connections that break at any statement, transactions that are lost, and databases that refuse: whoever calls again is right.
import { expect } from 'chai';
import { StoreError } from '../../src/index.ts';
import { PostgresSessions, type PoolConnection, type PostgresPool, type PoolQuery } from '../../src/postgres/index.ts';
import { rejected } from '../support/errors.ts';
import { messagesAfter, poolOf, withoutWrites } from './support.ts';
import { ThreeProcesses, UNKNOWN } from './three-processes.ts';

describe('sessions in PostgreSQL when the database fails', function () {
  this.timeout(60_000);
  let store: ThreeProcesses;
  let one: PostgresSessions;
  let two: PostgresSessions;
  before(async () => {
    store = await ThreeProcesses.start();
    ({ one, two } = store);
  });
  after(() => store.end());

  /** A pool whose connections fail at a given statement as a network does: before it runs, or after. */
  const failing = (at: RegExp, when: 'before' | 'after', error: Error): PostgresPool & { times: number } => {
    const pool = {
      times: 1,
      async connect(): Promise<PoolConnection> {
        const client = await store.database.pool.connect();
        return {
          async query(query: PoolQuery) {
            const { text } = query;
            const fails = at.test(text) && pool.times > 0;
            if (fails) pool.times--;
            if (fails && when === 'before') throw error;
            const result = await client.query(query);
            if (fails) throw error;
            return result;
          },
          release: (broken) => client.release(broken),
        };
      },
    };
    return pool;
  };
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

  for (const [statement, text] of [
    ['begin', /^begin/],
    ['the lock', /for key share/],
    ['the insert', /insert into .*messages/],
    ['the sum', /parts/],
    ['commit', /^commit/],
  ] as const) {
    for (const when of ['before', 'after'] as const) {
      it(`a connection breaks ${when} ${statement}: a user that sends its input again is in the sum once`, async () => {
        const [session, id] = await store.playedTo(2);
        const answers = [...(await session.answers())];
        const pool = failing(text, when, reset);
        const sessions = new PostgresSessions(pool, { schema: store.database.schema });
        pool.times = 0;
        await sessions.recv(id, ...answers[0]!);
        pool.times = 1;
        const error = await rejected('ERR_SECAGG_STORE', sessions.recv(id, ...answers[1]!), StoreError);
        expect(error.sqlState).to.equal(null);
        expect(error.cause).to.equal(reset);
        // This process and another one take the message again.
        await sessions.recv(id, ...answers[1]!);
        await two.recv(id, ...answers[1]!);
        for (const [user, bytes] of answers.slice(2)) await sessions.recv(id, user, bytes);
        for (const [user, bytes] of answers) session.server.recv(user, bytes);
        await sessions.round(id, 2);
        await session.close();
        for (const round of [3, 4]) {
          const answers = await session.answers();
          await store.deliver(id, answers);
          session.deliver(answers);
          await session.close();
          await one.round(id, round);
        }
        expect(await one.result(id)).to.deep.equal(session.server.output()!.getVector());
      });
    }
  }

  for (const when of ['before', 'after'] as const) {
    it(`a connection breaks ${when} a round's commit: a caller that tries again is given the output`, async () => {
      const [session, id] = await store.playedTo(1);
      const answers = await session.answers();
      await store.deliver(id, answers);
      session.deliver(answers);
      const sessions = new PostgresSessions(failing(/^commit/, when, reset), { schema: store.database.schema });
      await rejected('ERR_SECAGG_STORE', sessions.round(id, 1), StoreError);
      const messages = (await session.close()).getMessages();
      for (const later of [sessions, two]) {
        expect(await messagesAfter(later, id, await later.round(id, 1))).to.deep.equal(messages);
      }
    });
  }

  it('a transaction that loses a race is tried again, a few times', async () => {
    const [session, id] = await store.playedTo(1);
    const answers = [...(await session.answers())];
    const lost = Object.assign(new Error('deadlock detected'), { code: '40P01' });
    const pool = failing(/insert into .*messages/, 'after', lost);
    const sessions = new PostgresSessions(pool, { schema: store.database.schema });
    pool.times = 3;
    await sessions.recv(id, ...answers[0]!);
    expect(pool.times).to.equal(0);
    pool.times = 1_000;
    const error = await rejected('ERR_SECAGG_STORE', sessions.recv(id, ...answers[1]!), StoreError);
    expect(error.sqlState).to.equal('40P01');
    expect(pool.times).to.be.above(980);
    pool.times = 0;
    await sessions.recv(id, ...answers[1]!);
    expect((await sessions.progress(id)).heard.length).to.equal(2);
  });

  for (const round of [1, 2]) {
    it(`round ${round}: a message that the database does not insert is not acknowledged, and its user is not blamed`, async () => {
      const [session, id] = await store.playedTo(round);
      const answers = await session.answers();
      await withoutWrites(store.database, ['insert', 'messages', 'new.user_id = 7'], async () => {
        await rejected('ERR_SECAGG_STORE', one.recv(id, 7, answers.get(7)!), StoreError);
      });
      await store.deliver(id, answers);
      expect((await one.progress(id)).heard).to.have.length(5);
    });
  }

  it('a change of a session that the database does not write is not reported as done', async () => {
    const [session, id] = await store.playedTo(2, { vecLen: 3_000 });
    await store.deliver(id, await session.answers());
    await withoutWrites(store.database, ['update', 'sessions', 'true'], async () => {
      await rejected('ERR_SECAGG_STORE', one.round(id, 2), StoreError);
      await rejected('ERR_SECAGG_STORE', one.abort(id, 'x'), StoreError);
    });
    await withoutWrites(store.database, ['update', 'sessions', 'old.round <> new.round'], async () => {
      await rejected('ERR_SECAGG_STORE', one.round(id, 2), StoreError);
    });
    await withoutWrites(store.database, ['insert', 'chunks', "new.kind = 'u3'"], async () => {
      await rejected('ERR_SECAGG_STORE', one.round(id, 2), StoreError);
    });
    await withoutWrites(store.database, ['insert', 'members', 'new.user_id = 7'], async () => {
      await rejected('ERR_SECAGG_STORE', store.created(), StoreError);
    });
    await withoutWrites(store.database, ['insert', 'sessions', 'true'], async () => {
      await rejected('ERR_SECAGG_STORE', one.create({ threshold: 2, vecLen: 1 }), StoreError);
    });
    expect((await two.progress(id)).round).to.equal(2);
    expect(await one.round(id, 2))
      .to.have.property('recipients')
      .with.length(5);
  });

  it('an error says whether the same call may succeed later', async () => {
    const retryableOf = async (code: string): Promise<[string | null, boolean]> => {
      const pool = failing(/^begin/, 'before', Object.assign(new Error('refused'), { code }));
      const sessions = new PostgresSessions(pool, { schema: store.database.schema });
      pool.times = 100;
      const error = await rejected('ERR_SECAGG_STORE', sessions.progress(UNKNOWN), StoreError);
      return [error.sqlState, error.retryable];
    };
    for (const code of ['42501', '28000', '28P01', '3D000', '42601', '23514', '0A000', '22P02', '54000', 'P0001']) {
      expect(await retryableOf(code)).to.deep.equal([code, false]);
    }
    for (const code of ['08006', '25P03', '25006', '40001', '53100', '53300', '55P03', '57014', '57P01', '57P03', '58030']) {
      expect(await retryableOf(code)).to.deep.equal([code, true]);
    }
    for (const code of ['ECONNRESET', 'EPIPE']) expect(await retryableOf(code)).to.deep.equal([null, true]);
  });

  it('a role without rights, an unknown role and an unknown database are errors that no later call mends', async () => {
    const url = new URL(store.database.server.url);
    const role = `poor_${crypto.randomUUID().slice(0, 8)}`;
    await store.database.pool.query(`create role ${role} login; grant usage on schema ${store.quoted} to ${role};
      grant select on all tables in schema ${store.quoted} to ${role}`);
    const [, id] = await store.playedTo(1);
    const wrong: [sqlState: string, user: string, name: string][] = [
      ['42501', role, url.pathname],
      ['28000', 'nobody', url.pathname],
      ['3D000', url.username, '/none'],
    ];
    for (const [sqlState, user, name] of wrong) {
      const pool = poolOf(Object.assign(new URL(url), { username: user, pathname: name }).href);
      const sessions = new PostgresSessions(pool, { schema: store.database.schema });
      const error = await rejected('ERR_SECAGG_STORE', sessions.abort(id, 'x'), StoreError);
      expect([error.sqlState, error.retryable]).to.deep.equal([sqlState, false]);
      await pool.end();
    }
    await store.database.pool.query(`drop owned by ${role}; drop role ${role}`);
  });

  it('a call without a database is refused and says to try again', async () => {
    const pool = poolOf('postgres://nobody@127.0.0.1:1/none');
    const error = await rejected('ERR_SECAGG_STORE', new PostgresSessions(pool).round(UNKNOWN, 0), StoreError);
    expect(error.sqlState).to.equal(null);
    expect(error.retryable).to.equal(true);
    await pool.end();
  });

  it('a process refuses to close a round whose partial sum was changed, and the session stays open', async () => {
    const [session, id] = await store.playedTo(2);
    await store.deliver(id, await session.answers());
    await store.database.pool.query(
      `update ${store.quoted}.chunks set body = substr(body, 2) where session_id = $1 and kind = 'sum'`,
      [id],
    );
    await store.database.pool.query(`delete from ${store.quoted}.messages where session_id = $1 and user_id = 7`, [id]);
    await rejected('ERR_SECAGG_STATE', one.round(id, 2));
    expect((await two.progress(id)).status).to.equal('collecting');
  });
});
