// Tasks with cohorts: who is in which session follows from a seed that the coordinator has no say in.
import { expect } from 'chai';
import type { FinishedRun } from '../../src/coordinator/outcome.ts';
import {
  cohortSessions,
  drawCohorts,
  enrollable,
  enrolmentBytes,
  lnExposed,
  readEnrolment,
} from '../../src/service/enrolment.ts';
import { readRoster } from '../../src/service/roster.ts';
import { verifyCertificate } from '../../src/service/run-certificate.ts';
import { registrarSeeds, type SeedSource } from '../../src/service/seeds.ts';
import type { Group } from '../../src/service/group.ts';
import type { Task, TaskDefinition } from '../../src/service/task.ts';
import { useLightEngine } from '../support/service-world/light-engine.ts';
import { SmallService, untilPending } from '../support/service-world/small-service.ts';
import { floorsFor } from '../support/service-world/parties.ts';

const GROUP: Group = {
  ...{ threshold: 3, maxUsers: 4, adversary: 'malicious', colluders: 1 },
  cohorts: { least: 2, most: 3, seed: { min: 10, max: 60, grace: 30 } },
  graph: null,
};

function open(people: number, definition: Partial<TaskDefinition> = {}): Promise<SmallService> {
  return SmallService.open({ users: 4, people, definition: { group: GROUP, minUsers: 3, ...definition } });
}

/** The floors of a participant that assumes that this part of those who are enrolled is corrupt. */
function cautious(service: SmallService, corrupt: number, security: number): { readonly floors: ReturnType<typeof floorsFor> } {
  const floors = floorsFor(service.parties);
  return {
    floors: {
      ...floors,
      adversary: { ...floors.adversary, minColludingFraction: corrupt, security },
    },
  };
}

/** Who is in which session of the present attempt. */
async function sessionsOf(service: SmallService): Promise<{ readonly members: readonly number[] }[]> {
  const run = await service.store.run({ task: service.parties.task.id, run: 1 });
  const keys = [0, 1, 2].map((index) => ({ ...run!, index, attempt: run!.attempt!.number }));
  const rosters = await Promise.all(keys.map((key) => service.store.roster(key)));
  return rosters
    .filter((roster) => roster !== null)
    .map((roster) => ({ members: readRoster(roster).certificates.map(({ id }) => id) }));
}

/** The sum that {@link SmallService.participant} gives for these users in run 1. */
function sumOver(ids: readonly number[]): BigInt64Array {
  const sum = ids.reduce((total, id) => total + id, 0);
  return BigInt64Array.from([sum, ids.length, -sum].map(BigInt));
}

describe('a run with cohorts', () => {
  it('gives the exact total, and a certificate for each cohort that names its draw', async () => {
    const service = await open(7);
    const key = await service.openRun();
    const participants = service.everybody();
    const { included, result, receipt } = await service.finish(participants);
    expect(included).to.deep.equal(service.parties.people.map(({ id }) => id));
    expect(result).to.deep.equal(sumOver(included));
    expect(receipt).to.equal(null);
    const sessions = await sessionsOf(service);
    expect(sessions.map(({ members }) => members.length)).to.deep.equal([4, 3]);
    const { registrar, publisher, task } = service.parties;
    const terms = { registrar: registrar.authority, publisher: publisher.publicKey };
    const certificates = await service.coordinator.certificates(key);
    const verified = await Promise.all(certificates.map((certificate) => verifyCertificate(certificate, terms)));
    expect(verified.map((each) => each.included)).to.deep.equal(sessions.map(({ members }) => members));
    // Anybody can draw the cohorts again from the list and the registrar's seed.
    const enrolment = readEnrolment((await service.store.enrolment(key))!);
    const seeds = registrarSeeds({ authority: registrar.authority, fetch: (time) => registrar.seed(time) });
    const seed = (await seeds(enrolment.seedAt, {}))!;
    const cohorts = drawCohorts(task, enrolment, seed);
    for (const [index, each] of verified.entries()) {
      expect(each.draw).to.deep.equal({ enrolment: cohorts.enrolmentDigest, seed, index });
      expect(each.certificates.map(({ id }) => id)).to.deep.equal(cohorts.cohort(index, { session: '' }).userIds);
    }
    const events = participants[0]!.events.filter(({ type }) => type === 'awaiting-draw' || type === 'enrolled');
    expect(events.map((event) => ({ ...event, seedAt: 0, users: 0 }))).to.deep.equal([
      { type: 'awaiting-draw', run: 1, attempt: 1, enrolled: 7, seedAt: 0, users: 0 },
      { type: 'enrolled', run: 1, attempt: 1, users: 0, seedAt: 0 },
    ]);
  });
});

