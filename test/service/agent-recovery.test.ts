// Agents that are put back, doubled, refused for the moment, or told to wait.
import { expect } from 'chai';
import type { Agent, StoredAgent } from '../../src/agent/index.ts';
import type { FinishedRun } from '../../src/coordinator/index.ts';
import type { RunKey } from '../../src/coordinator/run-record.ts';
import { StoreError } from '../../src/leaves/errors.ts';
import { MemorySessionHost } from '../../src/coordinator/session-host.ts';
import { signerWith } from '../../src/crypto/sign.ts';
import { decodeRequest } from '../../src/service/request.ts';
import { enrolmentBytes, readEnrolment } from '../../src/service/enrolment.ts';
import { encodeResponse, readResponse } from '../../src/service/response.ts';
import { DeviceStore } from '../support/service-world/device.ts';
import { useLightEngine } from '../support/service-world/light-engine.ts';
import { groupWithCohorts } from '../support/service-world/parties.ts';
import { SmallService, untilPending, type Participant } from '../support/service-world/small-service.ts';
import { rejected } from '../support/errors.ts';

async function inRound(service: SmallService, participants: readonly Participant[], round: number): Promise<void> {
  await service.play(participants, async () => {
    const [run] = await service.store.openRuns();
    return run !== undefined && (await service.store.session({ ...run, index: 0 }))?.round === round;
  });
}

async function toEnd(service: SmallService, participants: readonly Participant[]): Promise<void> {
  await service.play(participants, async () => (await service.store.openRuns()).length === 0);
}

function refusals({ events }: Participant): string[] {
  return events.flatMap((event) => (event.type === 'refused' ? [event.code] : []));
}

describe('an agent whose store is put back to an older state', () => {
  useLightEngine();

  // Each time the agent writes: selected, claimed, and after each round.
  for (const revision of [1, 2, 3, 4, 5]) {
    it(`after revision ${revision} is superseded, and sends no answer`, async () => {
      const service = await SmallService.open();
      const key = await service.openRun();
      const [person, ...others] = service.parties.people;
      let copied: DeviceStore['stored'] = null;
      const kept = new DeviceStore((_, after) => {
        if (after.revision === revision) copied = after;
      });
      const first = service.participant(person!, {}, kept);
      const participants = [first, ...others.map((other) => service.participant(other))];
      await service.play(participants, () => first.events.some((event) => event.type === 'sent' && event.round === 3));
      const store = new DeviceStore();
      store.stored = copied;
      const sent: string[] = [];
      const exchange = (request: Uint8Array): Promise<Uint8Array> => {
        sent.push(decodeRequest(request).kind);
        return service.coordinator.answer(request);
      };
      const again = service.participant(person!, { exchange }, store);
      await rejected('ERR_SECAGG_USAGE', untilPending(again.agent));
      expect(again.events.map(({ type }) => type)).to.deep.equal(['superseded']);
      expect(sent).not.to.include('answer');
      await rejected('ERR_SECAGG_USAGE', again.agent.transition());
      await toEnd(service, participants);
      expect(await service.coordinator.outcome(key)).to.include({ kind: 'finished' });
    });
  }
});

describe('two devices with one store', () => {
  useLightEngine();

  it('take their steps in turn, and neither believes that a backup was restored', async () => {
    const service = await SmallService.open();
    const key = await service.openRun();
    const participants = service.everybody();
    const [first] = participants;
    const twin = service.participant(first!.person, {}, first!.store);
    await toEnd(service, [...participants, twin]);
    const events = [...first!.events, ...twin.events].map(({ type }) => type);
    expect(events).not.to.include('superseded');
    const ids = service.parties.people.map(({ id }) => id);
    const sum = ids.reduce((total, id) => total + id, 0);
    const outcome = await service.coordinator.outcome(key);
    expect(outcome).to.deep.include({ kind: 'finished', included: ids, result: Int32Array.of(sum, ids.length, -sum) });
  });
});

