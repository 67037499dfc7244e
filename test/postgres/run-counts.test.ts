// How many participants a run has: counted with each change of one, so that a check-in costs as much in a large run as in a small one.
import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import pg from 'pg';
import { MemoryCoordinatorStore } from '../../src/coordinator/index.ts';
import type { CoordinatorStore, RunRecord } from '../../src/coordinator/index.ts';
import type { Certificate } from '../../src/service/certificate.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { PostgresCoordinatorStore } from '../../src/postgres/index.ts';
import * as participants from '../../src/postgres/participant-statements.ts';
import { authorities, certified } from '../support/service.ts';
import { testDatabase, type TestDatabase } from './support.ts';

const TASK = 'a'.repeat(64);
const PEOPLE = 6;
const id = (value: number): UserId => value as UserId;

function runWith(run: number): RunRecord {
  const fields = { announcement: Uint8Array.of(1), stage: 'check-in', since: 0, extended: false } as const;
  return { task: TASK, run, revision: 0, source: `${run}`, ...fields, attempt: null, excluded: [], end: null };
}

describe('the counts of a run in PostgreSQL', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let store: PostgresCoordinatorStore;
  let schema: string;
  const certificates: Certificate[] = [];
  let runs = 0;

  before(async () => {
    database = await testDatabase();
    schema = pg.escapeIdentifier(database.schema);
    store = new PostgresCoordinatorStore(database.pool, { schema: database.schema });
    await store.migrate();
    const { registrar } = authorities();
    for (let each = 0; each < PEOPLE; each++) certificates.push((await certified(registrar, each)).certificate);
  });
  after(() => database.end());

  /** By the rows of participants. */
  async function counted(run: number): Promise<unknown> {
    const { rows } = await database.pool.query<{ checkedIn: number; selected: number; ready: number }>(
      `select count(*) filter (where status <> 'left')::int as "checkedIn",
        count(*) filter (where status = 'checked-in' and not is_excluded)::int as selected,
        count(*) filter (where status = 'ready' and not is_excluded)::int as ready
      from ${schema}.participants where task = $1 and run = $2`,
      [TASK, run],
    );
    return rows[0];
  }

  const who = fc.nat(PEOPLE - 1);
  const step = fc.oneof(
    fc.record({ kind: fc.constantFrom('check-in', 'ready', 'leave', 'refuse'), who }),
    fc.record({ kind: fc.constantFrom('training', 'session', 'exclude'), who }),
  );

  it('are those of its participants, and those of a run in memory, whatever they do one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const memory = new MemoryCoordinatorStore();
        const both: readonly CoordinatorStore[] = [store, memory];
        let run = runWith(++runs);
        for (const each of both) await each.createRun(run);
        for (const { kind, who: index } of steps) {
          const next = { ...run, revision: run.revision + 1 };
          const excluded = [...new Set([...run.excluded, id(index)])];
          if (kind === 'training' || kind === 'session') run = { ...next, stage: kind };
          if (kind === 'exclude' && run.stage === 'session') run = { ...next, stage: 'training', excluded };
          for (const each of both) {
            if (kind === 'check-in') await each.checkIn(run, certificates[index]!, PEOPLE - 1);
            else if (kind === 'ready') await each.setReady(run, certificates[index]!);
            else if (kind === 'leave' || kind === 'refuse')
              await each.setLeft(run, certificates[index]!, kind === 'leave' ? 0 : 1);
            else if (run.revision === next.revision) expect(await each.replaceRun(run)).to.equal(true);
          }
          const counts = await memory.counts(run);
          expect(await store.counts(run)).to.deep.equal(counts);
          expect(await counted(run.run)).to.deep.equal(counts);
          expect(await store.participants(run)).to.have.deep.members([...(await memory.participants(run))]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are those of its participants if many of them come, are ready and leave at once, while the run goes on', async () => {
    const { certificate } = await certified(authorities().registrar, 0);
    let run = runWith(++runs);
    await store.createRun(run);
    const all = Array.from({ length: 60 }, (_, each) => id(each));
    const most = 50;
    await Promise.all(all.map((each) => store.checkIn(run, { ...certificate, id: each }, most)));
    expect(await store.counts(run)).to.deep.equal({ checkedIn: most, selected: most, ready: 0 });
    const next = async (changes: Partial<RunRecord>): Promise<boolean> =>
      store.replaceRun((run = { ...run, ...changes, revision: run.revision + 1 }));
    await next({ stage: 'training' });
    for (const excluded of [all.slice(0, 7), all.slice(0, 20)]) {
      await Promise.all(all.map((each) => store.setReady(run, { ...certificate, id: each })));
      await next({ stage: 'session' });
      await Promise.all([
        ...all
          .slice(2, 40)
          .map((each) =>
            each % 3 === 0
              ? store.setLeft(run, { ...certificate, id: each }, 0)
              : store.setReady(run, { ...certificate, id: each }),
          ),
        next({ stage: 'training', excluded }),
      ]);
    }
    expect(await store.counts(run)).to.deep.equal(await counted(run.run));
  });

  it('do not lose that a participant is ready, who says so while somebody checks in with its new key', async () => {
    const { registrar } = authorities();
    const [old, renewed] = [(await certified(registrar, 0)).certificate, (await certified(registrar, 0)).certificate];
    const run = runWith(++runs);
    await store.createRun(run);
    await store.checkIn(run, old, 9);
    await store.replaceRun({ ...run, revision: 1, stage: 'training' });
    const client = await database.pool.connect();
    try {
      await client.query('begin');
      await client.query(
        participants.setReady.text.replaceAll(':schema', () => schema),
        [TASK, run.run, 0, old.bytes],
      );
      const entered = store.checkIn(run, renewed, 9);
      const isWaiting = `select count(*)::int as waiting from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()`;
      const waiting = async (): Promise<number> => (await database.pool.query<{ waiting: number }>(isWaiting)).rows[0]!.waiting;
      while ((await waiting()) === 0) await setTimeout(10);
      await client.query('commit');
      expect(await entered, 'it is ready').to.equal(null);
    } finally {
      client.release();
    }
    expect(await store.participant(run, 0)).to.deep.include({ certificate: old, status: 'ready' });
    expect(await store.counts(run)).to.deep.equal({ checkedIn: 1, selected: 0, ready: 1 });
  });

  it('make the 10,000th check-in read no more of the database than the 100th', async () => {
    const pages: number[] = [];
    for (const size of [100, 10_000]) {
      const run = runWith(++runs);
      await store.createRun(run);
      await database.pool.query(
        `insert into ${schema}.participants (task, run, id, certificate)
        select $1, $2, id, '\\x00' from generate_series(1, $3) as id`,
        [TASK, run.run, size],
      );
      await database.pool.query(
        `insert into ${schema}.run_counts select task, run, id % 16, count(*), count(*), 0
        from ${schema}.participants where run = $1 group by task, run, id % 16`,
        [run.run],
      );
      await database.pool.query(`vacuum analyze ${schema}.participants, ${schema}.run_counts`);
      const read = await pagesRead(participants.insertParticipant.text, [TASK, run.run, 0, Buffer.of(0), 20_000]);
      pages.push(read + (await pagesRead(participants.countParticipants.text, [TASK, run.run])));
      expect((await store.counts(run)).checkedIn).to.equal(size);
    }
    expect(pages[1]!).to.be.at.most(2 * pages[0]!);
  });

  /** Pages that a statement reads and writes; it is rolled back. */
  async function pagesRead(text: string, values: readonly unknown[]): Promise<number> {
    const client = await database.pool.connect();
    try {
      await client.query('begin');
      const explain = `explain (analyze, buffers, format json) ${text.replaceAll(':schema', () => schema)}`;
      const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(explain, [...values]);
      const plan = rows[0]!['QUERY PLAN'][0].Plan;
      return plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!;
    } finally {
      await client.query('rollback');
      client.release();
    }
  }
});
