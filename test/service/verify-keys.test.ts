// What somebody else says of participants' keys, beside the registrar.
import { expect } from 'chai';
import type { CertifiedKey } from '../../src/agent/index.ts';
import { equalBytes } from '../../src/leaves/bytes.ts';
import { SmallService, type Participant } from '../support/service-world/small-service.ts';

describe('a participant that has keys confirmed by a log', () => {
  let service: SmallService;
  let log: ReadonlyMap<number, Uint8Array>;
  const confirms = (keys: readonly CertifiedKey[]): Promise<boolean> =>
    Promise.resolve(keys.every(({ id, publicKey }) => equalBytes(log.get(id) ?? new Uint8Array(), publicKey)));
  const ended = async (): Promise<boolean> => (await service.store.openRuns()).length === 0;
  const refusals = ({ events }: Participant): string[] =>
    events.flatMap((event) => (event.type === 'refused' ? [event.message] : []));

  beforeEach(async () => {
    service = await SmallService.open();
    log = new Map(service.parties.people.map(({ id, keypair }) => [id, keypair[0]]));
    await service.openRun();
  });

  it('takes part if the log has the keys of all', async () => {
    const asked: number[] = [];
    const participants = service.parties.people.map((person) =>
      service.participant(person, {
        verifyKeys(keys) {
          asked.push(...keys.map(({ id }) => id));
          return confirms(keys);
        },
      }),
    );
    await service.play(participants, ended);
    const ids = service.parties.people.map(({ id }) => id);
    expect(asked).to.deep.equal([...ids, ...ids, ...ids, ...ids]);
    expect(participants.flatMap(refusals)).to.deep.equal([]);
  });

  it('gives nothing to a session with a key that the registrar has certified and the log does not have', async () => {
    const [first] = service.parties.people;
    log = new Map([...log].filter(([id]) => id !== first!.id));
    const [suspicious, ...others] = service.parties.people.map((person, i) =>
      service.participant(person, i === 0 ? { verifyKeys: confirms } : {}),
    );
    await service.play([suspicious!, ...others], ended);
    expect(refusals(suspicious!)[0]).to.contain('a key that verifyKeys does not confirm');
    expect(suspicious!.events.filter(({ type }) => type === 'sent')).to.deep.equal([]);
  });

  it('asks again if the log does not answer', async () => {
    let asked = 0;
    const participants = service.parties.people.map((person) =>
      service.participant(person, {
        verifyKeys: (keys) => (asked++ < 4 ? Promise.reject(new Error('no network')) : confirms(keys)),
      }),
    );
    for (let turn = 0; !(await ended()) && turn < 200; turn++) {
      for (const { agent } of participants) await agent.transition().catch(() => undefined);
      await service.pass(500);
    }
    expect(asked).to.equal(8);
    expect(participants.flatMap(refusals)).to.deep.equal([]);
  });

  it('is made with a function', () => {
    const [first] = service.parties.people;
    expect(() => service.participant(first!, { verifyKeys: true as never })).to.throw(TypeError, 'options.verifyKeys:');
  });
});
