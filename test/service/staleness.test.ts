// Asynchronous training: runs of one task about several data sources, each with the model that was the newest when it was opened.
import { expect } from 'chai';
import { readAnnouncement } from '../../src/service/announcement.ts';
import { floorsFor } from '../support/service-world/parties.ts';
import { SmallService, type Participant } from '../support/service-world/small-service.ts';

describe('the staleness of a run', () => {
  it('counts the runs of its task that ended with a sum while it went on, of whatever source, and none that failed', async () => {
    const service = await SmallService.open({ users: 4, people: 8 });
    const { people } = service.parties;
    const agentsFor = (source: string, some: typeof people): Participant[] =>
      some.map((person) => service.participant(person, { source }));
    const [morning, evening] = [agentsFor('morning', people.slice(0, 4)), agentsFor('evening', people.slice(4))];
    const sumOf = (run: number, agents: readonly Participant[]): Int32Array => {
      const total = agents.reduce((sum, { person }) => sum + person.id, 0);
      return Int32Array.of(total, run * agents.length, -total);
    };

    const slow = await service.openRun({ source: 'morning' });
    const stalenessOfNext = async (): Promise<number> => {
      const run = await service.openRun({ source: 'evening' });
      const outcome = await service.end(run, evening);
      if (outcome.kind !== 'finished') throw new Error(outcome.code);
      expect(outcome.result).to.deep.equal(sumOf(run.run, evening));
      return outcome.staleness;
    };
    expect(await stalenessOfNext()).to.equal(0);
    const failed = await service.openRun({ source: 'evening' });
    await service.coordinator.abort(failed);
    expect(await service.coordinator.outcome(failed)).to.include({ kind: 'failed' });
    expect(await stalenessOfNext(), 'the slow run goes on, and the failed one has no sum').to.equal(0);

    const last = await service.openRun({ source: 'evening' });
    const outcome = await service.end(slow, morning);
    expect(outcome).to.deep.include({ kind: 'finished', result: sumOf(slow.run, morning) });
    expect(outcome).to.include({ staleness: 2 });
    expect((await service.store.run(slow))?.end?.staleness, 'in its record').to.equal(2);
    expect(await service.end(last, evening), 'the slow run ended meanwhile').to.include({ kind: 'finished', staleness: 1 });
  });

  it('is told with the payload that was the newest when the run was announced', async () => {
    const service = await SmallService.open();
    const content = Uint8Array.of(1, 2, 3);
    const announcement = await service.announce({ payload: { url: 'https://models.example/7', content } });
    const run = await service.coordinator.openRun(announcement);
    const fetched = service.parties.people.map((person) =>
      service.participant(person, {
        fetchPayload: () => Promise.resolve(content),
        floors: { ...floorsFor(service.parties), maxPayloadBytes: 3 },
      }),
    );
    const outcome = await service.end(run, fetched);
    if (outcome.kind !== 'finished') throw new Error(outcome.code);
    expect(outcome.payload).to.deep.equal(readAnnouncement(announcement).payload);
    expect(outcome.payload).to.deep.include({ url: 'https://models.example/7', length: 3 });
  });
});