describe('a run with cohorts, whose cryptography is light,', () => {
  useLightEngine();

  it('leaves out a cohort that fails, and gives the total of the others', async () => {
    const service = await open(8);
    await service.openRun();
    const participants = service.everybody();
    await service.play(participants, async () => (await service.store.openRuns())[0]?.stage === 'session');
    const [first, second] = await sessionsOf(service);
    const gone = new Set(first!.members.slice(0, 2));
    const staying = participants.filter(({ person }) => !gone.has(person.id));
    const { included, result } = await service.finish(staying);
    expect(included).to.deep.equal(second!.members);
    expect(result).to.deep.equal(sumOver(included));
    expect(await service.coordinator.certificates({ task: service.parties.task.id, run: 1 })).to.have.lengthOf(1);
  });

  it('draws again if all cohorts fail before anybody has sent an input', async () => {
    const service = await open(8);
    await service.openRun();
    const participants = service.everybody();
    await service.play(participants, async () => (await service.store.openRuns())[0]?.stage === 'session');
    const [first, second] = await sessionsOf(service);
    const gone = new Set([...first!.members.slice(0, 2), ...second!.members.slice(0, 2)]);
    const staying = participants.filter(({ person }) => !gone.has(person.id));
    const isAgain = async (): Promise<boolean> => (await service.store.openRuns())[0]?.attempt?.number === 2;
    await service.play(staying, async () => (await service.store.openRuns())[0]?.stage === 'training');
    await service.play(participants, isAgain);
    const { included, result, attempt } = await service.finish(participants);
    expect(attempt).to.equal(2);
    expect(result).to.deep.equal(sumOver(included));
    expect(included.length).to.be.greaterThan(5);
  });

  it('has noise in each cohort, and a receipt that counts the draw; a task that would not count it is refused', async () => {
    // So little noise that it does not show.
    const privacy = { threshold: 3, colluders: 1, noiseMultiplier: 2 ** -10, length: 3, l2Clip: 1000, type: 'float64' } as const;
    const uncounted: unknown = await open(6, { aggregate: { kind: 'privateSum', ...privacy } }).catch((error: unknown) => error);
    expect(uncounted).to.be.instanceOf(RangeError).with.property('message').that.contains('task.aggregate.security');
    const service = await open(7, { aggregate: { kind: 'privateSum', ...privacy, security: 40 } });
    await service.openRun();
    const { included, result, receipt } = await service.finish(service.everybody());
    expect(included).to.have.lengthOf(7);
    const sum = included.reduce((total, id) => total + id, 0);
    for (const [i, component] of [sum, 7, -sum].entries()) {
      expect((result as { readonly sum: Float64Array }).sum[i]).to.be.closeTo(component, 20);
    }
    expect(receipt?.sessions.map(({ users }) => users)).to.deep.equal([4, 3]);
    expect(receipt?.chance).to.equal(2 ** -40);
  });

  it('goes on after a restart of every participant while it waits for the seed', async () => {
    const service = await open(8);
    await service.openRun();
    const participants = service.everybody();
    const isWaiting = async (): Promise<boolean> => (await service.store.openRuns())[0]?.stage === 'draw';
    await service.play(participants, isWaiting);
    for (const { agent } of participants) await agent.transition();
    const again = participants.map(({ person, store }) => service.participant(person, {}, store));
    const { included, result } = await service.finish(again);
    expect(included).to.have.lengthOf(8);
    expect(result).to.deep.equal(sumOver(included));
  });

  it('names a seed that is known only after all have come back who wait, so that nobody hears too late who is enrolled', async () => {
    const stage = { min: 300, max: 3600, grace: 0 };
    const service = await open(8, {
      group: { ...GROUP, cohorts: { least: 2, most: 3, seed: { min: 10, max: 300, grace: 0 } } },
      windows: { checkIn: stage, training: stage, round: { min: 0, max: 600, grace: 0, enough: 100 } },
    });
    const key = await service.openRun();
    // They wait as they are told: half a minute and more, as training lasts for some minutes at least.
    const due = new Map(service.everybody().map((participant) => [participant, 0]));
    while ((await service.coordinator.outcome(key)) === null) {
      for (const [participant, at] of due) {
        if (at > service.now) continue;
        const { wait } = await untilPending(participant.agent);
        due.set(participant, service.now + wait);
      }
      await service.pass(1000);
    }
    expect([...due.keys()].flatMap(({ events }) => events.filter(({ type }) => type === 'refused'))).to.deep.equal([]);
    expect(await service.coordinator.outcome(key)).to.deep.include({ kind: 'finished', attempt: 1 });
    const { included } = (await service.coordinator.outcome(key)) as FinishedRun;
    expect(included).to.deep.equal(service.parties.people.map(({ id }) => id));
  });

  it('gives the attempt up if the seed never comes', async () => {
    const service = await open(6, { attempts: 1 });
    const never: SeedSource = () => Promise.resolve(null);
    service.coordinator = service.process({ seeds: never });
    await service.giveList(service.coordinator);
    const key = await service.openRun();
    expect(await service.end(key)).to.deep.equal({ kind: 'failed', run: 1, attempt: 1, code: 'ERR_SECAGG_SEED' });
  });
});

