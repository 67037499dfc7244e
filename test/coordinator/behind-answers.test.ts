// Work that takes long: nobody who answers waits for it, and nothing is lost if it fails or its process ends.
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { DueRuns } from '../../src/coordinator/due-runs.ts';
import type { RunKey, RunRecord } from '../../src/coordinator/run-record.ts';
import { UsageError } from '../../src/leaves/errors.ts';
import type { CoordinatorStore } from '../../src/coordinator/store.ts';
import { decodeRequest } from '../../src/service/request.ts';
import { readResponse, type ResponseKind } from '../../src/service/response.ts';
import { instead } from '../support/instead.ts';
import { workDone } from '../support/service.ts';
import { useLightEngine } from '../support/service-world/light-engine.ts';
import { groupWithCohorts } from '../support/service-world/parties.ts';
import { SmallService, untilPending, type Participant } from '../support/service-world/small-service.ts';

interface Scene {
  readonly service: SmallService;
  readonly run: RunKey;
  readonly participants: readonly Participant[];
  /** What participants were told. */
  readonly told: { readonly id: number; readonly asked: string; readonly kind: ResponseKind }[];
  /** How often the process has begun to close a round. */
  readonly closings: () => number;
  /** Lets the process close rounds. */
  readonly release: () => void;
}

/** A session in round 2, at a process that takes as long to close it as the test says. */
async function sceneInRoundTwo(): Promise<Scene> {
  const service = await SmallService.open();
  const told: Scene['told'] = [];
  const run = await service.openRun();
  const participants = service.parties.people.map((person) =>
    service.participant(person, {
      exchange: async (bytes) => {
        const { kind: asked, digest: request } = decodeRequest(bytes);
        const answer = await service.coordinator.answer(bytes);
        const response = await readResponse(answer, { publicKey: service.parties.coordinator[0], request });
        told.push({ id: person.id, asked, kind: response!.kind });
        return answer;
      },
    }),
  );
  await service.play(participants, async () => (await service.store.session({ ...run, index: 0 }))?.round === 2);
  let closings = 0;
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const host = instead(service.host, {
    async close(name: string, round: number) {
      closings++;
      await released;
      await service.host.close(name, round);
    },
  });
  service.coordinator = service.process({ host });
  await service.giveList(service.coordinator);
  return { service, run, participants, told, closings: () => closings, release };
}