describe('an agent whose answer is refused', () => {
  useLightEngine();

  it('because the store of the coordinator cannot be reached sends it again', async () => {
    const service = await SmallService.open();
    const key = await service.openRun();
    let isDown = true;
    const host = new (class extends MemorySessionHost {
      override async recv(name: string, id: number, message: Uint8Array): Promise<void> {
        if (isDown) throw new StoreError('ERR_SECAGG_STORE', 'the database cannot be reached');
        return super.recv(name, id, message);
      }
    })();
    service.coordinator = service.process({ host });
    await service.giveList(service.coordinator);
    const participants = service.everybody();
    await service.play(participants, () => participants.every(({ agent }) => agent.progress().phase === 'session'));
    for (const { agent } of participants) await untilPending(agent);
    isDown = false;
    await toEnd(service, participants);
    expect(await service.coordinator.outcome(key)).to.include({ kind: 'finished', attempt: 1 });
    expect(participants.flatMap((participant) => refusals(participant))).to.deep.equal([]);
  });

  it('because the attempt is over is out of it, and in the next one', async () => {
    const service = await SmallService.open();
    const key = await service.openRun();
    const participants = service.everybody();
    await inRound(service, participants, 1);
    await service.pass(70_000); // nobody answers, and the attempt is given up
    await toEnd(service, participants);
    for (const { events } of participants) {
      expect(events).to.deep.include({ type: 'attempt-failed', run: 1, attempt: 1, code: null });
    }
    expect(await service.coordinator.outcome(key)).to.include({ kind: 'finished', attempt: 2 });
  });
});

describe('an agent that is told when to come back', () => {
  for (const [from, to, least, most] of [
    [0, 0, 100, 100],
    [2 ** 52, 2 ** 53 - 1, 3_600_000, 3_600_000],
    [5000, 1, 5000, 5000],
    [1000, 2000, 1000, 2000],
  ] as const) {
    it(`from ${from} to ${to}: waits ${least} to ${most} ms`, async () => {
      const service = await SmallService.open();
      const { coordinator, people } = service.parties;
      const exchange = async (bytes: Uint8Array): Promise<Uint8Array> => {
        const { digest: request } = decodeRequest(bytes);
        const response = await readResponse(await service.coordinator.answer(bytes), { publicKey: coordinator[0], request });
        return encodeResponse({ ...response!, wait: { from, to } }, signerWith(coordinator[1]));
      };
      const { agent } = service.participant(people[0]!, { exchange });
      expect(await agent.transition())
        .to.have.property('wait')
        .within(least, most);
    });
  }
});

describe('an agent whose input was sent before', () => {
  useLightEngine();

  it('is not ready, so that the others do not wait for it in the session', async () => {
    const service = await SmallService.open();
    const inputs = { load: () => Promise.resolve({ id: 'always the same', data: [1, 2, 3] }) };
    await service.openRun();
    const participants = service.parties.people.map((person, i) => service.participant(person, i === 0 ? { inputs } : {}));
    await toEnd(service, participants);
    const second = await service.openRun();
    await service.play(participants, () => refusals(participants[0]!).length > 0);
    expect(refusals(participants[0]!)).to.deep.equal(['ERR_SECAGG_SPENT']);
    await toEnd(service, participants.slice(1));
    const outcome = await service.coordinator.outcome(second);
    expect(outcome).to.deep.include({ attempt: 1, included: service.parties.people.slice(1).map(({ id }) => id) });
  });
});

describe('an agent whose clock is slow', () => {
  useLightEngine();

  it('refuses an enrolment whose seed its source gives already: the server could have tried many', async () => {
    const group = groupWithCohorts(4);
    const service = await SmallService.open({ users: 4, people: 8, definition: { group } });
    await service.openRun();
    const clock = (): number => service.timeOfDay() - 240_000;
    const participants = service.parties.people.map((person) => service.participant(person, { clock }));
    await service.play(participants, async () => (await service.store.openRuns())[0]?.stage === 'draw');
    const [run] = await service.store.openRuns();
    const { seedAt, userIds } = readEnrolment((await service.store.enrolment(run!))!);
    const enrolment = enrolmentBytes({ seedAt: seedAt - 120, userIds });
    await service.store.replaceRun({ ...run!, revision: run!.revision + 1 }, { enrolment });
    const [first] = participants;
    await first!.agent.transition();
    expect(refusals(first!)).to.deep.equal(['ERR_SECAGG_FLOOR']);
    expect(first!.agent.progress()).to.include({ phase: 'leaving', participations: 0 });
  });
});