describe('a participant of a draw refuses', () => {
  useLightEngine();

  /** What the coordinator says instead, to everybody, from the stage on in which cohorts are drawn. */
  async function refusals(
    lie: (service: SmallService) => Promise<void> | void,
    options: (service: SmallService) => Partial<Parameters<SmallService['participant']>[1]> = () => ({}),
  ): Promise<string[]> {
    const service = await open(8);
    await service.openRun();
    const participants = service.parties.people.map((person) => service.participant(person, options(service)));
    await service.play(participants, async () => (await service.store.openRuns())[0]?.stage === 'draw');
    await lie(service);
    for (let turn = 0; turn < 3; turn++) {
      for (const { agent } of participants) await agent.transition().catch(() => undefined);
      await service.pass(1000);
    }
    const sent = participants.flatMap(({ events }) => events.filter((event) => event.type === 'sent' && event.round === 2));
    expect(sent, 'nobody gives anything').to.have.lengthOf(0);
    return participants.flatMap(({ events }) => events.flatMap((event) => (event.type === 'refused' ? [event.message] : [])));
  }

  async function replaceEnrolment(service: SmallService, change: (seedAt: number, ids: number[]) => Uint8Array): Promise<void> {
    const [run] = await service.store.openRuns();
    const { seedAt, userIds } = readEnrolment((await service.store.enrolment(run!))!);
    const enrolment = change(seedAt, [...userIds]);
    await service.store.replaceRun({ ...run!, revision: run!.revision + 1 }, { enrolment });
  }

  it('a list that comes when the seed is known: the server could have tried many', async () => {
    const said = await refusals((service) =>
      replaceEnrolment(service, (seedAt, userIds) => enrolmentBytes({ seedAt: seedAt - 3600, userIds })),
    );
    expect(said[0]).to.contain('an enrolment that came after the time of its seed');
  });

  it('a cohort that the server has chosen', async () => {
    const service = await open(8);
    await service.openRun();
    const participants = service.everybody();
    await service.play(participants, async () => (await service.store.openRuns())[0]?.stage === 'draw');
    for (const { agent } of participants) await agent.transition();
    // The server draws with a seed of its own.
    const own: SeedSource = (time) => Promise.resolve(time > 0 ? new Uint8Array(32).fill(9) : null);
    service.coordinator = service.process({ seeds: own });
    await service.giveList(service.coordinator);
    for (let turn = 0; turn < 40; turn++) {
      for (const { agent } of participants) await agent.transition();
      await service.pass(1000);
    }
    const messages = participants.map(({ events }) => events.find(({ type }) => type === 'refused'));
    // Once so many have left that none of its sessions can end with a sum, the attempt is over for the others too.
    expect(messages.filter((event) => event !== undefined)).to.have.lengthOf.above(2);
    expect(participants.flatMap(({ events }) => events.filter(({ type }) => type === 'enrolled'))).to.have.lengthOf(0);
    for (const event of messages) {
      if (event?.type === 'refused') expect(event.message).to.contain('another cohort than the draw has given');
    }
  });

  it('a session without a draw', async () => {
    const service = await open(8);
    await service.openRun();
    const participants = service.everybody();
    await service.play(participants, async () => (await service.store.openRuns())[0]?.stage === 'draw');
    // Nobody has the list yet, and the server goes on at once.
    const past: SeedSource = () => Promise.resolve(new Uint8Array(32));
    service.coordinator = service.process({ seeds: past });
    await service.giveList(service.coordinator);
    await service.pass(20_000); // the time of the seed
    for (const { agent } of participants) await agent.transition();
    const said = participants.flatMap(({ events }) =>
      events.flatMap((event) => (event.type === 'refused' ? [event.message] : [])),
    );
    expect(said[0]).to.contain('a cohort without an enrolment before its seed');
  });

  it('numbers that cannot be divided into cohorts', async () => {
    const said = await refusals((service) =>
      replaceEnrolment(service, (seedAt, userIds) => enrolmentBytes({ seedAt, userIds: userIds.slice(0, 5) })),
    );
    expect(said[0]).to.contain('a draw of 5 participants');
  });

  it('a draw that exposes a cohort too often, with every attempt of every participation counted', async () => {
    // 2 of 8 are corrupt, and a cohort that withstands one has both with a chance of 3/7.
    const said = await refusals(
      () => undefined,
      (service) => cautious(service, 0.25, 1),
    );
    expect(said[0]).to.match(/cohorts of which one is exposed with a chance of 2\^−-/);
  });

  it('a task with cohorts, unless its floors have a bound for them', async () => {
    const service = await open(6);
    const floors = floorsFor(service.parties);
    const none = { ...floors, adversary: { ...floors.adversary, security: null } };
    expect(() => service.participant(service.parties.people[0]!, { floors: none })).to.throw(
      "below the participant's floors: cohorts",
    );
  });
});

