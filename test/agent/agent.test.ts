// One participant beside three that do all right: what it loads, when it leaves, and what it does after a restart.
import { expect } from 'chai';
import { MemoryAgentStore, type Agent, type AgentEvent, type AgentStore, type StoredAgent } from '../../src/agent/index.ts';
import type { FinishedRun, Outcome } from '../../src/coordinator/index.ts';
import { sealOf } from '../../src/agent/agent-state.ts';
import { round0Msg, UserWrapper } from '../../src/index.ts';
import { rejected } from '../support/errors.ts';
import { writeLaterVersion } from '../support/later-version.ts';
import { authorities, certified, floorsFor, workDone } from '../support/service.ts';
import { content, included, Service } from './stepped-service.ts';

describe('an agent', () => {
  it('tells its application what happens, and where it stands', async () => {
    const service = new Service();
    await service.open();
    const agent = await service.subject();
    expect(agent.progress()).to.deep.equal({ phase: 'idle', run: null, attempt: null, participations: 0, superseded: false });
    const outcome = await service.play(() => agent);
    expect(included(outcome)).to.deep.equal([0, 1, 2, 3]);
    expect((outcome as FinishedRun).result).to.deep.equal(Int32Array.of(6, 4, 8, 12));
    expect(service.types()).to.deep.equal(['selected', 'enrolled', 'sent', 'sent', 'sent', 'sent', 'sent']);
    while ((await agent.transition()).status === 'complete');
    expect(service.events.at(-1)).to.deep.equal({ type: 'done', run: 1, finished: true, sent: true });
    expect(agent.progress()).to.deep.equal({ phase: 'idle', run: null, attempt: null, participations: 1, superseded: false });
  });

  it('fetches a payload once, however long the input takes, and gives it to the input store', async () => {
    const service = new Service();
    await service.open();
    let [fetched, asked] = [0, 0];
    const seen: unknown[] = [];
    const agent = await service.subject({
      fetchPayload: (url) => {
        fetched++;
        return Promise.resolve(url === 'https://example.org/model' ? content : new Uint8Array());
      },
      inputs: {
        load: (run) => {
          seen.push(run);
          return Promise.resolve(++asked < 4 ? null : { id: 'a', data: [0, 0, 0, 5] });
        },
      },
    });
    expect(included(await service.play(() => agent))).to.contain(0);
    expect([fetched, asked]).to.deep.equal([1, 4]);
    expect(seen[3]).to.deep.equal({ run: 1, source: '', payload: content });
    expect(service.types().slice(0, 4)).to.deep.equal(['selected', 'needs-input', 'needs-input', 'needs-input']);
  });

  it('takes no payload that the publisher has not announced, and gives the server nothing', async () => {
    const service = new Service({ minUsers: 4 });
    await service.open();
    let loads = 0;
    const agent = await service.subject({
      fetchPayload: () => Promise.resolve(Uint8Array.of(3, 1, 5)),
      inputs: { load: () => Promise.resolve((loads++, null)) },
    });
    await service.play(
      () => agent,
      1,
      () => agent.progress().phase === 'preparing',
    );
    await rejected('ERR_SECAGG_ANNOUNCEMENT', agent.transition());
    expect(loads).to.equal(0);
    expect(agent.progress().phase).to.equal('preparing');
  });

  it('sends no input twice, although its store gives it again', async () => {
    const service = new Service();
    await service.open(1);
    const agent = await service.subject({ inputs: { load: () => Promise.resolve({ id: 'same', data: [0, 1, 2, 3] }) } });
    expect(included(await service.play(() => agent, 1))).to.contain(0);
    await service.open(2);
    const second = await service.play(() => agent, 2);
    expect(second?.kind === 'finished' && second.included.includes(0)).to.equal(false);
    expect(service.events.some((event) => event.type === 'refused' && event.code === 'ERR_SECAGG_SPENT')).to.equal(true);
    expect(agent.progress().participations).to.equal(1);
  });

  it('does not begin while it is not eligible', async () => {
    const service = new Service();
    await service.open();
    let eligible = false;
    let requests = 0;
    const agent = await service.subject({
      isEligible: () => eligible,
      exchange: (request) => {
        requests++;
        return service.coordinator.answer(request);
      },
    });
    expect(await agent.transition()).to.deep.equal({ status: 'pending', wait: 60_000 });
    expect(requests).to.equal(0);
    eligible = true;
    await agent.transition();
    expect(requests).to.be.greaterThan(0);
  });

  it('checks in for no run that it would refuse, so that nobody waits for it', async () => {
    const service = new Service();
    await service.open(1);
    let requests = 0;
    const floors = floorsFor(service.parties, service.coordinator.publicKey);
    const agent = await service.subject({
      floors: { ...floors, repetition: { minInterval: 90, maxParticipations: 2 } },
      exchange: (request) => {
        requests++;
        return service.coordinator.answer(request);
      },
    });
    const afterRun = async (run: number): Promise<void> => {
      expect(included(await service.play(() => agent, run))).to.contain(0);
      while (agent.progress().phase !== 'idle') await agent.transition();
      requests = 0;
    };
    await afterRun(1);
    await service.open(2);
    expect(await agent.transition(), 'less than its interval ago').to.deep.equal({ status: 'pending', wait: 90_000 });
    service.parties.clock.now += 60_000;
    expect(await agent.transition()).to.deep.equal({ status: 'pending', wait: 30_000 });
    service.parties.clock.now -= 86_400_000;
    expect(await agent.transition(), 'its clock was set back').to.deep.equal({ status: 'pending', wait: 3_600_000 });
    expect([requests, service.types().includes('refused')]).to.deep.equal([0, false]);
    service.parties.clock.now += 86_400_000 + 30_000;
    await afterRun(2);
    expect(await agent.transition(), 'as many as it allows').to.deep.equal({ status: 'pending', wait: 3_600_000 });
    expect(requests).to.equal(0);
    expect(service.events.at(-1)).to.deep.include({ type: 'refused', run: null, code: 'ERR_SECAGG_FLOOR' });
  });

  it('goes on at once when it is woken, also during a step', async () => {
    const service = new Service();
    const ending = new AbortController();
    let requests = 0;
    const agent = await service.agent(0, {
      listener: (event) => service.events.push(event),
      exchange: (request) => {
        requests++; // the first is refused: it has no token yet
        if (requests === 2) agent.wake();
        if (requests === 3) setTimeout(() => agent.wake());
        if (requests === 4) ending.abort();
        return service.coordinator.answer(request);
      },
    });
    await service.coordinator.setRevocationList(await service.parties.registrar.revocationList());
    await agent.run({ signal: ending.signal }); // without a run it waits for half a minute after each look
    expect(requests).to.equal(4);
    const waits = service.events.map((event) => (event.type === 'waiting' && event.run === null ? event.wait : 0));
    expect(waits).to.have.lengthOf(3);
    for (const wait of waits) expect(wait).to.be.at.least(30_000);
  });

  it('leaves a run when it is told to, and the others come to a sum without it', async () => {
    const service = new Service({
      group: { threshold: 3, maxUsers: 4, adversary: 'malicious', colluders: 0, cohorts: null, graph: null },
      minUsers: 3,
    });
    const floors = floorsFor(service.parties, service.coordinator.publicKey);
    const low = { ...floors, group: { minHonest: 1, minEnrolled: 3, minThreshold: 3, maxUsers: 6 } };
    const weak = { ...low, adversary: { model: 'malicious', minColluders: 0, minColludingFraction: 0, security: null } } as const;
    await service.open();
    const agent = await service.agent(0, { floors: weak });
    for (const id of [1, 2, 3]) service.others.push(await service.agent(id, { floors: weak }));
    await service.play(
      () => agent,
      1,
      () => agent.progress().phase === 'preparing',
    );
    await agent.leave();
    expect(agent.progress()).to.deep.include({ phase: 'idle', participations: 0 });
    const [first, ...rest] = service.others.splice(0);
    service.others.push(...rest);
    expect(included(await service.play(() => first!))).to.deep.equal([1, 2, 3]);
  });

  it('wipes what its user holds when it leaves in the middle of a session', async () => {
    const service = new Service();
    await service.open();
    const agent = await service.subject();
    await service.play(
      () => agent,
      1,
      () => agent.progress().phase === 'session',
    );
    const abandon: () => void = Reflect.get(UserWrapper.prototype, 'abandon');
    const abandoned: UserWrapper[] = [];
    UserWrapper.prototype.abandon = function (this: UserWrapper): void {
      abandoned.push(this);
      abandon.call(this);
    };
    try {
      await agent.leave();
    } finally {
      UserWrapper.prototype.abandon = abandon;
    }
    expect(agent.progress().phase).to.equal('idle');
    expect(abandoned).to.have.lengthOf(1);
    await rejected('ERR_SECAGG_FAILED', abandoned[0]!.round(round0Msg()));
  });

  it('goes on after a restart at every step, from what it has written down alone', async () => {
    const service = new Service();
    await service.open();
    const { keypair, bytes } = await certified(service.parties.registrar, 0);
    const store: AgentStore = new MemoryAgentStore();
    const fresh = (): Promise<Agent> => service.agent(0, { keypair, certificate: bytes, store });
    for (const id of [1, 2, 3]) service.others.push(await service.agent(id));
    let agent = await fresh();
    const key = { task: service.task.id, run: 1 };
    let outcome: Outcome | null = null;
    for (let step = 0; step < 600 && outcome === null; step++) {
      for (const each of [agent, ...service.others]) await each.transition().catch(() => undefined);
      agent = await fresh();
      await workDone(service.coordinator);
      service.time.now += 200;
      await service.coordinator.tick();
      outcome = await service.coordinator.outcome(key);
    }
    expect(included(outcome)).to.deep.equal([0, 1, 2, 3]);
  });

  for (const starts of [1, 3])
    it(`stops when a backup was restored, after ${starts} more revisions had spoken`, async () => {
      const service = new Service();
      await service.open();
      const { keypair, bytes } = await certified(service.parties.registrar, 0);
      const store = new MemoryAgentStore();
      const listener = (event: AgentEvent): void => void service.events.push(event);
      const started = (from: AgentStore): Promise<Agent> =>
        service.agent(0, { keypair, certificate: bytes, store: from, listener });
      await (await started(store)).transition();
      const backup = await store.load();
      // Each start uses a block of numbers.
      for (let start = 0; start < starts; start++) await (await started(store)).transition();
      let stored = backup;
      const put = (next: StoredAgent): Promise<boolean> => {
        stored = next;
        return Promise.resolve(true);
      };
      const restored = await started({ load: () => Promise.resolve(stored), replace: put });
      await rejected('ERR_SECAGG_USAGE', restored.transition());
      expect(restored.progress().superseded).to.equal(true);
      expect(service.types().filter((type) => type === 'superseded')).to.have.lengthOf(1);
      await rejected('ERR_SECAGG_USAGE', restored.transition());
    });

  it('refuses a certificate that is not its own: the coordinator would not answer it, nor say why', async () => {
    const service = new Service();
    const { registrar } = service.parties;
    const own = await certified(registrar, 0);
    const ofOther = [
      [await certified(registrar, 1), 'expected one of participant 0, got one of 1'],
      [await certified(registrar, 0), 'another key'],
      [await certified(authorities().registrar, 0, own.keypair), 'another registrar'],
    ] as const;
    for (const [{ bytes }, why] of ofOther) {
      const error: unknown = await service.agent(0, { keypair: own.keypair, certificate: bytes }).catch((e: unknown) => e);
      expect(error).to.be.instanceOf(RangeError).with.property('message').that.contains(why);
      const renewing = await service.agent(0, { keypair: own.keypair, certificate: () => Promise.resolve(bytes) });
      expect(await renewing.transition().catch((e: unknown) => e)).to.deep.equal(error);
    }
  });

  it('refuses options that are something else, by name', async () => {
    const service = new Service();
    for (const [option, value] of [
      ['inputs', () => null],
      ['store', 'a folder'],
      ['source', 'a\0'],
      ['source', '\udc00'],
    ] as const) {
      const error: unknown = await service.agent(0, { [option]: value }).catch((e: unknown) => e);
      expect(error).to.be.instanceOf(option === 'source' ? RangeError : TypeError);
      expect((error as Error).message).to.contain(`options.${option}: expected`);
    }
  });

  it('does not open a state with another key', async () => {
    const service = new Service();
    await service.open();
    const { keypair, bytes } = await certified(service.parties.registrar, 0);
    const store = new MemoryAgentStore();
    await (await service.agent(0, { keypair, certificate: bytes, store })).transition();
    const thief = await service.agent(0, { keypair, certificate: bytes, store, storeKey: new Uint8Array(32) });
    await rejected('ERR_SECAGG_STATE', thief.transition());
  });

  it('never goes on without a state that it cannot read: inputs and costs that are spent would be forgotten', async () => {
    const service = new Service();
    await service.open();
    const { keypair, bytes } = await certified(service.parties.registrar, 0);
    const store = new MemoryAgentStore();
    const storeKey = new Uint8Array(32).fill(9);
    await (await service.agent(0, { keypair, certificate: bytes, store })).transition();
    const revision = await writeLaterVersion(store, sealOf({ key: storeKey, task: service.task.digest, id: 0, source: '' }));
    const older = await service.agent(0, { keypair, certificate: bytes, store, storeKey });
    for (let i = 0; i < 3; i++) await rejected('ERR_SECAGG_STATE_VERSION', older.transition());
    await rejected('ERR_SECAGG_STATE_VERSION', older.leave());
    expect((await store.load())!.revision).to.equal(revision);
  });
});
