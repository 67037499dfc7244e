// What a coordinator tells of the times of stages and rounds.
import { expect } from 'chai';
import { developmentAgent } from '../../src/agent/index.ts';
import { developmentService, MemoryCoordinatorStore, type CoordinatorEvent } from '../../src/coordinator/index.ts';
import { workDone } from '../support/service.ts';
import { SmallService } from '../support/service-world/small-service.ts';

class Store extends MemoryCoordinatorStore {
  /** Service time, in milliseconds. */
  now = 0;
  override heartbeat(): Promise<number> {
    return Promise.resolve(this.now);
  }
}

/** Where an event is, and how long what has ended has lasted. */
const timeOf = (event: CoordinatorEvent): string[] => {
  if (event.type === 'round-closed') return [`round ${event.round}: ${event.milliseconds}`];
  return event.type === 'stage' || event.type === 'run-ended' ? [`${event.previous}: ${event.milliseconds}`] : [];
};

describe('the events of a coordinator', () => {
  const { warn } = console;
  before(() => (console.warn = (): void => undefined));
  after(() => (console.warn = warn));

  it('tell for how long each stage and each round has lasted, in service time', async () => {
    const store = new Store();
    const events: CoordinatorEvent[] = [];
    const aggregate = { kind: 'integers', vecLen: 1, bits: 16 } as const;
    const listener = (event: CoordinatorEvent): unknown => events.push(event);
    const service = developmentService({ aggregate, threshold: 2, maxUsers: 2, store, listener });
    const { coordinator, registrar, introduction } = service;
    const key = await service.openRun();
    const agents = await Promise.all(
      [1, 2].map((id) =>
        developmentAgent({
          ...{ id, introduction },
          certify: (request) => registrar.certify(request, { id }),
          exchange: (request) => coordinator.answer(request),
          inputs: { load: () => Promise.resolve({ id: 'today', data: [10 * id] }) },
        }),
      ),
    );
    // A second passes before each step of both.
    while ((await coordinator.outcome(key)) === null) {
      store.now += 1000;
      for (const agent of agents) await agent.transition();
      await workDone(coordinator);
    }
    expect(await coordinator.outcome(key)).to.deep.include({ kind: 'finished', result: Int32Array.of(30) });
    const times = events.flatMap(timeOf);
    const names = ['check-in', 'training', ...[0, 1, 2, 3, 4].map((round) => `round ${round}`), 'session'];
    expect(times.map((time) => time.split(': ')[0])).to.deep.equal(names);
    const seconds = times.map((time) => Number(time.split(': ')[1]) / 1000);
    expect(seconds.every((each) => Number.isInteger(each) && each > 0)).to.equal(true);
    const [checkIn = NaN, training = NaN, ...rest] = seconds;
    const session = rest.pop() ?? NaN;
    expect(checkIn + training + session).to.equal(store.now / 1000);
    expect(rest.reduce((sum, each) => sum + each)).to.equal(session);
  });

  it('tell of each round once, although two processes close it at the same time', async () => {
    const service = await SmallService.open();
    const run = await service.openRun();
    const processes = [service.coordinator, service.process()];
    await service.giveList(processes[1]!);
    const participants = service.parties.people.map((person, i) =>
      service.participant(person, { exchange: (request) => processes[i % 2]!.answer(request) }),
    );
    while ((await service.coordinator.outcome(run)) === null) {
      for (const { agent } of participants) await agent.transition();
      await Promise.all([...processes, ...processes].map((process) => process.tick()));
      await Promise.all(processes.map(workDone));
      service.now += 500;
    }
    const closed = service.events.flatMap((event) => (event.type === 'round-closed' ? [event.round] : []));
    expect(closed).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it('tell how long the stage has lasted in which a run has ended without a sum', async () => {
    const store = new Store();
    const events: CoordinatorEvent[] = [];
    const aggregate = { kind: 'integers', vecLen: 1, bits: 16 } as const;
    const listener = (event: CoordinatorEvent): unknown => events.push(event);
    const definition = { windows: { checkIn: { min: 0, max: 1, grace: 0 } } };
    const service = developmentService({ aggregate, threshold: 2, maxUsers: 2, store, listener, definition });
    await service.openRun();
    store.now = 1500;
    await service.coordinator.tick();
    const ended = { type: 'run-ended', code: 'ERR_SECAGG_THRESHOLD', previous: 'check-in', milliseconds: 1500 };
    expect(events.at(-1)).to.deep.include(ended);
  });
});
