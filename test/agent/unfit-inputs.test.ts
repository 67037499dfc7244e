// A participant whose application gives an input that the aggregate does not take, beside three others: the others have their sum.
import { expect } from 'chai';
import type { AgentEvent, LoadedInput } from '../../src/agent/index.ts';
import type { FinishedRun } from '../../src/coordinator/index.ts';
import type { TaskDefinition } from '../../src/service/index.ts';
import { floorsFor } from '../support/service.ts';
import { included, Service } from './stepped-service.ts';

describe('an agent whose input does not fit', () => {
  const group = { threshold: 3, maxUsers: 4, adversary: 'malicious', colluders: 0, cohorts: null, graph: null } as const;
  const windows = {
    checkIn: { min: 10, max: 60, grace: 60 },
    training: { min: 10, max: 60, grace: 60 },
    round: { min: 1, max: 600, grace: 600, enough: 100 },
  };

  /** Participant 0 loads this, beside three others that are enough for a sum. */
  async function runWith(loaded: unknown, aggregate: TaskDefinition['aggregate']): Promise<Service & { readonly loads: number }> {
    const service = Object.assign(new Service({ aggregate, group, minUsers: 3, windows }), { loads: 0 });
    const floors = floorsFor(service.parties, service.coordinator.publicKey);
    const low = { ...floors, group: { minHonest: 1, minEnrolled: 3, minThreshold: 3, maxUsers: 6 } };
    const weak = {
      ...low,
      adversary: { model: 'malicious', minColluders: 0, minColludingFraction: 0, security: null },
    } as const;
    await service.open();
    const load = (): Promise<LoadedInput | null> => {
      service.loads++;
      return Promise.resolve(loaded as LoadedInput);
    };
    const listener = (event: AgentEvent): void => void service.events.push(event);
    const agent = await service.agent(0, { floors: weak, inputs: { load }, listener });
    for (const id of [1, 2, 3]) service.others.push(await service.agent(id, { floors: weak }));
    const began = service.time.now;
    const outcome = await service.play(() => agent);
    expect(included(outcome)).to.deep.equal([1, 2, 3]);
    const { result } = outcome as FinishedRun;
    const sum = aggregate.kind === 'integers' ? result : (result as { readonly sum: unknown }).sum;
    expect([...(sum as Iterable<number>)]).to.deep.equal([6, 3, 6, 9]);
    expect(service.time.now - began, 'no round of ten minutes waits for it').to.be.below(120_000);
    expect(agent.progress()).to.deep.include({ participations: 0 });
    return service;
  }

  const integers = { kind: 'integers', vecLen: 4, bits: 32 } as const;
  const clicks = { kind: 'sum', length: 4, min: 0, max: 100 } as const;

  for (const [what, loaded, aggregate, refusal] of [
    ['a component too many', { id: 'a', data: [0, 1, 2, 3, 4] }, integers, { code: null, message: /data: expected 4 .*got 5/ }],
    ['no number', { id: 'a', data: [0, NaN, 2, 3] }, clicks, { code: 'ERR_SECAGG_VALUE', message: /^data\[1\]: / }],
    ['no data', { id: 'a' }, integers, { code: null, message: /data: expected/ }],
    ['no id', { data: [0, 1, 2, 3] }, integers, { code: null, message: /inputs\.load: id: expected a string, got undefined/ }],
    ['nothing', undefined, integers, { code: null, message: /inputs\.load: expected .* or null, got undefined/ }],
    ['a number', 7, integers, { code: null, message: /inputs\.load: expected .*got number/ }],
  ] as const) {
    it(`leaves the run and says why, if its application gives ${what}; the others have their sum without waiting`, async () => {
      const service = await runWith(loaded, aggregate);
      const told = service.events.filter(({ type }) => type === 'input-refused');
      expect(told).to.have.lengthOf(1);
      expect(told[0]).to.deep.include({ run: 1, code: refusal.code });
      expect((told[0] as { readonly message: string }).message).to.match(refusal.message);
      expect(service.types()).not.to.contain('step-failed');
      expect(service.loads).to.equal(1);
    });
  }

  it('asks again if the application fails to give one: that may pass', async () => {
    const service = new Service();
    await service.open();
    let asked = 0;
    const load = (): Promise<LoadedInput> =>
      ++asked < 3 ? Promise.reject(new Error('the disk is busy')) : Promise.resolve({ id: 'a', data: [0, 1, 2, 3] });
    const agent = await service.subject({ inputs: { load } });
    expect(included(await service.play(() => agent))).to.contain(0);
    expect(service.types()).not.to.contain('input-refused');
  });

  it('writes it to the console if nobody listens', async () => {
    const service = new Service();
    await service.open();
    const agent = await service.agent(0, { inputs: { load: () => Promise.resolve(undefined as never) } });
    for (const id of [1, 2, 3]) service.others.push(await service.agent(id));
    const written: unknown[] = [];
    const { warn } = console;
    console.warn = (text: unknown): void => void written.push(text);
    try {
      await service.play(
        () => agent,
        1,
        () => written.length > 0,
      );
    } finally {
      console.warn = warn;
    }
    expect(written).to.have.lengthOf(1);
    expect(written[0]).to.contain('run 1').and.to.contain('inputs.load: expected an object with id and data, or null');
  });
});
