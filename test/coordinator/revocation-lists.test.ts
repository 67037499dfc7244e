// Revocation lists: one process is given a list, and all processes of the store go by it.
import { expect } from 'chai';
import { Coordinator, type CoordinatorEvent } from '../../src/coordinator/index.ts';
import { hex } from '../../src/leaves/bytes.ts';
import { authorityDigest } from '../../src/service/certificate.ts';
import { readRevocationList } from '../../src/service/revocation-list.ts';
import { readRoster } from '../../src/service/roster.ts';
import { rejected } from '../support/errors.ts';
import { RawParticipant } from '../support/service-world/raw-participant.ts';
import { SmallService, untilPending } from '../support/service-world/small-service.ts';

describe('the revocation lists of several processes', () => {
  it('reach a process that was given none, which begins an attempt with the newest one and without whom it names', async () => {
    const service = await SmallService.open({ users: 5 });
    const given = service.coordinator;
    const run = await service.openRun();
    service.coordinator = service.process(); // answers all requests, and never ticks
    const everybody = service.everybody();
    for (const { agent } of everybody) await untilPending(agent);
    expect(await service.store.run(run)).to.include({ stage: 'training' });
    service.now += 31_000;
    const [last, ...others] = everybody;
    for (const { agent } of others) await untilPending(agent);
    expect(await service.store.counts(run)).to.include({ ready: 4, selected: 1 });

    const revoked = others[0]!.person.id;
    service.parties.registrar.revoke(revoked);
    const list = await service.parties.registrar.revocationList();
    await given.setRevocationList(list);
    await untilPending(last!.agent); // all are ready now
    const roster = await service.store.roster({ ...run, index: 0, attempt: 1 });
    if (roster === null) throw new Error('no attempt has begun');
    const { revocations, certificates } = readRoster(roster);
    expect(revocations.bytes).to.deep.equal(list);
    const ids = service.parties.people.map(({ id }) => id).filter((id) => id !== revoked);
    expect(certificates.map(({ id }) => id)).to.deep.equal(ids);
  });

  it('are there again after a restart: a run is opened, and whoever was revoked is refused from the first request on', async () => {
    const service = await SmallService.open();
    const [participant] = service.everybody();
    service.parties.registrar.revoke(participant!.person.id);
    await service.giveList(service.coordinator);
    service.coordinator = service.process();
    await service.openRun();
    await untilPending(participant!.agent);
    expect(participant!.events).to.deep.include.members([
      { type: 'refused', run: null, code: 'ERR_SECAGG_CERTIFICATE', message: 'the coordinator refuses' },
    ]);
  });

  it('reach a process that answers and never ticks within a second: it refuses whom a new list names', async () => {
    const service = await SmallService.open();
    const [participant] = service.parties.people;
    const raw = new RawParticipant(service.parties.task, participant!);
    const answering = service.process();
    expect((await raw.ask(answering, 'check-in')).code).to.equal('');
    service.parties.registrar.revoke(participant!.id);
    await service.giveList(service.coordinator);
    service.now += 1000;
    expect((await raw.ask(answering, 'check-in')).code).to.equal('ERR_SECAGG_CERTIFICATE');
  });

  it('of which one cannot be read keep no other registrar’s from a process, and tell no participant that its certificate is bad', async () => {
    const [service, elsewhere] = [await SmallService.open({ people: 6 }), await SmallService.open()];
    const tasks = [service.parties.task, elsewhere.parties.task];
    const keypair = service.parties.coordinator;
    const processWith = (events: CoordinatorEvent[] = []): Coordinator =>
      new Coordinator({
        keypair,
        tasks,
        store: service.store,
        clock: service.timeOfDay,
        listener: (event) => events.push(event),
      });
    const garble = ({ parties }: SmallService): Promise<void> =>
      service.store.raiseRevocationList(hex(authorityDigest(parties.registrar.authority)), 1000, Uint8Array.of(1));
    const run = await service.openRun();
    const participants = service.everybody();
    for (const { agent } of participants.slice(0, 5)) await untilPending(agent);
    await garble(service);

    const events: CoordinatorEvent[] = [];
    const coordinator = processWith(events);
    const failures = (): unknown[] => events.flatMap((event) => (event.type === 'tick-failed' ? [event.code] : []));
    service.coordinator = coordinator;
    await untilPending(participants[5]!.agent);
    expect((await service.store.run(run))?.stage).to.equal('training');
    expect(failures(), 'told once').to.deep.equal(['ERR_SECAGG_DECODE']);
    for (const { agent } of participants) await untilPending(agent);
    expect((await service.store.run(run))?.stage, 'nothing begins').to.equal('training');
    expect(participants.flatMap(({ events: told }) => told.filter(({ type }) => type === 'refused'))).to.deep.equal([]);

    await processWith().setRevocationList(await elsewhere.parties.registrar.revocationList());
    events.length = 0;
    await rejected('ERR_SECAGG_DECODE', coordinator.tick());
    await coordinator.openRun(await elsewhere.announce());
    await garble(elsewhere);
    events.length = 0;
    await rejected('ERR_SECAGG_DECODE', coordinator.tick());
    expect(failures(), 'that of the other registrar, too').to.include('ERR_SECAGG_DECODE');
  });

  it('are refused by a process if another one was given a newer list, and taken again if it was given the same', async () => {
    const service = await SmallService.open();
    const { registrar } = service.parties;
    const [older, newer] = [await registrar.revocationList(), await registrar.revocationList()];
    await service.coordinator.setRevocationList(newer);
    const other = service.process();
    await rejected('ERR_SECAGG_CERTIFICATE', other.setRevocationList(older));
    await other.setRevocationList(newer);
    await rejected('ERR_SECAGG_CERTIFICATE', service.coordinator.setRevocationList(older));
  });

  it('are checked by each process: with a list that somebody else has written nothing begins', async () => {
    const service = await SmallService.open();
    const { registrar } = service.parties;
    const name = hex(authorityDigest(registrar.authority));
    const list = await registrar.revocationList();
    const forged = list.slice();
    forged[forged.length - 1]! ^= 1; // its signature
    await service.store.raiseRevocationList(name, readRevocationList(forged).number, forged);
    await rejected('ERR_SECAGG_CERTIFICATE', service.coordinator.tick());
    await rejected('ERR_SECAGG_CERTIFICATE', service.openRun());
    await service.giveList(service.coordinator); // a newer one
    await service.coordinator.tick();
    await service.openRun();
  });
});
