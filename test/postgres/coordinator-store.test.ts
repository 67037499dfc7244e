// The runs of a coordinator in PostgreSQL: the same steps as in memory, for several processes.
import { expect } from 'chai';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { Agent, MemoryAgentStore } from '../../src/agent/index.ts';
import { Coordinator } from '../../src/coordinator/index.ts';
import { genKeypair, PublicKeysWrapper } from '../../src/index.ts';
import { PostgresCoordinatorStore, PostgresSessionHost, PostgresSessions } from '../../src/postgres/index.ts';
import { verifyCertificate } from '../../src/service/index.ts';
import { describeStore } from '../support/coordinator-stores.ts';
import { certified, authorities, floorsFor, taskOf, workDone } from '../support/service.ts';
import { testDatabase, type TestDatabase } from './support.ts';

describe('a coordinator’s store in PostgreSQL', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  const store = (): PostgresCoordinatorStore => new PostgresCoordinatorStore(database.pool, { schema: database.schema });

  before(async () => {
    database = await testDatabase();
    await store().migrate();
  });
  after(() => database.end());

  describeStore(async () => {
    const schema = pg.escapeIdentifier(database.schema);
    for (const table of ['tasks', 'runs', 'participants', 'run_counts', 'run_sessions', 'revocation_lists', 'requests'])
      await database.pool.query(`delete from ${schema}.${table}`);
    return store();
  });

  it('has one time for all processes, which does not jump when nobody has looked', async () => {
    const [first, second] = [await store().heartbeat(), await store().heartbeat()];
    expect(second).to.be.at.least(first);
    const schema = pg.escapeIdentifier(database.schema);
    await database.pool.query(`update ${schema}.service_time set read_at = read_at - interval '1 hour'`);
    const third = await store().heartbeat();
    expect(third - second).to.be.within(5000, 5001);
    await database.pool.query(`update ${schema}.service_time set read_at = read_at + interval '1 hour'`);
    expect(await store().heartbeat()).to.equal(third);
  });

  it('takes no run whose sum it could not write: 2^28 - 64 bytes are one value', async () => {
    for (const [vecLen, bits, isTaken] of [
      [67_108_849, 32, false],
      [33_554_425, 64, false],
      [33_554_424, 64, true],
      [67_108_848, 20, true],
    ] as const) {
      const parties = authorities();
      parties.clock.now = Date.now();
      const task = taskOf(parties, { aggregate: { kind: 'integers', vecLen, bits } });
      const host = new PostgresSessionHost(new PostgresSessions(database.pool, { schema: database.schema }));
      const secret = new Uint8Array(32).fill(7);
      const coordinator = new Coordinator({ keypair: genKeypair(), tasks: [task], secret, store: store(), host });
      await coordinator.setRevocationList(await parties.registrar.revocationList());
      const announcement = await parties.publisher.announce({ task, run: 1, expires: new Date(Date.now() + 3_600_000) });
      const opened: unknown = await coordinator.openRun(announcement).catch((error: unknown) => error);
      if (isTaken) expect(opened).to.deep.equal({ task: task.id, run: 1 });
      else expect(opened).to.be.instanceOf(RangeError);
    }
  });

  it('knows the sessions that go on and those that have ended, and no others', async () => {
    const sessions = new PostgresSessions(database.pool, { schema: database.schema });
    const host = new PostgresSessionHost(sessions);
    const name = '0123456789abcdef'.repeat(4);
    expect(await host.has(name)).to.equal(false);
    const publicKeys = new PublicKeysWrapper([0, 1, 2].map((id) => [id, genKeypair()[0]]));
    await host.create(name, { threshold: 2, vecLen: 1, options: { publicKeys } });
    expect(await host.has(name)).to.equal(true);
    await sessions.abort('01234567-89ab-cdef-0123-456789abcdef', 'no reason');
    expect(await host.has(name)).to.equal(true);
    await host.remove(name);
    expect(await host.has(name)).to.equal(false);
  });

  it('serves a run by two processes that each know what the other has heard, with a participant that drops out', async () => {
    const parties = authorities();
    parties.clock.now = Date.now();
    const task = taskOf(parties, {
      windows: { ...taskOf(parties).definition.windows, round: { min: 0, max: 2, grace: 4, enough: 100 } },
    });
    const keypair = genKeypair();
    const secret = new Uint8Array(32).fill(7);
    const coordinators = [0, 1].map(() => {
      const host = new PostgresSessionHost(new PostgresSessions(database.pool, { schema: database.schema }));
      return new Coordinator({ keypair, tasks: [task], secret, store: store(), host });
    });
    await coordinators[1]!.setRevocationList(await parties.registrar.revocationList());
    const expires = new Date(Date.now() + 3_600_000);
    const key = await coordinators[0]!.openRun(await parties.publisher.announce({ task, run: 1, expires }));
    const ending = new AbortController();
    const running = coordinators.map((coordinator) => coordinator.run(ending));
    let asked = 0;
    const agents = [];
    for (let id = 0; id < 6; id++) {
      const participant = await certified(parties.registrar, id);
      const agent = new Agent({
        task,
        id,
        keypair: participant.keypair,
        certificate: participant.bytes,
        exchange: (request) => coordinators[asked++ % 2]!.answer(request),
        inputs: { load: () => Promise.resolve({ id: 'one', data: [id, 1, -id, 2 ** 20] }) },
        floors: floorsFor(parties, keypair[0]),
        store: new MemoryAgentStore(),
        storeKey: new Uint8Array(32),
        listener: (event) => {
          if (id === 5 && event.type === 'sent' && event.round === 1) leaving.abort();
        },
      });
      const leaving = new AbortController();
      agents.push(agent.run({ signal: id === 5 ? leaving.signal : ending.signal }));
    }
    let outcome = await coordinators[1]!.outcome(key);
    for (; outcome === null; outcome = await coordinators[1]!.outcome(key)) await setTimeout(100);
    ending.abort();
    await Promise.all([...running, ...agents]);
    if (outcome.kind !== 'finished') throw new Error(outcome.code);
    const { included } = outcome;
    expect(included).not.to.contain(5); // a slow machine may have lost others too
    const sum = included.reduce((total, id) => total + id, 0);
    expect(outcome.result).to.deep.equal(Int32Array.of(sum, included.length, -sum, included.length * 2 ** 20));
    const [certificate] = await coordinators[0]!.certificates(key);
    const audited = await verifyCertificate(certificate!, {
      registrar: parties.registrar.authority,
      publisher: parties.publisher.publicKey,
    });
    expect(audited).to.deep.include({ task: task.id, run: 1, attempt: 1, included });
  });

  it('serves a run on a sparse graph by two processes, each of which shows participants the certificates of their neighbors', async () => {
    const parties = authorities();
    parties.clock.now = Date.now();
    const graph = { neighbors: 4, shareThreshold: 4, security: 40 };
    const task = taskOf(parties, {
      group: { threshold: 6, maxUsers: 6, adversary: 'semi-malicious', colluders: 0, cohorts: null, graph },
      minUsers: 6,
    });
    const keypair = genKeypair();
    const coordinators = [0, 1].map(() => {
      const host = new PostgresSessionHost(new PostgresSessions(database.pool, { schema: database.schema }));
      return new Coordinator({ keypair, tasks: [task], secret: new Uint8Array(32), store: store(), host });
    });
    await coordinators[1]!.setRevocationList(await parties.registrar.revocationList());
    const expires = new Date(Date.now() + 3_600_000);
    const key = await coordinators[0]!.openRun(await parties.publisher.announce({ task, run: 1, expires }));
    const floors = floorsFor(parties, keypair[0]);
    const adversary = { model: 'semi-malicious', minColluders: 0, minColludingFraction: 0, security: 20 } as const;
    let asked = 0;
    const agents: Agent[] = [];
    for (let id = 0; id < 6; id++) {
      const participant = await certified(parties.registrar, id);
      agents.push(
        new Agent({
          ...{ task, id, keypair: participant.keypair, certificate: participant.bytes },
          exchange: (request) => coordinators[asked++ % 2]!.answer(request),
          inputs: { load: () => Promise.resolve({ id: 'one', data: [id, 1, -id, 2 ** 20] }) },
          floors: { ...floors, adversary },
          store: new MemoryAgentStore(),
          storeKey: new Uint8Array(32),
        }),
      );
    }
    let outcome = await coordinators[1]!.outcome(key);
    for (; outcome === null; outcome = await coordinators[1]!.outcome(key)) {
      await Promise.all(agents.map((agent) => agent.transition()));
      await coordinators[0]!.tick();
    }
    await Promise.all(coordinators.map(workDone));
    if (outcome.kind !== 'finished') throw new Error(outcome.code);
    expect(outcome.included).to.deep.equal([0, 1, 2, 3, 4, 5]);
    expect(outcome.result).to.deep.equal(Int32Array.of(15, 6, -15, 6 * 2 ** 20));
    const [certificate] = await coordinators[0]!.certificates(key);
    const audited = await verifyCertificate(certificate!, {
      registrar: parties.registrar.authority,
      publisher: parties.publisher.publicKey,
    });
    expect(audited.included).to.deep.equal(outcome.included);
  });
});
