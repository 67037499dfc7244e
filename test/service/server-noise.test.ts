// Noise that a trusted server adds: a run has one result, whenever and by whatever process it is asked for.
import { expect } from 'chai';
import { randomFromSeed } from '../../src/crypto/random.ts';
import type { FinishedRun } from '../../src/coordinator/outcome.ts';
import type { PrivateHistogram } from '../../src/dp/index.ts';
import type { RunKey } from '../../src/coordinator/run-record.ts';
import type { Aggregate } from '../../src/service/aggregate.ts';
import { authorities, taskOf } from '../support/service.ts';
import { SmallService } from '../support/service-world/small-service.ts';

const AGGREGATE = {
  kind: 'privateHistogram',
  ...({ threshold: 3, colluders: 1, bins: 3, maxBins: 1, noiseMultiplier: 20, noiseFrom: 'server' } as const),
} as const satisfies Aggregate;
const GROUP = { threshold: 3, maxUsers: 4, adversary: 'malicious', colluders: 1, cohorts: null, graph: null } as const;

describe('a run to whose sum the coordinator adds the noise', () => {
  it('has the same result each time: fresh noise would be a release of its own', async () => {
    const service = await SmallService.open({ users: 4, definition: { aggregate: AGGREGATE, group: GROUP, minUsers: 3 } });
    const outcomeOf = async (key: RunKey, coordinator = service.coordinator): Promise<FinishedRun> => {
      const outcome = await coordinator.outcome(key);
      if (outcome?.kind !== 'finished') throw new Error(outcome?.code ?? 'goes on');
      return outcome;
    };
    const inputs = { load: ({ run }: { run: number }) => Promise.resolve({ id: `input ${run}`, data: { indices: [1] } }) };
    const participants = service.parties.people.map((person) => service.participant(person, { inputs }));
    const keys: RunKey[] = [];
    const results: PrivateHistogram[] = [];
    for (let run = 1; run <= 2; run++) {
      const key = await service.openRun();
      await service.play(participants, async () => (await service.coordinator.outcome(key)) !== null);
      const { result, receipt, included } = await outcomeOf(key);
      expect(included).to.have.length(4);
      expect(receipt!.sessions).to.deep.equal([{ users: 4, noises: 1 }]);
      expect((await outcomeOf(key)).result).to.deep.equal(result);
      expect((await outcomeOf(key, service.process())).result).to.deep.equal(result);
      keys.push(key);
      results.push(result as PrivateHistogram);
    }
    const [first, second] = results as [PrivateHistogram, PrivateHistogram];
    expect(first.noise.standardDeviation).to.be.closeTo(20, 1);
    // Each run has noise of its own.
    expect(Array.from(first.counts)).not.to.deep.equal(Array.from(second.counts));
  });

  it('is in one session: noise of the server does not go to a total of cohorts, unless nobody lies', () => {
    const parties = authorities();
    const cohorts = { least: 2, most: 3, seed: { min: 10, max: 60, grace: 30 } };
    const definition = { aggregate: { ...AGGREGATE, security: 40 }, group: { ...GROUP, cohorts }, minUsers: 3 };
    expect(() => taskOf(parties, definition)).to.throw(RangeError, 'task.aggregate.noiseFrom');
    const honest = { aggregate: { ...definition.aggregate, adversary: 'semi-honest' } as const };
    taskOf(parties, { ...definition, ...honest, group: { ...definition.group, adversary: 'semi-honest' } });
    taskOf(parties, { ...definition, aggregate: { ...definition.aggregate, noiseFrom: 'users' } });
  });
});

describe('random bytes from a seed', () => {
  it('are the same for the same calls, other ones in each call and for each seed, and evenly spread', () => {
    const [one, same, other] = [1, 1, 2].map((value) => randomFromSeed(new Uint8Array(32).fill(value))) as [
      ReturnType<typeof randomFromSeed>,
      ReturnType<typeof randomFromSeed>,
      ReturnType<typeof randomFromSeed>,
    ];
    const drawn = [one(40), one(40), other(40)].map((bytes) => Buffer.from(bytes).toString('hex'));
    expect([same(40), same(40)].map((bytes) => Buffer.from(bytes).toString('hex'))).to.deep.equal(drawn.slice(0, 2));
    expect(new Set(drawn).size).to.equal(3);
    const ones = one(10_000).reduce((count, byte) => count + byte.toString(2).replaceAll('0', '').length, 0);
    expect(ones).to.be.within(39_000, 41_000);
  });
});