describe('nobody waits for a participant', () => {
  useLightEngine();

  async function expectQuick(
    service: SmallService,
    participants: readonly Participant[],
    inSum: readonly Participant[],
  ): Promise<void> {
    const [run] = await service.store.openRuns();
    await toEnd(service, participants);
    const closed = service.events.flatMap((event) => (event.type === 'round-closed' ? [event.milliseconds] : []));
    expect(Math.max(...closed)).to.be.below(1000 * service.parties.task.definition.windows.round.max);
    const outcome = await service.coordinator.outcome(run!);
    if (outcome?.kind !== 'finished') throw new Error(outcome?.code);
    const ids = inSum.map(({ person }) => person.id);
    expect(outcome.included).to.deep.equal(ids);
    const sum = ids.reduce((total, id) => total + id, 0);
    const numbers = Array.from(outcome.result as Int32Array | BigInt64Array, Number);
    expect(numbers).to.deep.equal([sum, ids.length, -sum]);
  }

  it('that refuses the draw which it is in: it leaves the run', async () => {
    const service = await SmallService.open({ users: 4, people: 8, definition: { group: groupWithCohorts(4) } });
    // By its clock the seed was known before it heard who is enrolled.
    const clock = (): number => service.timeOfDay() + 600_000;
    await service.openRun();
    const participants = service.parties.people.map((person, i) => service.participant(person, i === 0 ? { clock } : {}));
    await service.play(participants, () => refusals(participants[0]!).length > 0);
    expect(refusals(participants[0]!)).to.deep.equal(['ERR_SECAGG_FLOOR']);
    await expectQuick(service, participants, participants.slice(1));
    expect(participants[0]!.agent.progress()).to.include({ participations: 0 });
  });

  for (const [round, what] of [
    [0, 'before it has begun'],
    [1, 'after round 0'],
    [3, 'after round 2, and its input is in the sum'],
  ] as const)
    it(`that leaves ${what}`, async () => {
      const service = await SmallService.open();
      await service.openRun();
      const participants = service.everybody();
      await inRound(service, participants, round);
      await participants[0]!.agent.leave();
      await expectQuick(service, participants, participants.slice(round < 2 ? 1 : 0));
    });

  it('that has left, and is too many to lose: the attempt is given up at once', async () => {
    const service = await SmallService.open();
    const key = await service.openRun();
    const participants = service.everybody();
    await inRound(service, participants, 1);
    const before = service.now;
    for (const { agent } of participants.slice(0, 2)) await agent.leave();
    await service.play(participants.slice(2), async () => (await service.store.run(key))?.stage !== 'session');
    expect(service.now - before).to.be.below(5000);
  });
});

