// Sessions in PostgreSQL that are too large for the gate: each gives its exact sum, writes its messages about once, and holds no
// transaction for long.
import { expect } from 'chai';
import { mostResident } from '../../bench/memory/resident.ts';
import { PostgresSessions } from '../../src/postgres/index.ts';
import { Fleet } from '../postgres/fleet.ts';
import { playLargeSession, type LargeSession } from '../postgres/large-session.ts';
import { testDatabase, type TestDatabase } from '../postgres/support.ts';

const LONGEST_TRANSACTION_MS = 2_000;

describe('a large session in PostgreSQL', function () {
  this.timeout(3_600_000);
  let database: TestDatabase;
  before(async () => {
    // One that checkpoints no more often than it does in production.
    database = await testDatabase({ settings: { shared_buffers: '256MB', max_wal_size: '4GB' } });
    await new PostgresSessions(database.pool, { schema: database.schema }).migrate();
  });
  after(() => database.end());

  const show = (figures: LargeSession): void => {
    const rounded = (values: readonly number[]): string => values.map((value) => value.toPrecision(3)).join(', ');
    console.log(`      messages, MB:            ${rounded(figures.messages.map((bytes) => bytes / 1e6))}`);
    console.log(`      their write-ahead log:   ${rounded(figures.log.map((bytes) => bytes / 1e6))}`);
    console.log(`      that of closings:        ${rounded(figures.closingLog.map((bytes) => bytes / 1e6))}`);
    console.log(`      message(), ms of CPU:    ${rounded(figures.messageCpu)}`);
    console.log(`      progress(), ms:          ${rounded(figures.progress)}`);
    console.log(`      closing, s:              ${rounded(figures.closing)}`);
    console.log(`      longest transaction, ms: ${figures.longest.milliseconds.toPrecision(4)}, ${figures.longest.statement}`);
    console.log(`      on the disk, MB:         ${rounded([figures.disk / 1e6])}`);
    console.log(`      most resident, MB:       ${rounded([mostResident() / 1e6])} with all users`);
  };

  it('of 2,000 users on the complete graph', async () => {
    const figures = await playLargeSession(database, { users: 2_000, threshold: 1_334, vecLen: 4, silent: 200 });
    show(figures);
    expect(figures.log[1]! / figures.messages[1]!).to.be.below(1.3);
    expect(figures.longest.milliseconds, figures.longest.statement).to.be.below(LONGEST_TRANSACTION_MS);
  });

  it('of 20,000 users with 34 neighbors each: a message takes a millisecond, and a few in rounds 1 and 2', async () => {
    const graph = { neighbors: 34, shareThreshold: 20 };
    const playing = { users: 20_000, threshold: 13_334, vecLen: 4, graph, measured: 2_000 };
    const figures = await playLargeSession(database, playing);
    show(figures);
    for (const round of [0, 3, 4]) expect(figures.messageCpu[round]).to.be.below(1);
    for (const round of [1, 2]) expect(figures.messageCpu[round]).to.be.below(10);
    expect(figures.longest.milliseconds, figures.longest.statement).to.be.below(LONGEST_TRANSACTION_MS);
  });

  it('of 100,000 users with 40 neighbors each', async () => {
    const graph = { neighbors: 40, shareThreshold: 24 };
    const figures = await playLargeSession(database, { users: 100_000, threshold: 66_667, vecLen: 4, graph, silent: 10 });
    show(figures);
    expect(figures.log[1]! / figures.messages[1]!).to.be.below(1.3);
    expect(figures.longest.milliseconds, figures.longest.statement).to.be.below(LONGEST_TRANSACTION_MS);
  });

  it('of 2^26 components of 32 bits', async () => {
    const figures = await playLargeSession(database, { users: 3, threshold: 2, vecLen: 2 ** 26, atOnce: 1 });
    show(figures);
    expect(figures.longest.milliseconds, figures.longest.statement).to.be.below(LONGEST_TRANSACTION_MS);
  });

  it('of 1,000 users and 2^20 components of 32 bits, heard by processes that stay below 400 MB', async () => {
    const env = { POSTGRES_URL: database.server.url, POSTGRES_SCHEMA: database.schema };
    const fleet = await Fleet.start(2, env);
    let calls = 0;
    try {
      const caller = {
        recv: (...args: readonly unknown[]) => fleet.call(calls++, 'recv', ...args),
        round: (...args: readonly unknown[]) => fleet.call(0, 'round', ...args),
      };
      const playing = { users: 1_000, threshold: 667, vecLen: 2 ** 20, caller, atOnce: 24 };
      const figures = await playLargeSession(database, playing);
      show(figures);
      for (const i of [0, 1]) {
        const resident = (await fleet.call(i, 'memory')) as number;
        console.log(`      most resident in process ${i}: ${Math.round(resident / 1e6)} MB`);
        expect(resident / 1e6).to.be.below(400);
      }
    } finally {
      fleet.end();
    }
  });
});
