// Tasks on a sparse graph: many participants in one session, each of whom gets the keys of its neighbors alone.
import { expect } from 'chai';
import type { AgentOptions } from '../../src/agent/options.ts';
import { opened } from '../../src/agent/agent-state.ts';
import type { AgentEvent } from '../../src/agent/events.ts';
import { Connection, type Answer } from '../../src/agent/connection.ts';
import type { FinishedRun } from '../../src/coordinator/outcome.ts';
import type { Group } from '../../src/service/group.ts';
import { wantedBytes } from '../../src/service/roster.ts';
import { verifyCertificate } from '../../src/service/run-certificate.ts';
import { userDocument } from '../../src/user/json.ts';
import { DeviceStore } from '../support/service-world/device.ts';
import { floorsFor } from '../support/service-world/parties.ts';
import { STORE_KEY } from '../support/service-world/watch.ts';
import { SmallService, type Participant } from '../support/service-world/small-service.ts';
import { useLightEngine } from '../support/service-world/light-engine.ts';

const PEOPLE = 12;
const GRAPH = { neighbors: 8, shareThreshold: 6, security: 40 } as const;
const GROUP: Group = { threshold: 9, maxUsers: PEOPLE, adversary: 'semi-malicious', colluders: 0, cohorts: null, graph: GRAPH };

function open(group: Partial<Group> = {}): Promise<SmallService> {
  return SmallService.open({ users: PEOPLE, definition: { group: { ...GROUP, ...group }, minUsers: 9 } });
}

/** The sum that {@link SmallService.participant} gives for these users in run 1. */
function sumOver(ids: readonly number[]): Int32Array {
  return Int32Array.of(
    ids.reduce((total, id) => total + id, 0),
    ids.length,
    -ids.reduce((total, id) => total + id, 0),
  );
}

describe('a run on a sparse graph', () => {
  it('gives the exact sum, and a certificate that an auditor verifies', async () => {
    const service = await open();
    const key = await service.openRun();
    const { included, result } = await service.finish(service.everybody());
    expect(included).to.deep.equal(service.parties.people.map(({ id }) => id));
    expect(result).to.deep.equal(sumOver(included));
    const { registrar, publisher } = service.parties;
    const terms = { registrar: registrar.authority, publisher: publisher.publicKey };
    const certificates = await service.coordinator.certificates(key);
    const verified = await Promise.all(certificates.map((certificate) => verifyCertificate(certificate, terms)));
    expect(verified.map((each) => [each.included, each.vouching])).to.deep.equal([[included, included]]);
  });
});

