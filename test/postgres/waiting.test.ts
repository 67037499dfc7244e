// Waiting for the end of a round, lists of sessions, and sessions that are created in a transaction of the application.
import { expect } from 'chai';
import { round0Msg } from '../../src/index.ts';
import { PostgresSessions } from '../../src/postgres/index.ts';
import { rejected } from '../support/errors.ts';
import { registeredUsers } from '../support/registered-users.ts';
import { UserWrapper } from '../../src/user/user-wrapper.ts';
import type { PoolConnection, PoolQuery, PostgresPool } from '../../src/postgres/index.ts';
import { poolOf, testDatabase, type TestDatabase } from './support.ts';

/** A pool that tells of each statement after it has run, and before its rows are given. */
function overheardAfter(pool: PostgresPool, hear: (text: string) => Promise<void>): PostgresPool {
  return {
    async connect(): Promise<PoolConnection> {
      const connection = await pool.connect();
      return {
        async query(query: PoolQuery) {
          const { text } = query;
          const result = await connection.query(query);
          await hear(text);
          return result;
        },
        release: (error) => connection.release(error),
      };
    },
  };
}

describe('waiting for the end of a round', () => {
  let database: TestDatabase;
  let sessions: PostgresSessions;
  const { keys, pki } = registeredUsers([1, 2]);

  before(async () => {
    database = await testDatabase();
    sessions = new PostgresSessions(database.pool, { schema: database.schema });
    await sessions.migrate();
  });

  after(() => database.end());

  async function withKeys(at: PostgresSessions): Promise<string> {
    const id = await at.create({ threshold: 2, vecLen: 1, options: { publicKeys: pki } });
    for (const user of [1, 2]) {
      const [pk, sk] = keys.get(user)!;
      await at.recv(id, user, await new UserWrapper(user, 2, pk, sk, [1], pki).round(round0Msg()));
    }
    return id;
  }

  for (const isDirect of [true, false]) {
    it(`is over in every process once one has closed it, ${isDirect ? 'told by the database' : 'by looking'}`, async () => {
      const id = await withKeys(sessions);
      const pool = poolOf(database.server.url);
      const options = { schema: database.schema, ...(isDirect && { direct: pool }) };
      const other = new PostgresSessions(pool, options);
      const started = performance.now();
      const waiting = [other.wait(id, 0), other.wait(id, 0), sessions.wait(id, 0)];
      const early = await Promise.race([...waiting, new Promise((resolve) => setTimeout(resolve, 100, 'waits'))]);
      expect(early).to.equal('waits');
      await sessions.round(id, 0);
      await waiting[0];
      if (isDirect) expect(performance.now() - started).to.be.below(900);
      await Promise.all(waiting);
      await other.wait(id, 0); // at once
      await pool.end();
    });
  }

  it('is told of a round that is closed while it looks', async () => {
    const id = await withKeys(sessions);
    const pool = poolOf(database.server.url);
    let looks = 0;
    const other = new PostgresSessions(
      overheardAfter(pool, async (text) => {
        if (!text.includes('any ($1::uuid[])') || looks++ > 0) return;
        // It has seen the round open, and does not know it yet.
        await sessions.round(id, 0);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }),
      { schema: database.schema, direct: pool },
    );
    const started = performance.now();
    await other.wait(id, 0);
    expect(performance.now() - started).to.be.below(5_000); // without that it looks again after 15 seconds
    await pool.end();
  });

  it('ends with an error for a session that is aborted, unknown or removed, and with the reason of its signal', async () => {
    const id = await withKeys(sessions);
    const waiting = rejected('ERR_SECAGG_ABORTED', sessions.wait(id, 0));
    await sessions.abort(id, 'enough');
    await waiting;
    await rejected('ERR_SECAGG_UNKNOWN_SESSION', sessions.wait(crypto.randomUUID(), 0));
    const other = await withKeys(sessions);
    const ending = new AbortController();
    const called = sessions.wait(other, 0, { signal: ending.signal });
    ending.abort(new Error('no more'));
    const error: unknown = await called.catch((reason: unknown) => reason);
    expect(error).to.have.property('message', 'no more');
    const removed = rejected('ERR_SECAGG_UNKNOWN_SESSION', sessions.wait(other, 0));
    await sessions.remove(other);
    await removed;
  });

  it('goes on by looking if the connection that listens breaks', async () => {
    const id = await withKeys(sessions);
    const pool = poolOf(database.server.url);
    const other = new PostgresSessions(pool, { schema: database.schema, direct: pool });
    const waiting = other.wait(id, 0);
    const listening = `pid in (select pid from pg_stat_activity where query = 'listen secagg')`;
    for (let ended = 0; ended === 0;) {
      ended = (await database.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${listening}`)).rowCount!;
    }
    await sessions.round(id, 0);
    await waiting;
    await pool.end();
  });

  it('looks once a second while the direct pool hands over no connection, and gives back one that comes later', async () => {
    const id = await withKeys(sessions);
    const direct = poolOf(database.server.url, 1);
    const held = await direct.connect();
    const options = { schema: database.schema, timeout: 500 };
    const waiting = [
      new PostgresSessions(database.pool, { ...options, direct }).wait(id, 0),
      new PostgresSessions(database.pool, { ...options, direct: { connect: () => new Promise(() => undefined) } }).wait(id, 0),
    ];
    await new Promise((resolve) => setTimeout(resolve, 700));
    await sessions.round(id, 0);
    await Promise.all(waiting);
    held.release();
    while (direct.waitingCount > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect([direct.totalCount, direct.idleCount]).to.deep.equal([1, 1]);
    await direct.end();
  });

  it('closes a connection on which LISTEN is not answered, and looks once a second', async () => {
    const id = await withKeys(sessions);
    const released: unknown[] = [];
    const direct: PostgresPool = {
      connect: () =>
        Promise.resolve({ query: () => new Promise<never>(() => undefined), release: (error) => void released.push(error) }),
    };
    const waiting = new PostgresSessions(database.pool, { schema: database.schema, timeout: 300, direct }).wait(id, 0);
    while (released.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(released[0]).to.be.instanceOf(Error);
    await sessions.round(id, 0);
    await waiting;
  });

  it('lists sessions in pages, by status and by time', async () => {
    const due = new Date(Date.now() + 3_600_000);
    const ids = [];
    for (let each = 0; each < 3; each++) ids.push(await sessions.create({ threshold: 2, vecLen: 1, expiresAt: due }));
    await sessions.abort(ids[2]!, 'a test');
    const before = { dueBefore: new Date(due.getTime() + 1000) };
    const listed = await sessions.list({ ...before, status: 'collecting' });
    expect(listed.map(({ id }) => id)).to.deep.equal(ids.slice(0, 2).sort());
    const [first] = listed;
    expect(first).to.deep.include({ round: 0, status: 'collecting', endedAt: null });
    expect(first!.expiresAt!.getTime()).to.be.closeTo(due.getTime(), 10_000);
    expect(Math.abs(first!.createdAt.getTime() - Date.now())).to.be.below(60_000);
    expect((await sessions.list({ ...before, status: 'collecting', after: first!.id })).map(({ id }) => id)).to.deep.equal([
      listed[1]!.id,
    ]);
    expect((await sessions.list({ ...before, status: 'aborted' })).map(({ id }) => id)).to.deep.equal([ids[2]]);
    expect(await sessions.list({ dueBefore: new Date(0) })).to.deep.equal([]);
    for (const [options, type] of [
      [{ status: 'over' }, RangeError],
      [{ dueBefore: 5 }, TypeError],
      [{ before: due }, TypeError],
    ] as const) {
      const error: unknown = await sessions.list(options as never).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(type);
    }
  });

  it('creates a session in a transaction of the application, with all that it writes there or with none of it', async () => {
    const client = await database.pool.connect();
    try {
      for (const end of ['rollback', 'commit']) {
        await client.query('begin');
        const id = await sessions.create({ threshold: 2, vecLen: 1, options: { publicKeys: pki } }, { client });
        await rejected('ERR_SECAGG_UNKNOWN_SESSION', sessions.progress(id));
        await client.query(end);
        if (end === 'commit') expect((await sessions.progress(id)).missing).to.deep.equal([1, 2]);
        else await rejected('ERR_SECAGG_UNKNOWN_SESSION', sessions.progress(id));
      }
    } finally {
      client.release();
    }
    const error: unknown = await sessions
      .create({ threshold: 2, vecLen: 1 }, { client: {} as never })
      .catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(TypeError);
  });

  it('refuses a connection in the place of a pool', () => {
    const client = Object.assign(Object.create(null) as object, { connect: () => undefined, getTypeParser: () => undefined });
    expect(() => new PostgresSessions(database.pool, { direct: client as never })).to.throw(TypeError, 'options.direct:');
  });
});
