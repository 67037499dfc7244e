// What a session of some size costs: how much is written, how long transactions are, and what a user's message takes.
import { expect } from 'chai';
import { PostgresSessions } from '../../src/postgres/index.ts';
import type { Round } from '../../src/session/notation.ts';
import { playLargeSession, tableBytes, type LargeSession } from './large-session.ts';
import { StandInSessions } from './stand-in-sessions.ts';
import { overheard, testDatabase, type TestDatabase } from './support.ts';

/** docs/postgres.md, Sizing, for sums of a few bytes. */
const sizing = (n: number, k: number): { readonly log: number; readonly tables: number } => ({
  log: n * (2_750 + 180 * k),
  tables: n * (2_000 + 180 * k),
});

function expectSizes({ log, closingLog, disk }: LargeSession, expected: ReturnType<typeof sizing>, before: number): void {
  const written = [...log, ...closingLog].reduce((sum, bytes) => sum + bytes, 0);
  expect(written / expected.log, 'the write-ahead log beside its formula').to.be.within(0.75, 1.25);
  expect((disk - before) / expected.tables, 'the tables beside their formula').to.be.within(0.75, 1.25);
}

describe('a session of some size in PostgreSQL', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let empty = 0;
  beforeEach(async () => {
    // What else writes to the log of a server would count as the session's: other tests, and a vacuum of what they left.
    database = await testDatabase({ settings: { autovacuum: 'off' } });
    await new PostgresSessions(database.pool, { schema: database.schema }).migrate();
    empty = await tableBytes(database);
  });
  afterEach(() => database.end());

  it('of 200 users on the complete graph writes the records of round 1 about once, and no transaction is long', async () => {
    const figures = await playLargeSession(database, { users: 200, threshold: 134, vecLen: 4, silent: 20 });
    if (process.env.SECAGG_SHOW !== undefined) console.log(figures);
    expect(figures.log[1]! / figures.messages[1]!).to.be.below(1.3);
    expect(figures.closingLog[1]!).to.be.below(100_000);
    expectSizes(figures, sizing(200, 199), empty);
    expect(figures.longest.milliseconds, figures.longest.statement).to.be.below(2_000);
  });

  it('of 600 users on a sparse graph writes them about once too, and a message takes a user few pieces', async () => {
    const graph = { neighbors: 34, shareThreshold: 20 };
    const figures = await playLargeSession(database, { users: 600, threshold: 400, vecLen: 4, graph, silent: 5 });
    if (process.env.SECAGG_SHOW !== undefined) console.log(figures);
    expect(figures.log[1]! / figures.messages[1]!).to.be.below(1.3);
    expectSizes(figures, sizing(600, 34), empty);
    expect(figures.longest.milliseconds, figures.longest.statement).to.be.below(2_000);
  });

  it('a message for a user takes one statement in rounds 0 and 3, two in rounds 2 and 4, and four in round 1', async () => {
    let statements = 0;
    const standIns = await StandInSessions.start();
    const process = await standIns.another(overheard(standIns.database.pool, () => void statements++));
    const playing = await standIns.create({ users: 60, threshold: 50, vecLen: 4, graph: { neighbors: 34, shareThreshold: 20 } });
    for (const [round, expected] of [1, 4, 2, 1, 2].entries()) {
      statements = 0;
      expect((await process.message(playing.id, playing.users.ids[3]!)).kind).to.equal('message');
      expect(statements, `round ${round}`).to.equal(expected);
      await standIns.close(playing, round as Round);
    }
    await standIns.expectSum(playing);
    await standIns.end();
  });
});
