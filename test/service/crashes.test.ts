// The coordinator's processes end, or are overtaken by each other, at the worst moments.
import { expect } from 'chai';
import type { CoordinatorStore } from '../../src/coordinator/store.ts';
import { MemorySessionHost, type SessionHost } from '../../src/coordinator/session-host.ts';
import { StateError } from '../../src/leaves/errors.ts';
import { verifyCertificate } from '../../src/service/run-certificate.ts';
import { instead } from '../support/instead.ts';
import { workDone } from '../support/service.ts';
import { SmallService, untilPending, type Participant } from '../support/service-world/small-service.ts';

async function stageOf(service: SmallService): Promise<string> {
  return (await service.store.openRuns())[0]?.stage ?? 'over';
}

async function inRound(service: SmallService, participants: readonly Participant[], round: number): Promise<void> {
  await service.play(participants, async () => {
    const [run] = await service.store.openRuns();
    return run !== undefined && (await service.store.session({ ...run, index: 0 }))?.round === round;
  });
}

describe('a coordinator process', () => {
  it('that ends between the close of round 4 and its record: the next one gives a certificate that verifies', async () => {
    const service = await SmallService.open();
    const key = await service.openRun();
    const participants = service.everybody();
    await inRound(service, participants, 4);
    const dying = instead<CoordinatorStore>(service.store, {
      replaceSession: () => Promise.reject(new Error('the process ends')),
    });
    service.coordinator = service.process({ store: dying });
    await service.giveList(service.coordinator);
    for (const { agent } of participants) await untilPending(agent);
    await workDone(service.coordinator);
    const { name, round } = (await service.store.session({ ...key, index: 0 }))!;
    expect([round, (await service.host.progress(name)).round]).to.deep.equal([4, 5]);
    service.coordinator = service.process();
    await service.giveList(service.coordinator);
    await service.play(participants, async () => (await stageOf(service)) === 'over');
    const outcome = await service.coordinator.outcome(key);
    if (outcome?.kind !== 'finished') throw new Error('expected a sum');
    const { registrar, publisher, people } = service.parties;
    const [certificate] = await service.coordinator.certificates(key);
    const verified = await verifyCertificate(certificate!, {
      registrar: registrar.authority,
      publisher: publisher.publicKey,
    });
    expect(verified.included).to.deep.equal(people.map(({ id }) => id));
  });

  it('whose sessions are lost begins another attempt with those who have not sent their input', async () => {
    const service = await SmallService.open();
    const key = await service.openRun();
    const participants = service.everybody();
    await inRound(service, participants, 1);
    service.coordinator = service.process({ host: new MemorySessionHost() });
    await service.giveList(service.coordinator);
    await service.play(participants, async () => (await stageOf(service)) === 'over');
    const outcome = await service.coordinator.outcome(key);
    expect(outcome).to.include({ kind: 'finished', attempt: 2 });
  });

  for (const isHalf of [false, true]) {
    it(`that meets a failed attempt whose session another one ${isHalf ? 'is removing' : 'has removed'} goes on with the next attempt`, async () => {
      const service = await SmallService.open();
      const key = await service.openRun();
      const participants = service.everybody();
      await inRound(service, participants, 1);
      // The other process removes the session while this one looks at it.
      let other: (() => Promise<void>) | null = async () => {
        other = null;
        await service.pass(120_000);
      };
      const slow = instead<SessionHost>(service.host, {
        async attendance(name) {
          const isFirst = other !== null;
          await other?.();
          if (isHalf && isFirst) throw new StateError('session: somebody has changed the rows');
          return service.host.attendance(name);
        },
      });
      await service.process({ host: slow }).tick();
      const run = await service.store.run(key);
      expect(run).to.include({ stage: 'training' });
      expect(run?.attempt?.number).to.equal(1);
      await service.play(participants, async () => (await stageOf(service)) === 'over');
      expect(await service.coordinator.outcome(key)).to.include({ kind: 'finished', attempt: 2 });
    });
  }

  it('that has forgotten a part of a session that has ended meanwhile says so, and not that somebody has changed its rows', async () => {
    const service = await SmallService.open();
    const key = await service.openRun();
    const participants = service.everybody();
    await inRound(service, participants, 4);
    // Another process ends the session, and deletes the first of its rows, while this one takes an answer.
    const host = instead<SessionHost>(service.host, {
      async recv() {
        const session = (await service.store.session({ ...key, index: 0 }))!;
        const end = { code: 'ERR_SECAGG_ABORTED', included: [], out: [], sum: null };
        await service.store.replaceSession({ ...session, revision: session.revision + 1, end });
        throw new StateError('session: somebody has changed the rows');
      },
    });
    service.coordinator = service.process({ host });
    await service.giveList(service.coordinator);
    const [first] = participants;
    while (!first!.events.some(({ type }) => type === 'refused')) await first!.agent.transition();
    const refused = first!.events.filter(({ type }) => type === 'refused');
    expect(refused).to.have.lengthOf(1);
    expect(refused[0]).to.include({ code: 'ERR_SECAGG_RUN' });
  });

  it('that closes a round already takes another answer, and nobody is refused', async () => {
    const service = await SmallService.open();
    const key = await service.openRun();
    const participants = service.everybody();
    await inRound(service, participants, 0);
    let isOver = false;
    while (!isOver) {
      const steps = await Promise.all(participants.map(({ agent }) => agent.transition()));
      if (steps.every(({ status }) => status === 'pending')) await service.pass(1000);
      isOver = (await stageOf(service)) === 'over';
    }
    expect(participants.flatMap(({ events }) => events.filter(({ type }) => type === 'refused'))).to.deep.equal([]);
    expect(await service.coordinator.outcome(key)).to.deep.include({
      kind: 'finished',
      included: service.parties.people.map(({ id }) => id),
    });
  });

  it('that cannot go on with one run goes on with the others', async () => {
    const service = await SmallService.open();
    await service.openRun({ source: 'first' });
    const second = await service.openRun({ source: 'second' });
    const broken = instead<CoordinatorStore>(service.store, {
      counts: (run) => (run.run === second.run ? service.store.counts(run) : Promise.reject(new Error('unreadable'))),
    });
    service.coordinator = service.process({ store: broken });
    let failures = 0;
    for (let second = 0; second < 300; second++) {
      service.now += 1000;
      await service.coordinator.tick().catch(() => failures++);
    }
    expect(failures).to.equal(300);
    expect(await service.coordinator.outcome(second)).to.include({ kind: 'failed', code: 'ERR_SECAGG_THRESHOLD' });
  });
});
