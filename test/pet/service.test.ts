// A coordinator that ends its phases by itself, and answers at xaynet's paths.
import { setMaxListeners } from 'node:events';
import { expect } from 'chai';
import { genKeypair } from '../../src/index.ts';
import { StoreError } from '../../src/leaves/errors.ts';
import { MemoryAgentStore } from '../../src/agent/index.ts';
import {
  decodeModel,
  decodeParameters,
  PetAgent,
  PetCoordinator,
  PetParticipant,
  PetService,
  type ClosedPhase,
  type PetClient,
  type PetCoordinatorOptions,
  type PetAgentEvent,
  type LastModel,
  type PetRounds,
  type PetServiceEvent,
  type PhaseLimits,
} from '../../src/pet/index.ts';
import { clientOf, meanOf, memberOf, ONE, run, settings, type Member } from './worlds.ts';

const NOTHING: Uint8Array = new Uint8Array();

/** A service whose clock the test moves. */
class World {
  readonly events: PetServiceEvent[] = [];
  now = 0;
  coordinator!: PetCoordinator;
  service!: PetService;
  members: Member[] = [];

  static async open(options: Partial<PetCoordinatorOptions> = {}): Promise<World> {
    const world = new World();
    for (;;) {
      world.coordinator = await PetCoordinator.create({ ...settings, ...options, clock: () => world.now });
      world.service = new PetService({ coordinator: world.coordinator, listener: (event) => world.events.push(event) });
      const client = clientOf(world.coordinator);
      world.members = Array.from({ length: 16 }, (_, i) =>
        memberOf(client, { model: Float32Array.of(i / 16, 0, -1), weight: 1 }),
      );
      for (const { participant } of world.members) await participant.transition();
      if (world.drawn('sum').length >= 3 && world.drawn('update').length >= 5) return world;
    }
  }

  drawn(task: 'sum' | 'update'): Member[] {
    return this.members.filter(({ participant }) => participant.task === task);
  }

  /** Time in which the service looks each second. */
  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      this.now += 1000;
      await this.service.tick();
    }
  }
}

const limits = (min: number, max: number, from: number, to: number): PhaseLimits => ({
  count: { min, max },
  time: { min: from, max: to },
});