describe('the work that follows from an answer', () => {
  useLightEngine();

  it('is not waited for by the last speaker of a round, and others who ask meanwhile are told to wait', async () => {
    const { service, run, participants, told, closings, release } = await sceneInRoundTwo();
    for (const { agent } of participants) await untilPending(agent);
    expect(closings()).to.equal(1);
    const ids = participants.map(({ person }) => person.id);
    const hasSent = ({ events }: Participant): boolean => events.some((event) => event.type === 'sent' && event.round === 2);
    expect(participants.filter(hasSent).map(({ person }) => person.id)).to.deep.equal(ids);
    told.length = 0;
    for (const { agent } of participants) expect(await agent.transition()).to.have.property('status', 'pending');
    expect(told).to.deep.equal(ids.map((id) => ({ id, asked: 'next', kind: 'wait' })));
    expect((await service.store.session({ ...run, index: 0 }))?.round).to.equal(2);
    release();
    const { included, attempt } = await service.finish(participants);
    expect([included, attempt, closings()]).to.deep.equal([ids, 1, 3]);
  });

  it('is lost with its process, and the next one does it: all are in the sum of the same attempt', async () => {
    const { service, participants, release } = await sceneInRoundTwo();
    for (const { agent } of participants) await untilPending(agent);
    const hanging = service.coordinator;
    service.coordinator = service.process();
    await service.giveList(service.coordinator);
    const outcome = await service.finish(participants);
    const ids = participants.map(({ person }) => person.id);
    expect(outcome).to.deep.include({ attempt: 1, included: ids });
    const sum = ids.reduce((total, id) => total + id, 0);
    expect(outcome.result).to.deep.equal(Int32Array.of(sum, ids.length, -sum));
    release();
    await workDone(hanging);
    expect(
      service.events.filter(({ type }) => type === 'tick-failed'),
      'it finds that all is done',
    ).to.deep.equal([]);
  });

  it('is done when `run` returns', async () => {
    const { service, run, participants, release } = await sceneInRoundTwo();
    for (const { agent } of participants) await untilPending(agent);
    let isOver = false;
    const stopped = workDone(service.coordinator).then(() => (isOver = true));
    await new Promise(setImmediate);
    expect(isOver).to.equal(false);
    release();
    await stopped;
    expect((await service.store.session({ ...run, index: 0 }))?.round).to.equal(3);
  });

  it('is done when `run` returns, also what follows from an answer that is still being made then', async () => {
    const { service, run, participants, release } = await sceneInRoundTwo();
    release();
    let finish = (): void => undefined;
    const isHeard = new Promise<void>((resolve) => (finish = resolve));
    const [last, ...others] = participants;
    let begin = (): void => undefined;
    const isBegun = new Promise<void>((resolve) => (begin = resolve));
    const host = instead(service.host, {
      async recv(name: string, id: number, message: Uint8Array) {
        if (id === last!.person.id) {
          begin();
          await isHeard;
        }
        await service.host.recv(name, id, message);
      },
    });
    service.coordinator = service.process({ host });
    for (const { agent } of others) await untilPending(agent);
    const answering = untilPending(last!.agent);
    await isBegun;
    let isOver = false;
    const stopped = workDone(service.coordinator).then(() => (isOver = true));
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(isOver).to.equal(false);
    finish();
    await stopped;
    expect((await service.store.session({ ...run, index: 0 }))?.round, 'the round is closed').to.be.above(2);
    await answering;
  });

  it('is told of if it fails, for nobody else hears of it, and done again by the next tick', async () => {
    const { service, run, participants, told } = await sceneInRoundTwo();
    const failure = new Error('no store');
    let isDown = true;
    const store = instead<CoordinatorStore>(service.store, {
      replaceSession: async (...given) => {
        if (isDown) throw failure;
        return service.store.replaceSession(...given);
      },
    });
    service.coordinator = service.process({ store });
    await service.giveList(service.coordinator);
    for (const { agent } of participants) await untilPending(agent);
    await workDone(service.coordinator);
    const failures = service.events.filter((event) => event.type === 'tick-failed');
    expect(failures).to.deep.equal([{ type: 'tick-failed', code: null, error: failure }]);
    expect(told.filter(({ asked, kind }) => asked === 'answer' && kind !== 'accepted')).to.deep.equal([]);
    expect((await service.store.session({ ...run, index: 0 }))?.round).to.equal(2);
    isDown = false;
    await service.coordinator.tick();
    expect((await service.store.session({ ...run, index: 0 }))?.round).to.equal(3);
  });

  it('is also the question for the seed of a draw, whose source may hang', async () => {
    const service = await SmallService.open({ users: 4, people: 8, definition: { group: groupWithCohorts(4) } });
    let asked = 0;
    service.coordinator = service.process({
      seeds: () => {
        asked++;
        return new Promise(() => undefined);
      },
    });
    await service.giveList(service.coordinator);
    const run = await service.openRun();
    const participants = service.everybody();
    await service.play(participants, async () => (await service.store.run(run))?.stage === 'draw');
    service.now += 60_000;
    const [first] = participants;
    const began = performance.now();
    await first!.agent.transition();
    expect(asked).to.equal(1);
    expect(performance.now() - began, 'it is waited for two seconds').to.be.below(1500);
  });

  it('ends with another attempt if somebody has aborted the session in the database', async () => {
    const { service, run, release } = await sceneInRoundTwo();
    release();
    const ended = (): Promise<never> => Promise.reject(new UsageError('ERR_SECAGG_ABORTED', 'session: aborted: idle for a week'));
    service.coordinator = service.process({ host: instead(service.host, { attendance: ended, progress: ended }) });
    await service.giveList(service.coordinator);
    await service.coordinator.tick();
    const session = await service.store.session({ ...run, index: 0 });
    expect(session?.end?.code).to.equal('ERR_SECAGG_ABORTED');
    expect(await service.host.has(session!.name)).to.equal(false);
    expect((await service.store.run(run))?.stage).to.equal('training');
  });

  it('of one run does not delay another one whose deadline has come', async () => {
    const looks = new DueRuns();
    const run = (number: number): RunRecord => ({ task: 'a', run: number, revision: 0 }) as RunRecord;
    let release = (): void => undefined;
    const isLong = new Promise<void>((resolve) => (release = resolve));
    const seen: number[] = [];
    const failures: string[] = [];
    const advance = async ({ run: number }: RunRecord): Promise<number> => {
      if (number === 1) await isLong;
      if (number === 2) throw new Error('the store');
      if (seen.push(number) === 1) release();
      return 5000;
    };
    await looks.lookAt([run(1), run(2), run(3)], 0, advance, (error) => failures.push(String(error)));
    expect(failures).to.deep.equal(['Error: the store']);
    expect(seen).to.deep.equal([3, 1]);
  });

  it('of as many runs as a tick looks at keeps the next tick from none of the others, and from these until it is done', async () => {
    const looks = new DueRuns();
    const runs = Array.from({ length: 30 }, (_, number): RunRecord => ({ task: 'a', run: number, revision: 0 }) as RunRecord);
    let release = (): void => undefined;
    const isLong = new Promise<void>((resolve) => (release = resolve));
    const seen: number[] = [];
    const advance = async ({ run: number }: RunRecord): Promise<number> => {
      seen.push(number);
      if (number < 10) await isLong;
      return 60_000;
    };
    const failed = (error: unknown): never => expect.fail(String(error));
    const ticks = [0, 1000, 2000].map((now) => looks.lookAt(runs, now, advance, failed));
    await ticks[2];
    expect(
      [...seen].sort((a, b) => a - b),
      'each of them once',
    ).to.deep.equal(runs.map(({ run: number }) => number));
    let isOver = false;
    const over = looks.over().then(() => (isOver = true));
    await new Promise(setImmediate);
    expect(isOver).to.equal(false);
    release();
    await Promise.all([over, ...ticks]);
    await looks.lookAt(runs, 4000, advance, failed);
    expect(seen, 'none is due').to.have.lengthOf(30);
    await looks.lookAt(runs, 7000, advance, failed);
    expect(seen, 'all have rested').to.have.lengthOf(60);
  });

  it('is over when a tick throws, which loses no error of it, although something else has failed before', async () => {
    const { service, release, participants } = await sceneInRoundTwo();
    release();
    for (const { agent } of participants) await untilPending(agent);
    const [early, late] = [new Error('requests'), new Error('sessions')];
    let isFailed = false;
    const store = instead<CoordinatorStore>(service.store, {
      forgetRuns: () => Promise.reject(early),
      openSessions: async () => {
        await sleep(20);
        isFailed = true;
        throw late;
      },
    });
    const coordinator = service.process({ store });
    await service.giveList(coordinator);
    service.events.length = 0;
    const thrown: unknown = await coordinator.tick().catch((error: unknown) => error);
    expect(isFailed, 'the look is over').to.equal(true);
    const told = service.events.flatMap((event) => (event.type === 'tick-failed' ? [event.error] : []));
    expect([thrown, ...told]).to.have.members([early, late]);
  });

  it('of one run is not waited for by the next tick, which ends another one whose deadline has come', async () => {
    const { service, participants, release, closings } = await sceneInRoundTwo();
    const other = await service.openRun({ source: 'another' });
    for (const { agent } of participants) await untilPending(agent);
    expect(closings()).to.equal(1);
    const ending = new AbortController();
    const running = service.coordinator.run({ signal: ending.signal });
    for (let step = 0; step < 80 && (await service.coordinator.outcome(other)) === null; step++) {
      service.now += 5000; // as much as service time takes at a time
      await service.store.heartbeat();
      await sleep(50);
    }
    expect(closings(), 'the first tick is at it').to.equal(2);
    expect(await service.coordinator.outcome(other)).to.deep.include({ kind: 'failed', code: 'ERR_SECAGG_THRESHOLD' });
    release();
    ending.abort();
    await running;
  });
});
