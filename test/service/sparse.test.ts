// Tasks on a sparse graph: many participants in one session, each of whom gets the keys of its neighbors alone.
import { expect } from 'chai';
import type { AgentOptions } from '../../src/agent/agent.ts';
import type { FinishedRun } from '../../src/coordinator/outcome.ts';
import type { Group } from '../../src/service/group.ts';
import { readRoster } from '../../src/service/roster.ts';
import { verifyCertificate } from '../../src/service/run-certificate.ts';
import { SmallService, type Participant } from '../support/service-world/small-service.ts';
import { useLightEngine } from '../support/service-world/light-engine.ts';

const PEOPLE = 12;
const GRAPH = { neighbors: 8, shareThreshold: 6, security: 40 } as const;
const GROUP: Group = { threshold: 9, maxUsers: PEOPLE, adversary: 'semi-malicious', colluders: 0, cohorts: null, graph: GRAPH };

function open(group: Partial<Group> = {}): Promise<SmallService> {
  return SmallService.open({ users: PEOPLE, definition: { group: { ...GROUP, ...group }, minUsers: 9 } });
}

async function finished(service: SmallService, participants: readonly Participant[]): Promise<FinishedRun> {
  const key = { task: service.parties.task.id, run: 1 };
  await service.play(participants, async () => (await service.coordinator.outcome(key)) !== null);
  const outcome = await service.coordinator.outcome(key);
  if (outcome?.kind !== 'finished') throw new Error(outcome?.code);
  return outcome;
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
    const { included, result } = await finished(service, service.everybody());
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
      const { included, result } = await finished(service, others);
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
    await finished(service, participants);
    expect(shown.filter((count) => count === 1)).to.have.lengthOf(PEOPLE);
    expect(shown.filter((count) => count === GRAPH.neighbors + 1)).to.have.lengthOf(PEOPLE);
    expect(shown).to.have.lengthOf(2 * PEOPLE);
    expect(readRoster).to.be.a('function');
  });
});