describe('a participant that does not take part in an attempt', () => {
  useLightEngine();

  /** The outcome of the run, whose sum must be that of these participants. */
  async function expectSum(service: SmallService, run: RunKey, of: readonly Participant[]): Promise<FinishedRun> {
    const outcome = await service.coordinator.outcome(run);
    if (outcome?.kind !== 'finished') throw new Error(outcome?.code);
    const ids = of.map(({ person }) => person.id);
    expect(outcome.included).to.deep.equal(ids);
    const sum = ids.reduce((total, id) => total + id, 0);
    expect(Array.from(outcome.result as Int32Array, Number)).to.deep.equal([sum, ids.length, -sum]);
    return outcome;
  }

  it('because of what passes is in the next one: a refusal costs an attempt, and not the run', async () => {
    const service = await SmallService.open();
    const run = await service.openRun();
    const participants = service.parties.people.map((person, i) => {
      let asked = 0;
      const verifyKeys = (): Promise<boolean> => Promise.resolve(i > 1 || asked++ > 0);
      return service.participant(person, { verifyKeys });
    });
    await toEnd(service, participants);
    const { attempt } = await expectSum(service, run, participants);
    expect(attempt).to.equal(2);
    expect(participants.map((each) => refusals(each).length)).to.deep.equal([1, 1, 0, 0]);
  });

  it('says so until the coordinator has heard it', async () => {
    const service = await SmallService.open();
    const run = await service.openRun();
    let lost = 0;
    const participants = service.parties.people.map((person, i) =>
      service.participant(person, {
        verifyKeys: () => Promise.resolve(i > 0),
        exchange: (request) => {
          const isLost = decodeRequest(request).kind === 'leave' && lost++ < 3;
          return isLost ? Promise.reject(new Error('the network is down')) : service.coordinator.answer(request);
        },
      }),
    );
    const [first, ...others] = participants as [Participant, ...Participant[]];
    const trying = {
      agent: { transition: () => first.agent.transition().catch(() => ({ status: 'pending', wait: 1 })) } as unknown as Agent,
    };
    await service.play([trying, ...others], async () => (await service.store.openRuns()).length === 0);
    expect(lost).to.equal(4);
    await expectSum(service, run, others);
  });

  it('because it has left says so in the next step, if the coordinator could not be reached', async () => {
    const service = await SmallService.open();
    const run = await service.openRun();
    let isDown = false;
    const participants = service.parties.people.map((person) =>
      service.participant(person, {
        exchange: (request) => (isDown ? Promise.reject(new Error('down')) : service.coordinator.answer(request)),
      }),
    );
    await inRound(service, participants, 1);
    const [first, ...others] = participants as [Participant, ...Participant[]];
    isDown = true;
    expect(await first.agent.leave().catch((error: unknown) => error)).to.be.instanceOf(Error);
    expect(first.agent.progress()).to.include({ phase: 'leaving' });
    isDown = false;
    await toEnd(service, participants);
    expect(first.agent.progress()).to.include({ phase: 'idle' });
    await expectSum(service, run, others);
  });

  it('is none whose second opinion on the keys, or whose store, fails for a while', async () => {
    const service = await SmallService.open();
    const run = await service.openRun();
    const failure = (): StoreError => new StoreError('ERR_SECAGG_STORE', 'down for a moment');
    let failed = 0;
    class Shaky extends DeviceStore {
      override async replace(state: StoredAgent): Promise<boolean> {
        if (state.revision % 2 === 0 && failed++ < 4) throw failure();
        return super.replace(state);
      }
    }
    const participants = service.parties.people.map((person, i) => {
      let asked = 0;
      const verifyKeys = (): Promise<boolean> => (asked++ > 0 ? Promise.resolve(true) : Promise.reject(failure()));
      return service.participant(person, { verifyKeys }, i === 0 ? new Shaky() : new DeviceStore());
    });
    const patient = participants.map(({ agent }) => ({
      agent: { transition: () => agent.transition().catch(() => ({ status: 'pending', wait: 1 })) } as unknown as Agent,
    }));
    await service.play(patient, async () => (await service.store.openRuns()).length === 0);
    expect(failed).to.be.above(1);
    const { attempt } = await expectSum(service, run, participants);
    expect(attempt).to.equal(1);
    expect(participants.flatMap(refusals)).to.deep.equal([]);
  });
});

describe('a participant of two data sources', () => {
  useLightEngine();

  it('has a store for each: an agent for another source goes on with none of them, so that no input is sent for both', async () => {
    const service = await SmallService.open();
    await service.openRun({ source: 'steps' });
    const [person] = service.parties.people;
    const store = new DeviceStore();
    await untilPending(service.participant(person!, { source: 'steps' }, store).agent);
    expect(store.stored).not.to.equal(null);
    await rejected('ERR_SECAGG_STATE', service.participant(person!, { source: 'sleep' }, store).agent.transition());
  });
});

describe('a recorded request to be ready', () => {
  it('makes no ghost in the next attempt', async () => {
    const service = await SmallService.open({ users: 6 });
    const key = await service.openRun();
    const [gone, ...others] = service.parties.people;
    let ready: Uint8Array | null = null;
    const target = service.participant(gone!, {
      exchange: (request) => {
        if (decodeRequest(request).kind === 'ready') ready = request;
        return service.coordinator.answer(request);
      },
    });
    const participants = others.map((person) => service.participant(person));
    const isReady = async (): Promise<boolean> => (await service.store.participant(key, gone!.id))?.status === 'ready';
    await service.play([target, ...participants], isReady);
    await service.play(participants, async () => (await service.store.run(key))?.stage === 'session');
    await service.pass(61_000);
    expect(await service.store.run(key)).to.include({ stage: 'training' });
    await service.coordinator.answer(ready!);
    expect((await service.store.counts(key)).ready).to.equal(0);
  });
});