describe('an enrolment', () => {
  let task: Task;
  before(async () => ({ task } = (await open(6)).parties));
  const sizes = (enrolled: number): unknown => cohortSessions(task, enrolled)?.map(({ count, users }) => [count, users]) ?? null;

  it('is divided into as few cohorts as hold it, the larger ones first', () => {
    expect([5, 6, 7, 8, 9, 10, 11, 12, 13].map(sizes)).to.deep.equal([
      null,
      [[2, 3]],
      [[1, 4], [1, 3]],
      [[2, 4]],
      [[3, 3]],
      [[1, 4], [2, 3]],
      [[2, 4], [1, 3]],
      [[3, 4]],
      null,
    ]); // prettier-ignore
  });

  it('exposes a cohort with the chance that more are in it than it withstands', () => {
    const exposed = (corrupt: number): number => Math.exp(lnExposed(cohortSessions(task, 8)!, 8, corrupt, 1));
    expect(exposed(1)).to.equal(0);
    expect(exposed(2)).to.be.closeTo(3 / 7, 1e-12); // both in the cohort of the first: 3 of the 7 other places
    expect(exposed(3)).to.be.closeTo(1, 1e-12); // two of three are always in one of two cohorts
  });

  it('takes as many participants as can be divided', () => {
    expect([5, 6, 11, 12, 20].map((ready) => enrollable(task, ready))).to.deep.equal([0, 6, 11, 12, 12]);
  });

  it('is refused if it is cut short, goes on, or names somebody twice', () => {
    const bytes = enrolmentBytes({ seedAt: 77, userIds: [1, 5, 2 ** 40] });
    expect(readEnrolment(bytes)).to.deep.equal({ seedAt: 77, userIds: [1, 5, 2 ** 40] });
    expect(() => readEnrolment(bytes.subarray(1))).to.throw('enrolment');
    expect(() => readEnrolment(Uint8Array.of(...bytes, 0))).to.throw('enrolment');
    expect(() => readEnrolment(enrolmentBytes({ seedAt: 77, userIds: [5, 5] }))).to.throw('ascending');
  });
});

describe('seeds of the registrar', () => {
  it('are the same for everybody, and are there from their time on', async () => {
    const service = await open(6);
    const { registrar } = service.parties;
    const seeds = registrarSeeds({ authority: registrar.authority, fetch: (time) => registrar.seed(time) });
    const now = Math.floor(service.timeOfDay() / 1000);
    expect(await seeds(now + 1, {})).to.equal(null);
    expect(await seeds(now, {})).to.deep.equal(await seeds(now, {}));
    expect(await seeds(now - 1, {})).not.to.deep.equal(await seeds(now, {}));
  });

  it('are refused with another time, another registrar, or a changed bit', async () => {
    const service = await open(6);
    const other = (await open(6)).parties.registrar;
    const { registrar } = service.parties;
    const now = Math.floor(service.timeOfDay() / 1000);
    const from = (fetch: Parameters<typeof registrarSeeds>[0]['fetch']): SeedSource =>
      registrarSeeds({ authority: registrar.authority, fetch });
    const flipped = (await registrar.seed(now))!;
    flipped[100]! ^= 1;
    for (const fetch of [() => registrar.seed(now - 1), () => other.seed(now), () => Promise.resolve(flipped)]) {
      const error: unknown = await from(fetch)(now, {}).catch((reason: unknown) => reason);
      expect(error).to.have.property('code', 'ERR_SECAGG_SEED');
    }
    const short: unknown = await from(() => Promise.resolve(new Uint8Array(3)))(now, {}).catch((reason: unknown) => reason);
    expect(short).to.have.property('code', 'ERR_SECAGG_DECODE');
  });
});
