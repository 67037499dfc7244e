// A task on a sparse graph with as many participants as a service may have in one session: agents, coordinator and all that they say to
// each other. It prints what a participant costs, for docs/scale.md.
import { expect } from 'chai';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { FinishedRun } from '../../src/coordinator/outcome.ts';
import { plan } from '../../src/planner/index.ts';
import { Draws } from '../support/service-world/draws.ts';
import { lightEngine } from '../support/service-world/light-engine.ts';
import { workDone } from '../support/service.ts';
import { SmallService } from '../support/service-world/small-service.ts';
import { withPlatform } from '../support/injected.ts';
import type { Asked, CoordinatorCost, CoordinatorSetup } from './coordinator-process.ts';

/** Milliseconds of processor time so far, on all threads of this process. */
function spent(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

interface Figures {
  requests: number;
  up: number;
  down: number;
  /** Milliseconds of processor time, of participants and coordinator together and of the coordinator alone. */
  both: number;
  coordinator: number;
}

/** A service for so many participants, all of whom come, in one session on a sparse graph. */
function serviceFor(users: number, adversary: 'semi-malicious' | 'semi-honest'): Promise<SmallService> {
  const vecLen = 3;
  const [session] = plan({ users, dropout: 0.1, corrupt: 0.05, vecLen, bits: 40, adversary, graph: 'sparse' }).sessions;
  const { threshold, options } = session!;
  if (options.graph === 'complete') throw new Error('the plan has no sparse graph');
  const graph = { ...options.graph, security: 40 };
  const group = { threshold, maxUsers: users, adversary, colluders: options.colluders, cohorts: null, graph };
  const aggregate = { kind: 'integers', vecLen, bits: 40 } as const;
  const windows = {
    checkIn: { min: 3600, max: 7200, grace: 0 },
    training: { min: 3600, max: 7200, grace: 0 },
    round: { min: 3600, max: 7200, grace: 0, enough: 100 },
  };
  return SmallService.open({ users, definition: { aggregate, group, minUsers: users, windows, attempts: 1 } });
}

async function play(users: number, adversary: 'semi-malicious' | 'semi-honest'): Promise<Figures> {
  const service = await serviceFor(users, adversary);
  const figures: Figures = { requests: 0, up: 0, down: 0, both: 0, coordinator: 0 };
  const exchange = async (request: Uint8Array): Promise<Uint8Array> => {
    const before = spent();
    const answer = await service.coordinator.answer(request);
    await workDone(service.coordinator);
    figures.coordinator += spent() - before;
    figures.requests++;
    figures.up += request.length;
    figures.down += answer.length;
    return answer;
  };
  const participants = service.parties.people.map((person) => service.participant(person, { exchange }));
  const key = await service.openRun();
  const begin = spent();
  const isOver = async (): Promise<boolean> => (await service.store.run(key))?.end !== null;
  while (!(await isOver())) {
    for (const { agent } of participants) {
      while ((await agent.transition()).status === 'complete');
    }
    const before = spent();
    await service.pass(30_000);
    figures.coordinator += spent() - before;
  }
  figures.both = spent() - begin;
  const { included, result } = (await service.coordinator.outcome(key)) as FinishedRun;
  const ids = service.parties.people.map(({ id }) => id);
  expect(included).to.deep.equal(ids);
  const sum = ids.reduce((total, id) => total + id, 0);
  expect(result).to.deep.equal(BigInt64Array.of(BigInt(sum), BigInt(users), BigInt(-sum)));
  return figures;
}

/** The coordinator has a process of its own, and answers one request after the other. */
async function playApart(users: number): Promise<void> {
  const service = await serviceFor(users, 'semi-honest');
  const { coordinator: keypair, registrar, task } = service.parties;
  const child = fork(new URL('coordinator-process.ts', import.meta.url), {
    execArgv: [...process.execArgv, '--expose-gc'],
    serialization: 'advanced',
  });
  const ask = async (asked: Asked | CoordinatorSetup): Promise<unknown> => {
    const answer = once(child, 'message');
    child.send(asked);
    return ((await answer) as [unknown])[0];
  };
  const revocations = await registrar.revocationList();
  const setup = { keypair, task: task.toJSON(), revocations, announcement: await service.announce(), begin: service.timeOfDay() };
  await ask(setup satisfies CoordinatorSetup);
  let most = 0;
  let cost: CoordinatorCost | null = null;
  const participants = service.parties.people.map((person) =>
    service.participant(person, { exchange: async (request) => (await ask(request)) as Uint8Array }),
  );
  for (const seconds = 30; cost === null || cost.included === null;) {
    for (const { agent } of participants) {
      while ((await agent.transition()).status === 'complete');
    }
    await service.pass(1000 * seconds);
    cost = (await ask(seconds)) as CoordinatorCost;
    most = Math.max(most, cost.memory[1] - cost.memory[0]);
  }
  child.disconnect();
  const { cpu, answers, ticks } = cost;
  console.log(
    `one coordinator process for ${users} participants: ${(answers.length / users).toFixed(1)} requests of each, ` +
      `${(cpu / users).toFixed(1)} ms of processor time for each, ${(most / users / 1000).toFixed(1)} kB of memory for each at most; ` +
      `${quantiles('an answer', answers)}; ${quantiles('a tick', ticks)}`,
  );
  expect(cost.included).to.equal(users);
}

function quantiles(what: string, milliseconds: readonly number[]): string {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(2);
  return `${what} ${at(0.5)} ms (median), ${at(0.95)} ms (95 of 100), ${at(1)} ms (the longest)`;
}

function table(title: string, users: number, { requests, up, down, both, coordinator }: Figures): void {
  const each = (total: number): string => (total / users).toFixed(1);
  console.log(
    `${title}: for each of ${users} participants ${each(requests)} requests, ${each(up)} bytes up, ${each(down)} bytes down, ` +
      `${each(both - coordinator)} ms at the participant, ${each(coordinator)} ms at the coordinator`,
  );
}

describe('a service on a sparse graph', function () {
  this.timeout(0);

  for (const adversary of ['semi-honest', 'semi-malicious'] as const) {
    it(`has 1,000 participants in a session against a ${adversary} server`, async () => {
      table(adversary, 1000, await play(1000, adversary));
    });
  }

  it('has 10,000 participants in a session, whose cryptography is light, with one coordinator process', async () => {
    await withPlatform(lightEngine(new Draws(1)), () => playApart(10_000));
  });
});
