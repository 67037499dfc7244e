// Many more check-ins than a run needs: what each of them costs the database.
import { expect } from 'chai';
import pg from 'pg';
import { PostgresCoordinatorStore } from '../../src/postgres/index.ts';
import { RawParticipant } from '../support/service-world/raw-participant.ts';
import { SmallService } from '../support/service-world/small-service.ts';
import { overheard, testDatabase, type TestDatabase } from './support.ts';

const NEEDED = 4;
const LATE = 120;
const CAPACITY = 200;

describe('check-ins beyond what a run needs', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  before(async () => (database = await testDatabase()));
  after(() => database.end());

  it('share the few statements that look them up, write nothing, and are told to come back in turn', async () => {
    const statements: string[] = [];
    const pool = overheard(database.pool, (text) => void statements.push(text.trim()));
    const store = new PostgresCoordinatorStore(pool, { schema: database.schema });
    await store.migrate();
    const service = await SmallService.open({ users: NEEDED, people: NEEDED + LATE });
    const coordinator = service.process({ store });
    await service.giveList(coordinator);
    const run = await coordinator.openRun(await service.announce());
    const participants = service.parties.people.map((person) => new RawParticipant(service.parties.task, person));
    for (const participant of participants.slice(0, NEEDED)) await participant.ask(coordinator, 'check-in');
    expect(await store.run(run)).to.include({ stage: 'training' });
    const late = participants.slice(NEEDED);
    await Promise.all(late.map((participant) => participant.ask(coordinator, 'hello')));
    const schema = pg.escapeIdentifier(database.schema);
    const rows = async (): Promise<unknown> => {
      const tables = ['requests', 'participants', 'runs', 'run_sessions', 'tasks'];
      const counted = tables.map((table) => `(select count(*) from ${schema}.${table}) as ${table}`);
      return (await database.pool.query(`select ${counted.join(', ')}`)).rows[0];
    };
    const before = await rows();

    statements.length = 0;
    const started = performance.now();
    const responses = await Promise.all(late.map((participant) => participant.ask(coordinator, 'check-in')));
    const elapsed = performance.now() - started;
    const reading = statements.filter((text) => text.startsWith('select'));
    const writing = statements.filter((text) => /^(?:insert|update|delete|with)/.test(text));
    expect(reading.length, 'three lookups, shared by those that come together').to.be.within(3, LATE / 4);
    expect(writing.filter((text) => !text.includes('service_time'))).to.deep.equal([]);
    // Service time is written ten times a second at most, however many come.
    expect(writing.length).to.be.at.most(1 + elapsed / 100);
    expect(statements.length).to.equal(reading.length + 3 * writing.length, 'each write has its begin and its commit');
    expect(await rows()).to.deep.equal(before);

    expect(new Set(responses.map(({ kind, code }) => kind + code))).to.deep.equal(new Set(['wait']));
    const turns = responses.map(({ wait }) => wait.from).sort((a, b) => a - b);
    expect(turns[0]).to.be.at.least(30_000 - elapsed);
    const spread = turns.at(-1)! - turns[0]!;
    expect(spread, 'as long as their requests take').to.be.at.least((1000 * (LATE - 1)) / CAPACITY - elapsed);
  });
});
