// Work that several processes share, with the real graphile-worker: rounds that are closed at a time, and masks of one sum that many
// processes remove. What must never happen has a test each: a mask that is removed twice or never, a job that carries more than its
// session, and a sum of some masks that counts although its closing is over.
import { expect } from 'chai';
import pg from 'pg';
import { closeRound, type ClosedRound } from '../../src/postgres/closing.ts';
import { Database } from '../../src/postgres/database.ts';
import { PostgresSessions, SESSION_CRONTAB, sessionTasks } from '../../src/postgres/index.ts';
import { SessionReads } from '../../src/postgres/session-reads.ts';
import { JobQueue } from '../../src/postgres/job-queue.ts';
import type { PostgresPool } from '../../src/postgres/pool.ts';
import type { Session } from '../support/session.ts';
import { rejected } from '../support/errors.ts';
import { graphileWorker } from './graphile-worker.ts';
import { overheard } from './support.ts';
import { ThreeProcesses, UNKNOWN } from './three-processes.ts';

const JOBS = 'graphile_worker';
/** The tasks of a sum are as many as its masks. */
const FINEST = 1e-9;
const PAST = new Date(1000);

describe('work that several machines share', function () {
  this.timeout(60_000);
  let store: ThreeProcesses;
  let sessions: PostgresSessions;
  let engine: Awaited<ReturnType<typeof graphileWorker>>;

  before(async () => {
    [store, engine] = await Promise.all([ThreeProcesses.start(), graphileWorker()]);
    await engine.runMigrations({ pgPool: store.database.pool });
    sessions = withJobs(store.database.pool);
  });

  after(async () => {
    await store.database.pool.query(`drop schema ${JOBS} cascade`);
    await store.end();
  });

  function withJobs(pool: PostgresPool): PostgresSessions {
    return new PostgresSessions(pool, { schema: store.database.schema, jobs: JOBS });
  }

  /** Does all jobs that are due, as a machine with graphile-worker would. */
  function work(): Promise<void> {
    const logger = new engine.Logger(() => () => undefined);
    return engine.runOnce({ pgPool: store.database.pool, taskList: sessionTasks(sessions), noHandleSignals: true, logger });
  }

  async function jobs(): Promise<readonly { readonly task_identifier: string; readonly payload: unknown }[]> {
    const { rows } = await store.database.pool.query<{ task_identifier: string; payload: unknown }>(
      `select task_identifier, payload from ${JOBS}.jobs join ${JOBS}._private_jobs using (id) order by id`,
    );
    return rows;
  }

  /** A session whose answers of round 4 are there: of five users, one has dropped out in round 2. */
  async function answered(): Promise<[Session, string]> {
    const [session, id] = await store.playedTo(2);
    const inputs = await session.answers();
    inputs.delete(40);
    await store.deliver(id, inputs);
    session.deliver(inputs);
    await store.two.round(id, 2);
    await session.close();
    for (const round of [3, 4]) {
      const answers = await session.answers();
      await store.deliver(id, answers);
      session.deliver(answers);
      if (round === 4) return [session, id];
      await store.two.round(id, 3);
      await session.close();
    }
    throw new Error('not reached');
  }

  /** Closes round 4 in as many tasks as there are masks. */
  function close(id: string, pool: PostgresPool = store.database.pool, signal?: AbortSignal): Promise<ClosedRound> {
    const database = new Database(pool, { schema: store.database.schema });
    const queue = new JobQueue(JOBS, FINEST);
    const known = { reads: new SessionReads(database.read), known: null, abandoned: new Set<string>() };
    return closeRound(database, { sessionId: id, round: 4, locals: {}, jobs: queue, signal, ...known });
  }

  async function expectSum(session: Session, closed: ClosedRound): Promise<void> {
    await session.close();
    expect(closed.kind === 'sum' && closed.vector).to.deep.equal(session.server.output()!.getVector());
  }

  const tasksOf = (id: string): Promise<number> => store.rowsOf('unmask_tasks', id);

  it('closes a round at its time, once, and leaves one open in which too few were heard', async () => {
    const [session, id] = await store.playedTo(0);
    await sessions.closeAt(id, 0, new Date(Date.now() + 3_600_000));
    await work();
    expect((await sessions.progress(id)).round).to.equal(0);
    await sessions.closeAt(id, 0, PAST);
    expect((await jobs()).map(({ payload }) => payload)).to.deep.equal([{ session: id, round: 0 }]);
    await work(); // nobody was heard
    expect((await sessions.progress(id)).round).to.equal(0);
    await store.deliver(id, await session.answers());
    await sessions.closeAt(id, 0, PAST);
    await work();
    expect((await sessions.progress(id)).round).to.equal(1);
    await sessions.closeAt(id, 0, PAST); // once more
    await sessions.closeAt(UNKNOWN, 0, PAST);
    await work();
    // The worker deletes jobs some time after it has done them.
    while ((await jobs()).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('adds a job in the transaction of the application, or none', async () => {
    const [, id] = await store.playedTo(0);
    const client = await store.database.pool.connect();
    try {
      await client.query('begin');
      await sessions.closeAt(id, 0, new Date(), { client });
      await client.query('rollback');
    } finally {
      client.release();
    }
    expect(await jobs()).to.deep.equal([]);
  });

  it('gives the sum of one process if several remove its masks, and its jobs have nothing but the session', async () => {
    const [session, id] = await answered();
    const statements: string[] = [];
    // The closing waits before it takes a task.
    let goOn: () => void = () => undefined;
    const resumed = new Promise<void>((resolve) => (goOn = resolve));
    const closing = close(
      id,
      overheard(store.database.pool, async (text) => {
        statements.push(text);
        if (text.includes('skip locked')) await resumed;
      }),
    );
    while ((await jobs()).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const added = await jobs();
    expect(added.length, 'one for each task except that of the closing process').to.equal((await tasksOf(id)) - 1);
    expect(added.length).to.be.above(1);
    for (const { task_identifier: task, payload } of added) {
      expect([task, payload]).to.deep.equal(['secagg_unmask', { session: id }]);
    }
    goOn();
    await Promise.all([work(), sessions.unmask(id), store.one.unmask(id)]);
    await expectSum(session, await closing);
    expect(await tasksOf(id)).to.equal(0);
    expect(await store.rowsOf('chunks', id)).to.be.below(20);
    expect(await sessions.unmask(id)).to.equal(false);
    expect(statements.some((text) => text.includes('unmask_tasks'))).to.equal(true);
  });

  it('counts no task twice: neither of a process that was thought dead, nor of one whose job is delivered twice', async () => {
    const [session, id] = await answered();
    // A helper that stops for a while just before it enters its sum, so that its lease is over.
    let stop: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    let goOn: () => void = () => undefined;
    const resumed = new Promise<void>((resolve) => (goOn = resolve));
    const late = withJobs(
      overheard(store.database.pool, async (text) => {
        if (!text.includes('set set_id')) return;
        stop();
        await resumed;
      }),
    );
    // The closing waits until the helper has a task.
    const closing = close(
      id,
      overheard(store.database.pool, async (text) => {
        if (text.includes('skip locked')) await stopped;
      }),
    );
    while ((await tasksOf(id)) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const helping = late.unmask(id);
    await stopped;
    await store.database.pool.query(`update ${store.quoted}.unmask_tasks set lease_until = now() where lease is not null`);
    const closed = await closing;
    goOn();
    await helping;
    await expectSum(session, closed);
    expect(await store.rowsOf('chunks', id)).to.be.below(20);
  });

  it('gives the sum whatever statement a helper dies at', async () => {
    for (let statement = 1; statement <= 36; statement += 7) {
      const [session, id] = await answered();
      let left = statement;
      const dying = withJobs(
        overheard(store.database.pool, () => {
          if (left-- <= 0) throw Object.assign(new Error('it died'), { code: 'ECONNRESET' });
        }),
      );
      const closing = close(id);
      while ((await tasksOf(id)) === 0 && (await sessions.progress(id)).round === 4) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const helping = dying.unmask(id).catch(() => undefined);
      // Nobody waits a minute for the lease of the dead one.
      const mourning = setInterval(() => {
        const update = `update ${store.quoted}.unmask_tasks set lease_until = now() where lease is not null and set_id is null`;
        if (left <= 0) void store.database.pool.query(update);
      }, 20);
      try {
        await expectSum(session, await closing);
      } finally {
        clearInterval(mourning);
        await helping;
      }
    }
  });

  it('gives up what was computed for a closing that is over: another process takes over, and its sum is right', async () => {
    const [session, id] = await answered();
    const ending = new AbortController();
    const closing = close(
      id,
      overheard(store.database.pool, (text) => {
        if (text.includes('skip locked')) ending.abort(new Error('the machine is needed'));
      }),
      ending.signal,
    ).catch((error: unknown) => error);
    expect(await closing).to.have.property('message', 'the machine is needed');
    expect(await tasksOf(id)).to.equal(0);
    expect(await sessions.unmask(id)).to.equal(false);
    await expectSum(session, await close(id));
  });

  it('helps no longer once the closing is over: what another process has begun counts, and the tasks of the first one are left alone', async () => {
    const [session, id] = await answered();
    // The first process stops for good, with its tasks in the table.
    let died: () => void = () => undefined;
    const dead = new Promise<void>((resolve) => (died = resolve));
    const never = new AbortController();
    const first = close(
      id,
      overheard(store.database.pool, async (text) => {
        if (!text.includes('skip locked') && !text.includes('delete from')) return;
        died();
        if (!never.signal.aborted) await new Promise((resolve) => never.signal.addEventListener('abort', resolve));
        throw new Error('it has died');
      }),
    ).catch(() => undefined);
    await dead;
    const tasks = await tasksOf(id);
    expect(tasks).to.be.above(2);
    let taken = 0;
    const helper = withJobs(
      overheard(store.database.pool, async (text) => {
        taken += Number(text.includes('skip locked'));
        if (!text.includes('set set_id')) return;
        // Meanwhile another process takes the closing over.
        await store.database.pool.query(
          `update ${store.quoted}.sessions set closing = gen_random_uuid(), lease_until = now() where session_id = $1`,
          [id],
        );
      }),
    );
    expect(await helper.unmask(id)).to.equal(false);
    expect(taken, 'it has done one task and has looked for another one').to.equal(2);
    await expectSum(session, await close(id));
    never.abort();
    await first;
    await store.two.sweep({ endedBefore: new Date(Date.now() + 60_000) });
    expect(await tasksOf(id)).to.equal(0);
  });

  it('refuses tasks that somebody has changed: a mask would be removed twice, or never', async () => {
    for (const change of [
      'delete from ?.unmask_tasks where first = 2',
      'update ?.unmask_tasks set last = last + 1 where first = 1',
    ]) {
      const [, id] = await answered();
      const closing = close(
        id,
        overheard(store.database.pool, async (text) => {
          if (text.includes('select first, last, set_id')) await store.database.pool.query(change.replace('?', store.quoted));
        }),
      );
      await rejected('ERR_SECAGG_STATE', closing);
    }
  });

  it('mends what a stopped process has left: once a minute, jobs close the rounds that it was closing', async () => {
    const [session, id] = await store.playedTo(0);
    await store.deliver(id, await session.answers());
    await store.database.pool.query(
      `update ${store.quoted}.sessions set closing = gen_random_uuid(), lease_until = now() where session_id = $1`,
      [id],
    );
    expect(SESSION_CRONTAB).to.match(/^\* \* \* \* \* secagg_sweep /);
    await store.database.pool.query(`select ${JOBS}.add_job('secagg_sweep')`);
    await work();
    expect((await sessions.progress(id)).round).to.equal(1);
  });

  it('needs the option jobs', async () => {
    const [, id] = await store.playedTo(0);
    for (const call of [store.one.closeAt(id, 0, new Date()), store.one.recover()]) {
      const error: unknown = await call.catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(TypeError);
    }
    expect(() => new PostgresSessions(store.database.pool, { jobs: '' })).to.throw(RangeError, 'options.jobs');
    await rejected('ERR_SECAGG_UNKNOWN_SESSION', store.one.unmask(UNKNOWN));
    expect(pg.escapeIdentifier(JOBS)).to.equal(`"${JOBS}"`);
  });
});
