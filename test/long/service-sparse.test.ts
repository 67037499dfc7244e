// A task on a sparse graph with as many participants as a service may have in one session: agents, coordinator and all that they say to
// each other. It prints what a participant costs, for docs/scale.md.
import { expect } from 'chai';
import type { FinishedRun } from '../../src/coordinator/outcome.ts';
import { plan } from '../../src/planner/index.ts';
import { Draws } from '../support/service-world/draws.ts';
import { lightEngine } from '../support/service-world/light-engine.ts';
import { SmallService } from '../support/service-world/small-service.ts';
import { withPlatform } from '../support/injected.ts';

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

async function play(users: number, adversary: 'semi-malicious' | 'semi-honest'): Promise<Figures> {
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
  const service = await SmallService.open({ users, definition: { aggregate, group, minUsers: users, windows, attempts: 1 } });
  const figures: Figures = { requests: 0, up: 0, down: 0, both: 0, coordinator: 0 };
  const exchange = async (request: Uint8Array): Promise<Uint8Array> => {
    const before = spent();
    const answer = await service.coordinator.answer(request);
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

  it('has 3,000 participants in a session, whose cryptography is light', async () => {
    const figures = await withPlatform(lightEngine(new Draws(1)), () => play(3000, 'semi-honest'));
    table('light', 3000, figures);
  });
});
