// Rounds that are closed outside of transactions: whatever dies, hangs or arrives meanwhile, one result counts, and it has the messages
// that were acknowledged.
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProtocolError, StoreError, ThresholdError } from '../../src/index.ts';
import { closeRound } from '../../src/postgres/closing.ts';
import { Database } from '../../src/postgres/database.ts';
import { PostgresSessions, type PoolConnection, type PostgresPool, type PoolQuery } from '../../src/postgres/index.ts';
import { SessionReads } from '../../src/postgres/session-reads.ts';
import { rejected } from '../support/errors.ts';
import { registeredUsers } from '../support/registered-users.ts';
import { messagesAfter, overheard } from './support.ts';
import { ThreeProcesses } from './three-processes.ts';

/** Reads what a round has heard. */
const READS = 'select user_id, entry from';
/** Writes that a round is closed. */
const ADVANCES = 'closings = closings ||';
const RENEWS = "lease_until = clock_timestamp() + interval '10 seconds' where session_id = $1::uuid and closing";

describe('rounds in PostgreSQL that are being closed', function () {
  this.timeout(60_000);
  let store: ThreeProcesses;
  let two: PostgresSessions;
  before(async () => {
    store = await ThreeProcesses.start();
    ({ two } = store);
  });
  after(() => store.end());

  /** A process that stops before its first statement of some kind, and cannot renew a lease while it stands still. */
  const stopping = (at: string): { sessions: PostgresSessions; stopped: Promise<void>; goOn: () => void } => {
    let [stop, goOn] = [(): void => undefined, (): void => undefined];
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    const going = new Promise<void>((resolve) => (goOn = resolve));
    const pool: PostgresPool = {
      async connect(): Promise<PoolConnection> {
        const client = await store.database.pool.connect();
        return {
          async query(query: PoolQuery) {
            const { text } = query;
            if (text.includes(RENEWS)) throw new Error('stopped');
            if (text.includes(at)) {
              stop();
              await going;
            }
            return client.query(query);
          },
          release: (error) => client.release(error),
        };
      },
    };
    return { sessions: new PostgresSessions(pool, { schema: store.database.schema }), stopped, goOn };
  };
  const endLease = async (id: string): Promise<void> => {
    await store.database.pool.query(`update ${store.quoted}.sessions set lease_until = now() where session_id = $1`, [id]);
  };

  for (const [what, at] of [
    ['before it has read anything', READS],
    ['before it has read the partial sums, which the other one deletes', 'select part_id, set_id, users from'],
    ['when it is about to write the result', ADVANCES],
  ] as const) {
    it(`a process hangs ${what}: another one closes the round with one more user, and the result of the first counts for nothing`, async () => {
      const [session, id] = await store.playedTo(2, { vecLen: 1_000 });
      const answers = await session.answers();
      const [late, ...others] = [...answers];
      for (const [user, bytes] of others) await two.recv(id, user, bytes);
      const { sessions, stopped, goOn } = stopping(at);
      const hanging = sessions.round(id, 2);
      await stopped;
      await endLease(id);
      await two.recv(id, ...late!);
      const closed = await two.round(id, 2);
      goOn();
      expect(await hanging).to.deep.equal(closed);
      session.deliver(answers);
      expect(await messagesAfter(two, id, closed)).to.deep.equal((await session.close()).getMessages());
      const { rows } = await store.database.pool.query(
        `select 1 from ${store.quoted}.chunks join ${store.quoted}.sessions using (session_id)
         where session_id = $1 and set_id <> all (closings)`,
        [id],
      );
      expect(rows, 'chunks that nobody names').to.deep.equal([]);
      for (const round of [3, 4]) {
        const next = await session.answers();
        await store.deliver(id, next);
        session.deliver(next);
        await session.close();
        await two.round(id, round);
      }
      expect(await two.result(id)).to.deep.equal(session.server.output()!.getVector());
    });
  }

  it('a process hangs before it has read the answers of round 4: another one closes it and deletes them, and both are given the sum', async () => {
    const [session, id] = await store.playedTo(4, { vecLen: 1_000 });
    const answers = await session.answers();
    await store.deliver(id, answers);
    session.deliver(answers);
    await session.close();
    const { sessions, stopped, goOn } = stopping(READS);
    const hanging = sessions.round(id, 4);
    await stopped;
    await endLease(id);
    const closed = await two.round(id, 4);
    goOn();
    expect(closed).to.deep.equal({ kind: 'sum', vector: session.server.output()!.getVector() });
    expect(await hanging).to.deep.equal(closed);
  });

  it('a round that is closed by a process without a lease is closed by the next one that is asked', async () => {
    const [session, id] = await store.playedTo(0);
    await store.deliver(id, await session.answers());
    const { sessions, stopped, goOn } = stopping(READS);
    const hanging = sessions.round(id, 0);
    await stopped;
    await endLease(id);
    const closed = await two.round(id, 0);
    goOn();
    expect(await hanging).to.deep.equal(closed);
    await sleep(1);
    expect((await two.progress(id)).round).to.equal(1);
  });

  it('a message that comes while its round is being closed waits; it counts if the round goes on, and is late if it does not', async () => {
    const [session, id] = await store.playedTo(2);
    const answers = [...(await session.answers())];
    for (const [user, bytes] of answers.slice(0, 3)) await two.recv(id, user, bytes);
    const first = stopping(READS);
    const closing = rejected('ERR_SECAGG_THRESHOLD', first.sessions.round(id, 2), ThresholdError);
    await first.stopped;
    const waiting = two.recv(id, ...answers[3]!);
    expect(await store.three.recv(id, ...answers[0]!), 'a repetition does not wait').to.equal('repeated');
    expect(await Promise.race([waiting, sleep(200, 'waits')])).to.equal('waits');
    first.goOn();
    await closing;
    expect(await waiting).to.equal('accepted');

    const second = stopping(READS);
    const closed = second.sessions.round(id, 2);
    await second.stopped;
    const late = rejected('ERR_SECAGG_LATE', two.recv(id, ...answers[4]!), ProtocolError);
    await sleep(50);
    second.goOn();
    expect(await closed)
      .to.have.property('recipients')
      .with.length(4);
    await late;
  });

  it('a message that has waited for as long as a call may wait is not acknowledged, and the caller is told to try again', async () => {
    const [session, id] = await store.playedTo(1);
    const [first, ...others] = [...(await session.answers())];
    for (const [user, bytes] of others) await two.recv(id, user, bytes);
    const { sessions, stopped, goOn } = stopping(READS);
    const closed = sessions.round(id, 1);
    await stopped;
    const impatient = new PostgresSessions(store.database.pool, { schema: store.database.schema, timeout: 300 });
    const error = await rejected('ERR_SECAGG_STORE', impatient.recv(id, ...first!), StoreError);
    expect(error.retryable).to.equal(true);
    goOn();
    expect(await closed)
      .to.have.property('recipients')
      .with.length(4);
  });

  it('a caller calls the closing of a round off, or the wait for another process, and the next caller need not wait', async () => {
    const [session, id] = await store.playedTo(1);
    await store.deliver(id, await session.answers());
    const { sessions, stopped, goOn } = stopping(READS);
    const [off, reason] = [new AbortController(), new Error('enough')];
    const closing = sessions.round(id, 1, { signal: off.signal }).catch((error: unknown) => error);
    await stopped;
    const waiting = two.round(id, 1, { signal: off.signal }).catch((error: unknown) => error);
    await sleep(50);
    off.abort(reason);
    expect(await waiting).to.equal(reason);
    goOn();
    expect(await closing).to.equal(reason);
    const started = performance.now();
    expect(await two.round(id, 1))
      .to.have.property('recipients')
      .with.length(5);
    expect(performance.now() - started).to.be.below(10_000);
  });

  for (const when of ['before', 'after'] as const) {
    it(`a connection breaks ${when} the last commit of a closing: ${when === 'before' ? 'a caller that tries again' : 'the caller'} is told who goes on, without a wait`, async () => {
      const [session, id] = await store.playedTo(1);
      await store.deliver(id, await session.answers());
      const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      let [advanced, broken] = [false, false];
      const pool: PostgresPool = {
        async connect(): Promise<PoolConnection> {
          const client = await store.database.pool.connect();
          return {
            async query(query: PoolQuery) {
              const { text } = query;
              const breaks = advanced && !broken && text === 'commit';
              if (text.includes(ADVANCES)) advanced = true;
              if (breaks) broken = true;
              if (breaks && when === 'before') throw reset;
              const result = await client.query(query);
              if (breaks) throw reset;
              return result;
            },
            release: (error) => client.release(error),
          };
        },
      };
      const sessions = new PostgresSessions(pool, { schema: store.database.schema });
      const started = performance.now();
      if (when === 'before') await rejected('ERR_SECAGG_STORE', sessions.round(id, 1), StoreError);
      expect(await sessions.round(id, 1))
        .to.have.property('recipients')
        .with.length(5);
      expect(performance.now() - started).to.be.below(10_000);
      expect((await two.progress(id)).round).to.equal(2);
    });
  }

  it('a process remembers the newest thousand of the tokens of which it does not know whether they were written', async () => {
    const [session, id] = await store.playedTo(0);
    await store.deliver(id, await session.answers());
    const broken = overheard(store.database.pool, (text) => {
      if (text === 'commit') throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    });
    const abandoned = new Set(Array.from({ length: 1_000 }, (_, i) => `token ${i}`));
    const schema = { schema: store.database.schema };
    const closing = { sessionId: id, round: 0, locals: {}, jobs: null, signal: undefined, known: null, abandoned };
    const first = new Database(broken, schema);
    await rejected('ERR_SECAGG_STORE', closeRound(first, { ...closing, reads: new SessionReads(first.read) }), StoreError);
    expect(abandoned.size).to.equal(1_000);
    expect([abandoned.has('token 0'), abandoned.has('token 1')]).to.deep.equal([false, true]);
    expect([...abandoned].at(-1)).to.match(/^[0-9a-f-]{36}$/);
    expect(await two.round(id, 0))
      .to.have.property('recipients')
      .with.length(5);
  });

  it('a session is aborted while a round is being closed: the closing comes to nothing', async () => {
    const [session, id] = await store.playedTo(2);
    await store.deliver(id, await session.answers());
    const { sessions, stopped, goOn } = stopping(ADVANCES);
    const closing = rejected('ERR_SECAGG_ABORTED', sessions.round(id, 2));
    await stopped;
    await two.abort(id, 'enough');
    goOn();
    await closing;
    for (const table of ['messages', 'chunks', 'parts']) expect(await store.rowsOf(table, id)).to.equal(0);
  });

  for (const [round, kind] of [
    [1, 'keys'],
    [2, 'u2'],
    [3, 'u3'],
  ] as const) {
    it(`round ${round}: a process refuses to go on with ${kind} that somebody has changed, until they are as they were`, async () => {
      const [session, id] = await store.playedTo(round);
      const answers = await session.answers();
      const flip = `update ${store.quoted}.chunks set body = set_bit(body, 1, 1 - get_bit(body, 1)) where session_id = $1 and kind = $2`;
      await store.database.pool.query(flip, [id, kind]);
      const fresh = store.another();
      await rejected('ERR_SECAGG_STATE', fresh.recv(id, 7, answers.get(7)!));
      await rejected('ERR_SECAGG_STATE', fresh.round(id, round));
      await store.database.pool.query(flip, [id, kind]);
      expect(await fresh.recv(id, 7, answers.get(7)!)).to.equal('accepted');
    });
  }

  it('a process that closes round 2 reads no sum that it has in memory', async () => {
    const [session, id] = await store.playedTo(2);
    const answers = await session.answers();
    let read = 0;
    const pool = overheard(store.database.pool, (text) => void (read += Number(/^\s*select body from/.test(text))));
    const own = new PostgresSessions(pool, { schema: store.database.schema });
    await Promise.all([...answers].map(([user, bytes]) => own.recv(id, user, bytes)));
    read = 0;
    await own.round(id, 2);
    expect(read).to.equal(0);
    await store.expectSameSum(session, id, answers);
  });

  it('a vector of more than one chunk is summed', async () => {
    const vecLen = 2 ** 20 + 3;
    const [session, id] = await store.playedTo(2, { registered: registeredUsers([1, 2]), threshold: 2, vecLen });
    const answers = await session.answers();
    await Promise.all([...answers].map(([user, bytes]) => two.recv(id, user, bytes)));
    await store.expectSameSum(session, id, answers);
  });
});