describe('a run on a sparse graph, whose cryptography is light,', () => {
  useLightEngine();

  for (const round of [0, 1, 2, 3, 4]) {
    it(`gives the exact sum without two participants that fall silent in round ${round}`, async () => {
      const service = await open();
      await service.openRun();
      const [one, two, ...others] = service.everybody();
      const silent = [one!, two!];
      const hasSent = ({ events }: Participant): boolean =>
        events.some((each) => each.type === 'sent' && each.round === round - 1);
      const isInSession = async (): Promise<boolean> => (await service.store.openRuns())[0]?.stage === 'session';
      await service.play([...silent, ...others], round === 0 ? isInSession : () => silent.every(hasSent));
      const { included, result } = await service.finish(others);
      const rest = service.parties.people.map(({ id }) => id).slice(round < 3 ? 2 : 0);
      expect(included).to.deep.equal(rest);
      expect(result).to.deep.equal(sumOver(rest));
    });
  }

  it('shows each participant the certificates of its neighbors and its own, whatever the others are', async () => {
    const service = await open();
    await service.openRun();
    const shown: number[] = [];
    const verifyKeys: AgentOptions['verifyKeys'] = (keys) => Promise.resolve(shown.push(keys.length) > 0);
    const participants = service.parties.people.map((person) => service.participant(person, { verifyKeys }));
    await service.finish(participants);
    expect(shown.filter((count) => count === 1)).to.have.lengthOf(PEOPLE);
    expect(shown.filter((count) => count === GRAPH.neighbors + 1)).to.have.lengthOf(PEOPLE);
    expect(shown).to.have.lengthOf(2 * PEOPLE);
  });

  it('goes on although each participant begins anew from its store after every step', async () => {
    const service = await open();
    const key = await service.openRun();
    const stores = service.parties.people.map(() => new DeviceStore());
    for (let turn = 0; (await service.store.openRuns()).length > 0; turn++) {
      if (turn === 400) throw new Error('the service does not get there');
      for (const [i, person] of service.parties.people.entries()) {
        await service.participant(person, {}, stores[i]).agent.transition();
      }
      await service.pass(1000);
    }
    const { included, result } = (await service.coordinator.outcome(key)) as FinishedRun;
    expect(included).to.deep.equal(service.parties.people.map(({ id }) => id));
    expect(result).to.deep.equal(sumOver(included));
  });

  it('has the security of the participant, and not the one of the task', async () => {
    const service = await open();
    await service.openRun();
    const floors = floorsFor(service.parties);
    const strict = { ...floors, adversary: { ...floors.adversary, security: 60 } };
    const participants = service.parties.people.map((person) => service.participant(person, { floors: strict }));
    const [first] = participants;
    await service.play(participants, () => first!.agent.progress().phase === 'session');
    const { work, history } = opened(first!.store.stored!, {
      ...{ key: STORE_KEY, task: service.parties.task.digest, id: first!.person.id, source: '' },
    });
    if (work.phase !== 'session') throw new Error(work.phase);
    const { context } = userDocument.parse(work.user);
    // Three attempts of 1000 participations.
    expect(context.policy.security).to.equal(Math.ceil(60 + Math.log2(3000)));
    expect([context.publicKeys, history.draws]).to.deep.equal([null, 1]);
  });

  it('takes noise that is made for its graph, and charges it with the chance that the graph is bad', async () => {
    const { security, ...graph } = GRAPH;
    const noise = { threshold: 9, colluders: 0, adversary: 'semi-malicious', graph, security, noiseMultiplier: 1 } as const;
    const aggregate = { kind: 'privateSum', length: 1, l2Clip: 1, ...noise } as const;
    const definition = { group: GROUP, minUsers: 9, aggregate, attempts: 1 } as const;
    const service = await SmallService.open({ users: PEOPLE, definition });
    await service.openRun();
    const floors = floorsFor(service.parties);
    const own = {
      floors: {
        ...floors,
        adversary: { ...floors.adversary, security },
        privacy: { epsilon: 20, delta: 1e-5, adjacency: 'zero-out' },
      },
      inputs: { load: () => Promise.resolve({ id: 'one', data: [0.5] }) },
    } as const;
    const participants = service.parties.people.map((person) => service.participant(person, own));
    const { result, receipt } = await service.finish(participants);
    // The standard deviation is that of nine users' noise, 1, and the noise of three more.
    expect((result as { readonly sum: ArrayLike<number> }).sum[0]).to.be.closeTo(PEOPLE / 2, 12);
    expect(receipt?.chance).to.equal(2 ** -security);
  });

  it('has no participant that was in as many draws as its floors have attempts: it does not check in any more', async () => {
    const service = await open();
    const floors = floorsFor(service.parties);
    const once = { ...floors, repetition: { minInterval: 0, maxParticipations: 1 } };
    const participants = service.parties.people.map((person, i) => service.participant(person, i === 0 ? { floors: once } : {}));
    const [first, second] = participants;
    const isIn = (participant: Participant, run: number, type: AgentEvent['type']): boolean =>
      participant.events.some((event) => 'run' in event && event.run === run && event.type === type);
    for (let run = 1; run <= 3; run++) {
      const key = await service.openRun();
      await service.play(participants, () => isIn(first!, run, 'enrolled'));
      await service.coordinator.abort(key);
      await service.play(participants, () => participants.every(({ agent }) => agent.progress().phase === 'idle'));
    }
    const key = await service.openRun();
    const isThere = async (): Promise<boolean> => (await service.store.participant(key, second!.person.id)) !== null;
    await service.play(participants, isThere);
    expect(await service.store.participant(key, first!.person.id)).to.equal(null);
    expect(first!.events.at(-1)).to.deep.equal({
      type: 'refused',
      run: null,
      code: 'ERR_SECAGG_FLOOR',
      message: "below the participant's floors: more than 3 draws",
    });
  });

  it('refuses certificates of strangers, of more than the neighbors, or of a task without a graph', async () => {
    const service = await open();
    await service.openRun();
    const [first, ...others] = service.everybody();
    await service.play([first!, ...others], () => first!.agent.progress().phase === 'session');
    const ids = service.parties.people.map(({ id }) => id);
    const ask = (body: Uint8Array): Promise<Answer> => asking(service, first!, body);
    expect((await ask(wantedBytes(ids.slice(0, 9)))).kind).to.equal('roster');
    expect((await ask(wantedBytes([1]))).code).to.equal('ERR_SECAGG_RUN');
    for (const body of [wantedBytes(ids.slice(0, 10)), wantedBytes([ids[1]!, ids[0]!]), new Uint8Array(7), new Uint8Array()]) {
      expect((await ask(body)).code).to.equal('ERR_SECAGG_DECODE');
    }
  });
});

/** Asks for certificates as the agent of a participant would. */
async function asking(service: SmallService, { person }: Participant, body: Uint8Array): Promise<Answer> {
  let sequence = 2 ** 40;
  const connection = new Connection({
    exchange: (request) => service.coordinator.answer(request),
    coordinator: service.parties.coordinator[0],
    task: service.parties.task.digest,
    keypair: person.keypair,
    certificate: () => Promise.resolve(person.certificate),
    nextSequence: () => Promise.resolve(sequence++),
    onEcho: () => Promise.resolve(),
  });
  return connection.ask({ kind: 'certificates', place: { run: 1, attempt: 1, round: 1 }, body }, 2 ** 20);
}