describe('a service of PET', () => {
  it('closes a phase that has its least messages once its least time is over, and not before', async () => {
    const world = await World.open({ sum: limits(2, 50, 10, 60), update: limits(3, 50, 20, 60) });
    const [first, second] = world.drawn('sum') as [Member, Member];
    await run(first);
    await world.pass(15);
    expect(world.coordinator.progress()).to.include({ phase: 'sum', elapsed: 15_000, due: null });
    await run(second);
    await world.pass(1);
    expect(world.coordinator.progress()).to.include({ phase: 'update', elapsed: 0 });
    for (const member of world.drawn('update')) await run(member);
    await world.pass(19);
    expect(world.coordinator.progress()).to.include({ phase: 'update', enough: true, due: null });
    await world.pass(1);
    expect(world.coordinator.progress().phase).to.equal('sum2');
    expect(world.events.map((event) => event.type === 'phase-closed' && [event.phase, event.milliseconds])).to.deep.equal([
      ['sum', 16_000],
      ['update', 20_000],
    ]);
  });

  it('does not wait for the least time once all messages are there that it takes (X12)', async () => {
    const world = await World.open({ sum: limits(1, 2, 30, 60) });
    for (const member of world.drawn('sum').slice(0, 2)) await run(member);
    await world.pass(1);
    expect(world.coordinator.progress().phase).to.equal('update');
  });

  it('gives a round up when too few have come by its most time, and begins the next one', async () => {
    const world = await World.open({ sum: limits(1, 50, 0, 60), update: limits(5, 50, 0, 30) });
    await run(world.drawn('sum')[0]!);
    await world.pass(1);
    for (const member of world.drawn('update').slice(0, 4)) await run(member);
    await world.pass(29);
    expect(world.coordinator.progress()).to.include({ round: 1, phase: 'update', accepted: 4 });
    await world.pass(1);
    expect(world.coordinator.progress()).to.include({ round: 2, phase: 'sum', accepted: 0 });
    const last = world.events.at(-1);
    expect(last?.type === 'round-ended' && [last.phase, last.accepted, last.error?.code]).to.deep.equal([
      'update',
      4,
      'ERR_SECAGG_PET_TOO_FEW',
    ]);
  });

  it('goes on to the next round when all sum participants vanish, which loses the round (X11)', async () => {
    const world = await World.open({ sum2: limits(1, 50, 0, 30) });
    for (const member of world.drawn('sum')) await run(member);
    await world.pass(1);
    for (const member of world.drawn('update')) await run(member);
    await world.pass(1);
    expect(world.coordinator.progress().phase).to.equal('sum2');
    await world.pass(30);
    expect(world.coordinator.progress()).to.include({ round: 2, phase: 'sum' });
    const last = world.events.at(-1);
    expect(last?.type === 'round-ended' && last.error?.code).to.equal('ERR_SECAGG_PET_TOO_FEW');
    expect(world.coordinator.model()).to.equal(null);
  });

  it('ends one round at most in a tick, so that rounds without time do not hold the process', async () => {
    const always: ClosedPhase['ended'] = {
      ...{ round: 1, phase: 'sum', accepted: 0, rejected: 0, discarded: 0, elapsed: 0 },
      ...{ enough: false, full: false, due: 'abandon' },
    };
    const world = await World.open();
    let rounds = 1;
    const hasty: PetRounds = Object.assign(Object.create(world.coordinator) as PetRounds, {
      advance: () =>
        Promise.resolve({ ended: { ...always, round: rounds }, round: ++rounds, phase: 'sum', model: null, error: null }),
    });
    const service = new PetService({ coordinator: hasty });
    await service.tick();
    expect(rounds).to.equal(2);
  });

  it('does not close the sum2 phase at the first mask: it waits for all sum participants, or for its least time', async () => {
    const world = await World.open({ sum2: { count: { min: 1, max: 100 } } });
    for (const member of world.drawn('sum')) await run(member);
    await world.pass(1);
    const updaters = world.drawn('update');
    for (const member of updaters) await run(member);
    await world.pass(1);
    const [first, ...others] = world.drawn('sum') as [Member, ...Member[]];
    await run(first);
    await world.pass(599);
    expect(world.coordinator.progress()).to.include({ phase: 'sum2', accepted: 1, enough: true, full: false, due: null });
    const saved = world.coordinator.serializeState();
    await world.pass(1);
    expect(world.coordinator.model()?.model).to.deep.equal(meanOf(updaters, ONE));
    // All of them: nothing is waited for.
    const again = await PetCoordinator.recoverState(saved, { ...settings, clock: () => world.now });
    for (const { participant, ...member } of others) {
      const options = {
        ...{ signSecretKey: member.signSecretKey, client: clientOf(again) },
        models: { load: () => expect.fail() },
      };
      await run({ participant: PetParticipant.restore(participant.save(), options) });
    }
    expect(again.progress()).to.include({ phase: 'sum2', accepted: others.length + 1, full: true, due: 'close' });
  });

  it('does not count the time in which it did not run, and goes on with the time of a saved state', async () => {
    const world = await World.open({ sum: limits(50, 50, 0, 20) });
    await world.pass(10);
    world.now += 3_600_000;
    await world.service.tick();
    expect(world.coordinator.progress()).to.include({ round: 1, elapsed: 15_000 });
    const options = { ...settings, sum: limits(50, 50, 0, 20), clock: () => world.now };
    const recovered = await PetCoordinator.recoverState(world.coordinator.serializeState(), options);
    expect(recovered.progress()).to.include({ round: 1, elapsed: 15_000, due: null });
    world.now += 5000;
    expect((await recovered.advance())?.error?.code).to.equal('ERR_SECAGG_PET_TOO_FEW');
  });

  it('shows the last mean, also after it was recovered and while later rounds fail', async () => {
    const world = await World.open();
    const updaters = world.drawn('update');
    for (let i = 0; i < 3; i++) {
      for (const member of world.members) await run(member);
      await world.pass(1);
    }
    const expected = meanOf(updaters, ONE);
    expect(world.coordinator.model()).to.deep.equal({ round: 1, model: expected });
    await world.coordinator.abandon();
    const recovered = await PetCoordinator.recoverState(world.coordinator.serializeState(), settings);
    expect(recovered.model()).to.deep.equal({ round: 1, model: expected });
    const { status, body } = await new PetService({ coordinator: recovered }).answer({
      method: 'GET',
      url: '/model',
      body: NOTHING,
    });
    expect(status).to.equal(200);
    expect(decodeModel(body as Uint8Array, 'F32')).to.deep.equal(expected);
  });

  it('answers at the paths of xaynet, and says which messages it has refused (X7)', async () => {
    const world = await World.open({ sum: limits(1, 50, 0, 60) });
    const ask = async (method: string, url: string, body: Uint8Array = NOTHING): Promise<unknown[]> => {
      const answer = await world.service.answer({ method, url, body });
      return [answer.status, answer.body instanceof Uint8Array ? answer.body.length : answer.body];
    };
    const [member] = world.drawn('sum') as [Member];
    const key = encodeURIComponent(Buffer.from(member.participant.publicKey).toString('base64'));
    expect(await ask('GET', '/params')).to.deep.equal([200, 136]);
    expect(await ask('GET', '/sums')).to.deep.equal([204, null]);
    expect(await ask('GET', `/seeds?pk=${key}`)).to.deep.equal([204, null]);
    expect(await ask('GET', '/model')).to.deep.equal([204, null]);
    for (const bad of ['/seeds', '/seeds?pk=AAAA', '/seeds?pk=%', '/seeds?pk=*'])
      expect(await ask('GET', bad)).to.deep.equal([400, null]);
    expect(await ask('GET', '/message')).to.deep.equal([404, null]);
    expect(await ask('POST', '/params')).to.deep.equal([404, null]);
    expect(await ask('POST', '/message', new Uint8Array(300))).to.deep.equal([409, 'ERR_SECAGG_DECODE']);
    const sent: Uint8Array[] = [];
    const { signSecretKey } = member;
    const { maxMessageBytes } = world.service;
    const client: PetClient = {
      ...clientOf(world.coordinator),
      async send(message) {
        expect(message.length).to.be.at.most(maxMessageBytes);
        sent.push(message);
        expect(await ask('POST', '/message', message)).to.deep.equal([200, 'accepted']);
      },
    };
    await run(memberOf(client, member, { signSecretKey }));
    expect(await ask('POST', '/message', sent[0])).to.deep.equal([409, 'ERR_SECAGG_PET_REPEATED']);
    await world.pass(1);
    expect(await ask('GET', '/sums')).to.deep.equal([200, 8 + 80]);
  });

  it('shows the same view to everybody who asks, although somebody has changed what was shown before', async () => {
    const world = await World.open();
    for (let i = 0; i < 2; i++) {
      for (const member of world.members) await run(member);
      await world.pass(1);
    }
    const key = encodeURIComponent(Buffer.from(world.drawn('sum')[0]!.participant.publicKey).toString('base64'));
    const ask = async (url: string): Promise<Uint8Array> =>
      (await world.service.answer({ method: 'GET', url, body: NOTHING })).body as Uint8Array;
    const twice = async (url: string): Promise<void> => {
      const first = await ask(url);
      const copy = first.slice();
      first.fill(0);
      expect(await ask(url)).to.deep.equal(copy);
    };
    await twice('/sums');
    await twice(`/seeds?pk=${key}`);
    for (const member of world.members) await run(member);
    await world.pass(1);
    await twice('/model');
  });

  it('encodes the mean once a round, and that of another round anew', async () => {
    const world = await World.open();
    let encoded = 0;
    let round = 1;
    const counted = (of: number): LastModel => ({
      round: of,
      get model() {
        encoded++; // nothing else reads it
        return Float32Array.of(of);
      },
    });
    const rounds: PetRounds = Object.assign(Object.create(world.coordinator) as PetRounds, { model: () => counted(round) });
    const service = new PetService({ coordinator: rounds });
    const ask = (): Promise<unknown> => service.answer({ method: 'GET', url: '/model', body: NOTHING });
    await ask();
    const once = encoded;
    expect(once).to.be.greaterThan(0);
    await ask();
    expect(encoded).to.equal(once);
    round = 2;
    await ask();
    expect(encoded).to.equal(2 * once);
  });

  it('answers 503 when the database fails, and tries again what was due', async () => {
    const failing: PetRounds = {
      maxMessageBytes: 1,
      parameters: () => Promise.reject(new StoreError('ERR_SECAGG_STORE', 'gone')),
      sums: () => null,
      seeds: () => null,
      model: () => Promise.reject(new Error('a fault of the program')),
      receive: () => Promise.reject(new StoreError('ERR_SECAGG_STORE', 'gone')),
      advance: () => Promise.reject(new StoreError('ERR_SECAGG_STORE', 'gone')),
    };
    const ending = new AbortController();
    const events: PetServiceEvent[] = [];
    const service = new PetService({
      coordinator: failing,
      listener(event) {
        events.push(event);
        if (events.length === 2) ending.abort();
      },
    });
    expect(await service.answer({ method: 'GET', url: '/params', body: NOTHING })).to.deep.equal({ status: 503, body: null });
    expect(await service.answer({ method: 'POST', url: '/message', body: NOTHING })).to.deep.equal({ status: 503, body: null });
    const fault = await service.answer({ method: 'GET', url: '/model', body: NOTHING }).catch((error: unknown) => error);
    expect((fault as Error).message).to.equal('a fault of the program');
    await service.run({ signal: ending.signal });
    expect(events.map(({ type }) => type)).to.deep.equal(['tick-failed', 'tick-failed']);
  });

  it('and participants that run by themselves go through rounds, each with the mean of its update participants', async () => {
    const coordinator = await PetCoordinator.create({
      ...settings,
      sumProbability: 0.3,
      sum: limits(1, 20, 1, 60),
      update: limits(3, 20, 1, 60),
      sum2: limits(1, 20, 0.5, 60),
    });
    const ending = new AbortController();
    const { signal } = ending;
    setMaxListeners(0, signal);
    const updates = new Map<string, Float32Array[]>();
    const rounds: { readonly key: string; readonly expected: unknown; readonly model: unknown }[] = [];
    let key = '';
    const service = new PetService({
      coordinator,
      listener(event) {
        if (event.type === 'phase-closed' && event.phase === 'sum') key = keyOf(coordinator);
        if (event.type !== 'round-ended' || event.error !== null) return;
        const models = updates.get(key) ?? [];
        rounds.push({
          key,
          expected: meanOf(
            models.map((model) => ({ model, weight: 1 })),
            ONE,
          ),
          model: coordinator.model()?.model,
        });
        if (rounds.length === 2) ending.abort();
      },
    });
    const agents = Array.from({ length: 20 }, (_, i) => {
      let model = new Float32Array(3);
      const listener = (event: PetAgentEvent): void => {
        // Sent while the round goes on: it is in the mean.
        if (event.type === 'sent' && event.message === 'update') {
          const at = keyOf(coordinator);
          updates.set(at, [...(updates.get(at) ?? []), model]);
        }
      };
      const models = {
        load: () => {
          model = Float32Array.of(i / 32, model[1]! + 0.125, -1);
          return Promise.resolve({ model });
        },
      };
      const options = { signSecretKey: genKeypair()[1], client: clientOf(coordinator), models, pollInterval: 50, listener };
      return new PetAgent({ ...options, store: new MemoryAgentStore(), storeKey: new Uint8Array(32) });
    });
    await Promise.all([service.run({ signal }), ...agents.map((agent) => agent.run({ signal }))]);
    expect(rounds).to.have.lengthOf(2);
    for (const { model, expected } of rounds) expect(model).to.deep.equal(expected);
  });
});

function keyOf(coordinator: PetCoordinator): string {
  return decodeParameters(coordinator.parameters()).coordinatorKey.join(' ');
}
