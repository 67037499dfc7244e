// What a tick costs a store, and whose runs a process looks at.
import { expect } from 'chai';
import { Coordinator, type CoordinatorEvent, type MemoryCoordinatorStore } from '../../src/coordinator/index.ts';
import { genKeypair } from '../../src/index.ts';
import type { Person } from '../support/service-world/parties.ts';
import { RawParticipant } from '../support/service-world/raw-participant.ts';
import { SmallService, untilPending } from '../support/service-world/small-service.ts';

/** A store that counts its calls. */
function counted(store: MemoryCoordinatorStore): { readonly store: MemoryCoordinatorStore; calls: number } {
  const counter = {
    calls: 0,
    store: new Proxy(store, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name, target);
        if (typeof method !== 'function') return method;
        return (...given: unknown[]): unknown => {
          counter.calls++;
          return method.apply(target, given);
        };
      },
    }),
  };
  return counter;
}

/** The store calls of a tick, after one that has looked at all runs. */
async function callsOfTick(runs: number): Promise<number> {
  const service = await SmallService.open();
  const counter = counted(service.store);
  const coordinator = service.process({ store: counter.store });
  for (let each = 0; each < runs; each++) await service.openRun({ source: `source ${each}` });
  await coordinator.tick();
  counter.calls = 0;
  await coordinator.tick();
  return counter.calls;
}

/** A participant sends the first half of an answer of 100 bytes. @returns the kind of the response, or the code of its refusal. */
async function firstPart(service: SmallService, person: Person, run: number): Promise<string> {
  const participant = new RawParticipant(service.parties.task, person);
  const part = { total: 100, sha256: new Uint8Array(32), body: new Uint8Array(50) };
  const place = { run, attempt: 1, round: 0 };
  const { kind, code } = await participant.ask(service.coordinator, 'answer', { place, ...part });
  return code === '' ? kind : code;
}

describe('a tick', () => {
  it('costs the store as many calls for 100 runs that are not due as for one', async () => {
    const [one, ten, hundred] = [await callsOfTick(1), await callsOfTick(10), await callsOfTick(100)];
    expect(ten).to.equal(one);
    expect(hundred).to.equal(one);
    expect(one).to.be.below(5);
  });

  it('costs as many calls while parts of a long answer are held, for any number of runs that are in session', async () => {
    const service = await SmallService.open({ users: 4, people: 8 });
    const counter = counted(service.store);
    service.coordinator = service.process({ store: counter.store, maxUploadBytes: 100 });
    const { people } = service.parties;
    const [morning, evening] = [await service.openRun({ source: 'morning' }), await service.openRun({ source: 'evening' })];
    const agents = people.map((person, i) => service.participant(person, { source: i < 4 ? 'morning' : 'evening' }));
    const begun = async (): Promise<boolean> => {
      const runs = await service.store.openRuns();
      return runs.every(({ stage }) => stage === 'session');
    };
    await service.play(agents, begun);
    const callsOfNext = async (): Promise<number> => {
      await service.coordinator.tick(); // after an answer it looks at the run
      counter.calls = 0;
      await service.coordinator.tick();
      return counter.calls;
    };
    const without = await callsOfNext();
    expect(await firstPart(service, people[0]!, morning.run)).to.equal('accepted');
    expect(await callsOfNext()).to.equal(without);
    expect(await firstPart(service, people[4]!, evening.run), 'there is no room').to.equal('ERR_SECAGG_OVERLOAD');
    await service.coordinator.abort(morning);
    await service.coordinator.tick();
    expect(await firstPart(service, people[4]!, evening.run), 'the other attempt is over').to.equal('accepted');
  });

  it('takes up the work of a process that has ended in the middle of it, after some seconds', async () => {
    const service = await SmallService.open();
    const counter = counted(service.store);
    const other = service.process({ store: counter.store });
    await service.openRun();
    await other.tick();
    const idle = async (): Promise<number> => {
      counter.calls = 0;
      await other.tick();
      return counter.calls;
    };
    const resting = await idle();
    service.now += 4000;
    expect(await idle()).to.equal(resting);
    service.now += 1000;
    expect(await idle()).to.be.above(resting);
  });

  it('looks at a run again after a participant has checked in', async () => {
    const service = await SmallService.open();
    const counter = counted(service.store);
    service.coordinator = service.process({ store: counter.store });
    await service.giveList(service.coordinator);
    await service.openRun();
    const callsOfNext = async (): Promise<number> => {
      counter.calls = 0;
      await service.coordinator.tick();
      return counter.calls;
    };
    const first = await callsOfNext();
    const resting = await callsOfNext();
    expect(first).to.be.above(resting);
    const [participant] = service.everybody();
    await untilPending(participant!.agent); // checks in
    expect(await callsOfNext()).to.be.above(resting);
    expect(await callsOfNext()).to.equal(resting);
  });

  it('leaves the runs of tasks that it does not know to other processes, without a failure', async () => {
    const service = await SmallService.open();
    const key = await service.openRun();
    const events: CoordinatorEvent[] = [];
    const listener = (event: CoordinatorEvent): unknown => events.push(event);
    const older = new Coordinator({ keypair: genKeypair(), tasks: [], store: service.store, listener });
    await older.tick();
    const ending = new AbortController();
    older.drain(); // else it would tick until the signal
    await older.run({ signal: ending.signal });
    expect(events).to.deep.equal([]);
    expect(await service.coordinator.outcome(key)).to.equal(null);
  });
});
