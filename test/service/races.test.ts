// Several processes of one coordinator over one store: whatever their pace, a run with cohorts gives one exact sum, or none.
import { expect } from 'chai';
import type { Coordinator } from '../../src/coordinator/index.ts';
import { ServiceError } from '../../src/service/index.ts';
import { rejected } from '../support/errors.ts';
import { withPlatform } from '../support/injected.ts';
import { Draws } from '../support/service-world/draws.ts';
import { lightEngine } from '../support/service-world/light-engine.ts';
import { SmallService } from '../support/service-world/small-service.ts';

/** An object whose methods begin and end late, each time by another number of turns. */
function late<T extends object>(object: T, draws: Draws): T {
  const turns = async (): Promise<void> => {
    for (let turn = draws.between(0, 12); turn > 0; turn--) await Promise.resolve();
  };
  return new Proxy(object, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== 'function') return method;
      return async (...given: unknown[]): Promise<unknown> => {
        await turns();
        try {
          return await (method.apply(target, given) as unknown);
        } finally {
          await turns();
        }
      };
    },
  });
}

async function race(seed: number): Promise<string> {
  const draws = new Draws(seed);
  const service = await SmallService.open({
    users: 4,
    people: 10,
    definition: {
      minUsers: 3,
      attempts: 3,
      group: {
        ...{ threshold: 3, maxUsers: 4, adversary: 'malicious', colluders: 1 },
        cohorts: { least: 2, most: 3, seed: { min: 10, max: 60, grace: 30 } },
      },
    },
  });
  const processes: Coordinator[] = [];
  for (let each = 0; each < 3; each++) {
    const process = service.process({ store: late(service.store, draws), host: late(service.host, draws) });
    await service.giveList(process);
    processes.push(process);
  }
  const key = await service.openRun();
  const all = service.parties.people.map((person) => ({
    id: person.id,
    ...service.participant(person, { exchange: (request) => draws.pick(processes).answer(request) }),
  }));
  let outcome = null;
  for (let turn = 0; turn < 300 && outcome === null; turn++) {
    // Some sleep for a turn. In every other race, most are gone for all of the first attempt, so that there is a second one.
    const run = await service.store.run(key);
    const isHeld = seed % 2 === 1 && run?.stage === 'session' && run.attempt?.number === 1;
    const awake = all.filter((_, i) => !draws.chance(0.1) && !(isHeld && i > 1));
    const steps = awake.map(async ({ agent }) => {
      for (let step = 0; step < 30 && (await agent.transition()).status === 'complete'; step++);
    });
    await Promise.all([...steps, ...processes.map((process) => process.tick())]);
    await service.pass(1000);
    outcome = await service.coordinator.outcome(key);
  }
  if (outcome === null) throw new Error('the run does not end');
  if (outcome.kind === 'failed') return `${outcome.kind} after ${outcome.attempt}`;
  const { included, result } = outcome;
  expect(new Set(included).size).to.equal(included.length);
  const sum = included.reduce((total, id) => total + id, 0);
  expect(Array.from(result as Iterable<number | bigint>, Number)).to.deep.equal([sum, included.length, -sum]);
  for (const { agent } of all.filter(({ id }) => included.includes(id))) expect(agent.progress().participations).to.equal(1);
  const certificates = await service.coordinator.certificates(key);
  expect(certificates.every((text) => text !== '')).to.equal(true);
  return `${outcome.kind} after ${outcome.attempt}`;
}

describe('three processes of a coordinator', () => {
  it('give one exact sum over those that are in it, whatever their pace', async () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 4; seed++) {
      seen.add(
        await withPlatform(lightEngine(new Draws(seed)), () => race(seed)).catch((error: unknown) => {
          throw new Error(`race ${seed}`, { cause: error });
        }),
      );
    }
    expect([...seen].sort()).to.deep.equal(['finished after 1', 'finished after 2']);
  });

  it('tell who waits in one of them that another has ended the run, or that the run is forgotten', async () => {
    const service = await SmallService.open();
    const other = service.process();
    const key = await service.openRun();
    const waiting = [service.coordinator.finished(key), service.coordinator.finished({ ...key })];
    await service.coordinator.tick();
    await other.abort(key);
    const forgotten = await service.openRun();
    const tooLate = service.coordinator.finished(forgotten);
    await service.coordinator.tick();
    for (const outcome of await Promise.all(waiting)) {
      expect(outcome).to.include({ kind: 'failed', code: 'ERR_SECAGG_ABORTED' });
    }
    await other.abort(forgotten);
    await service.store.forgetRuns(key.task, Infinity);
    const error = rejected('ERR_SECAGG_RUN', tooLate, ServiceError);
    await service.coordinator.tick();
    await error;
  });
});
