// A coordinator process that is to end: it finishes what it has begun.
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, MemoryAgentStore, type AgentEvent } from '../../src/agent/index.ts';
import { Coordinator, MemoryCoordinatorStore, type CoordinatorStore } from '../../src/coordinator/index.ts';
import { genKeypair } from '../../src/index.ts';
import { rejected } from '../support/errors.ts';
import { instead } from '../support/instead.ts';
import { authorities, certified, clockAt, floorsFor, taskOf, workDone } from '../support/service.ts';

describe('a coordinator that is drained', () => {
  const parties = authorities();
  const task = taskOf(parties);
  const time = clockAt(0);
  const store = new MemoryCoordinatorStore(() => time.now);
  const options = { keypair: genKeypair(), store, clock: (): number => parties.clock.now };

  async function agentOf(
    coordinator: Coordinator,
    id: number,
    source: string,
    events: AgentEvent[] = [],
    clientVersion = 0,
  ): Promise<Agent> {
    const { keypair, bytes } = await certified(parties.registrar, id);
    return new Agent({
      ...{ task, id, source, clientVersion, keypair, certificate: bytes, exchange: (request) => coordinator.answer(request) },
      inputs: { load: ({ run }) => Promise.resolve({ id: `run ${run}`, data: [id, 1, 2, 3] }) },
      floors: floorsFor(parties, coordinator.publicKey),
      ...{ store: new MemoryAgentStore(), storeKey: new Uint8Array(32), clock: options.clock },
      listener: (event) => events.push(event),
    });
  }

  it('takes nobody in, opens no run, goes on with the run that has its participants, and then stops', async () => {
    const coordinator = new Coordinator({ ...options, tasks: [task] });
    await coordinator.setRevocationList(await parties.registrar.revocationList());
    const expires = new Date(parties.clock.now + 86_400_000);
    for (const [run, source] of ['morning', 'evening'].entries()) {
      await coordinator.openRun(await parties.publisher.announce({ task, run, source, expires }));
    }
    const begun = await Promise.all([0, 1, 2, 3].map((id) => agentOf(coordinator, id, 'morning')));
    const late = await agentOf(coordinator, 4, 'evening');
    const key = { task: task.id, run: 0 };
    const play = async (isOver: () => Promise<boolean>, agents: readonly Agent[]): Promise<void> => {
      for (let step = 0; step < 200 && !(await isOver()); step++) {
        for (const agent of agents) await agent.transition();
        await workDone(coordinator);
        time.now += 500;
        await coordinator.tick();
      }
    };
    await play(async () => (await store.run(key))?.stage === 'session', begun);
    coordinator.drain();
    const announced = (run: number, source: string): Promise<Uint8Array> =>
      parties.publisher.announce({ task, run, source, expires });
    await rejected('ERR_SECAGG_USAGE', coordinator.openRun(await announced(2, 'night')));
    expect(await store.run({ task: task.id, run: 2 })).to.equal(null);
    expect(await coordinator.openRun(await announced(1, 'evening')), 'again').to.deep.equal({ task: task.id, run: 1 });
    const stopped = coordinator.run({ signal: new AbortController().signal }).then(() => coordinator.outcome(key));
    await play(async () => (await coordinator.outcome(key)) !== null, [...begun, late]);
    const sum = { kind: 'finished', included: [0, 1, 2, 3], result: Int32Array.of(6, 4, 8, 12) };
    expect(await stopped, 'when it stopped').to.deep.include(sum);
    expect(late.progress().phase).to.equal('idle');
    expect(await store.run({ task: task.id, run: 1 })).to.include({ stage: 'check-in', end: null });
    expect((await store.counts({ task: task.id, run: 1 })).checkedIn).to.equal(0);
  });

  it('does not stop while a look at a run ends its check-in', async () => {
    const memory = new MemoryCoordinatorStore(() => time.now);
    const replaceRun: CoordinatorStore['replaceRun'] = async (...given) => {
      await sleep(20);
      return memory.replaceRun(...given);
    };
    const coordinator = new Coordinator({ ...options, store: instead<CoordinatorStore>(memory, { replaceRun }), tasks: [task] });
    await coordinator.setRevocationList(await parties.registrar.revocationList());
    const expires = new Date(parties.clock.now + 86_400_000);
    const run = await coordinator.openRun(await parties.publisher.announce({ task, run: 7, expires }));
    for (const id of [10, 11, 12, 13]) await (await agentOf(coordinator, id, '')).transition();
    time.now += 1000;
    coordinator.drain();
    const ending = new AbortController();
    let isOver = false;
    const stopped = coordinator.run({ signal: ending.signal }).then(() => (isOver = true));
    while ((await memory.run(run))?.stage !== 'training') await sleep(5);
    await sleep(20);
    expect(isOver).to.equal(false);
    ending.abort();
    await stopped;
  });

  it('tells the application of an agent that its task is retired', async () => {
    const coordinator = new Coordinator({ ...options, tasks: [], retired: [task] });
    const events: AgentEvent[] = [];
    const { status } = await (await agentOf(coordinator, 5, '', events)).transition();
    expect(status).to.equal('pending');
    expect(events).to.deep.equal([
      { type: 'refused', run: null, code: 'ERR_SECAGG_RETIRED', message: 'the coordinator refuses' },
    ]);
  });

  it('tells an application that its version is too old', async () => {
    const coordinator = new Coordinator({ ...options, tasks: [task], minClientVersion: 7 });
    await coordinator.setRevocationList(await parties.registrar.revocationList());
    const events: AgentEvent[] = [];
    const older = await agentOf(coordinator, 5, '', events, 6);
    expect((await older.transition()).status).to.equal('pending');
    expect(events).to.deep.equal([
      { type: 'refused', run: null, code: 'ERR_SECAGG_CLIENT_VERSION', message: 'the coordinator refuses' },
    ]);
    events.length = 0;
    expect((await (await agentOf(coordinator, 6, '', events, 7)).transition()).status).to.equal('pending');
    expect(events).to.deep.equal([]);
  });
});
