// A participant of PET that runs by itself. Each hazard of its state has a test: a round gets one input of it, whatever crashes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { genKeypair } from '../../src/index.ts';
import { FileAgentStore } from '../../src/agent/file-store.ts';
import { MemoryAgentStore } from '../../src/agent/index.ts';
import {
  decodeParameters,
  PetAgent,
  PetCoordinator,
  PetError,
  type AgentStore,
  type Model,
  type PetAgentEvent,
  type PetAgentOptions,
  type PetClient,
  type StoredAgent,
} from '../../src/pet/index.ts';
import { coordinatorDocument } from '../../src/pet/coordinator-state.ts';
import { isDrawn, signTask } from '../../src/pet/parameters.ts';
import { MessageOpener } from '../../src/pet/wire/message.ts';
import { decodeUpdate } from '../../src/pet/wire/payloads.ts';
import { encodeParameters } from '../../src/pet/wire/views.ts';
import { LABELS } from '../../src/crypto/labels.ts';
import { concat, hex } from '../../src/leaves/bytes.ts';
import { rejected } from '../support/errors.ts';
import { writeLaterVersion } from '../support/later-version.ts';
import { configOf } from './crate-vectors.ts';
import { clientOf, meanOf, memberOf, ONE, run, settings, type Member } from './worlds.ts';

const storeKey = Uint8Array.from({ length: 32 }, (_, i) => i);

/** A round after its sum phase, and the key of somebody who is drawn for the update task. */
interface World {
  readonly coordinator: PetCoordinator;
  readonly members: readonly Member[];
  readonly updaters: readonly Member[];
  readonly signSecretKey: Uint8Array;
  readonly client: PetClient;
  /** What has left the participant: the masked models in it, in hexadecimal. */
  readonly sent: string[];
}

async function afterSums(options: object = {}): Promise<World> {
  for (;;) {
    const coordinator = await PetCoordinator.create({ ...settings, ...options });
    const members = Array.from({ length: 12 }, (_, i) =>
      memberOf(clientOf(coordinator), {
        model: new Float32Array(decodeParameters(coordinator.parameters()).modelLength).fill(i / 16),
        weight: 1,
      }),
    );
    for (const member of members) await run(member);
    const updaters = members.filter(({ participant }) => participant.task === 'update');
    if (!coordinator.progress().enough || updaters.length < 3) continue;
    await coordinator.close();
    const signSecretKey = await drawnForUpdate(coordinator);
    const sent: string[] = [];
    const client: PetClient = {
      ...clientOf(coordinator),
      async send(message) {
        const state = coordinatorDocument.parse(coordinator.serializeState());
        const { payload, isPart } = await new MessageOpener(state).open(message, 'update');
        sent.push(hex(isPart ? payload : decodeUpdate(payload).maskedModel.toBytes()));
        return coordinator.receive(message);
      },
    };
    return { coordinator, members, updaters, signSecretKey, client, sent };
  }
}

/** A key that is drawn for the update task of the round. */
async function drawnForUpdate(coordinator: PetCoordinator): Promise<Uint8Array> {
  const { seed, sumProbability, updateProbability } = decodeParameters(coordinator.parameters());
  for (;;) {
    const [, key] = genKeypair();
    const isSummer = isDrawn(await signTask(key, seed, 'sum'), sumProbability);
    if (!isSummer && isDrawn(await signTask(key, seed, 'update'), updateProbability)) return key;
  }
}

/** Each model is another one, as of an application that trains on. */
class ChangingModels {
  readonly loaded: Model[] = [];

  load(): Promise<{ readonly model: Float32Array }> {
    const model = Float32Array.of(this.loaded.length / 8, 0.25, -0.5);
    this.loaded.push(model);
    return Promise.resolve({ model });
  }
}

function agentOf({ signSecretKey, client }: World, more: Partial<PetAgentOptions> & { readonly store: AgentStore }): PetAgent {
  return new PetAgent({ signSecretKey, client, models: new ChangingModels(), storeKey, ...more });
}

async function runOut(agent: PetAgent): Promise<void> {
  while ((await agent.transition()).status === 'complete');
}

/** The round goes on to its end with the others; the model that it gives. */
async function finished({ coordinator, members }: World): Promise<Model | null> {
  for (const member of members) await run(member);
  await coordinator.close();
  for (const member of members) await run(member);
  return (await coordinator.close()).model;
}

/** What the round must give if the participant's input is this one. */
function expected({ updaters }: World, model: Model): Model | null {
  return meanOf([{ model, weight: 1 }, ...updaters], ONE);
}

/** A store that fails, or stops the process, when the application wants. */
class FailingStore implements AgentStore {
  readonly inner = new MemoryAgentStore();
  /** What happens to the next change: nothing, no write, or a write of which nobody is told. */
  next: 'works' | 'lost' | 'unheard' = 'works';

  load(): Promise<StoredAgent | null> {
    return this.inner.load();
  }

  async replace(state: StoredAgent): Promise<boolean> {
    const { next } = this;
    this.next = 'works';
    if (next === 'lost') throw new Error('the store is gone');
    const isDone = await this.inner.replace(state);
    if (next === 'unheard') throw new Error('the answer of the store is lost');
    return isDone;
  }
}

describe('a participant of PET that runs by itself', () => {
  it('takes part in a round, and the mean has its model', async () => {
    const world = await afterSums();
    const models = new ChangingModels();
    await runOut(agentOf(world, { store: new MemoryAgentStore(), models }));
    expect(models.loaded).to.have.lengthOf(1);
    expect(await finished(world)).to.deep.equal(expected(world, models.loaded[0]!));
  });

  it('runs round after round until it is called off, with errors told and steps tried again', async () => {
    const world = await afterSums();
    const ending = new AbortController();
    const events: PetAgentEvent[] = [];
    let failures = 2;
    const client: PetClient = {
      ...world.client,
      send: (message, options) => (failures-- > 0 ? Promise.reject(new Error('no route')) : world.client.send(message, options)),
    };
    const listener = (event: PetAgentEvent): void => {
      events.push(event);
      if (event.type === 'sent') ending.abort();
    };
    await agentOf({ ...world, client }, { store: new MemoryAgentStore(), listener, pollInterval: 10 }).run({
      signal: ending.signal,
    });
    expect(events.map(({ type }) => type)).to.deep.equal(['round', 'step-failed', 'step-failed', 'sent']);
    expect(world.coordinator.progress().accepted).to.equal(1);
  });

  it('asks again after the interval of the application while there is nothing to do', async () => {
    const world = await afterSums();
    const idle = { ...world.client, parameters: () => Promise.resolve(null) };
    const agent = agentOf({ ...world, client: idle }, { store: new MemoryAgentStore(), pollInterval: 1000 });
    const waits = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const other = agentOf({ ...world, client: idle }, { store: new MemoryAgentStore(), pollInterval: 1000 });
        const transition = await other.transition();
        return transition.status === 'pending' ? transition.wait : 0;
      }),
    );
    for (const wait of waits) expect(wait).to.be.within(500, 1500);
    expect(new Set(waits).size).to.be.greaterThan(15);
    expect(agent.progress()).to.deep.equal({ phase: 'awaiting', task: null });
  });

  it('gives the signal of a step to the client and the model store', async () => {
    const world = await afterSums();
    const { signal } = new AbortController();
    const heard: unknown[] = [];
    const client: PetClient = {
      parameters: (options) => (heard.push(options.signal), world.client.parameters(options)),
      sums: (options) => (heard.push(options.signal), world.client.sums(options)),
      seeds: (key, options) => world.client.seeds(key, options),
      send: (message, options) => (heard.push(options.signal), world.client.send(message, options)),
    };
    const models = {
      load: (_: unknown, options: { readonly signal?: unknown }) => {
        heard.push(options.signal);
        return Promise.resolve({ model: Float32Array.of(1, 1, 1) });
      },
    };
    const agent = agentOf({ ...world, client }, { store: new MemoryAgentStore(), models });
    while ((await agent.transition({ signal })).status === 'complete');
    expect(heard.length).to.be.greaterThan(5);
    expect(heard.every((each) => each === signal)).to.equal(true);
  });

  it('does one step at a time', async () => {
    const agent = agentOf(await afterSums(), { store: new MemoryAgentStore() });
    const first = agent.transition();
    await rejected('ERR_SECAGG_BUSY', agent.transition());
    await first;
  });

  it('opens its state with its own key only, and nobody else opens it', async () => {
    const world = await afterSums();
    const store = new MemoryAgentStore();
    await agentOf(world, { store }).transition();
    const otherKey = agentOf(world, { store, storeKey: new Uint8Array(32) });
    await rejected('ERR_SECAGG_STATE', otherKey.transition());
    const otherPerson = agentOf({ ...world, signSecretKey: genKeypair()[1] }, { store });
    await rejected('ERR_SECAGG_STATE', otherPerson.transition());
    const { sealed } = (await store.load())!;
    expect(new TextDecoder().decode(sealed)).not.to.include('parameters');
  });

  it('refuses a key of another length, and options that it does not know', async () => {
    const world = await afterSums();
    const store = new MemoryAgentStore();
    expect(() => agentOf(world, { store, storeKey: new Uint8Array(31) })).to.throw(RangeError, 'storeKey');
    expect(() => agentOf(world, { store, pollInterval: 0 })).to.throw(RangeError, 'pollInterval');
    expect(() => agentOf(world, { store, ...{ stor: 1 } })).to.throw(TypeError, 'stor');
  });
});

describe('a round gets one input of a participant', () => {
  it('although a later version has written its state: nobody goes on without it, however often it is tried', async () => {
    const world = await afterSums();
    const store = new MemoryAgentStore();
    await runOut(agentOf(world, { store }));
    const owner = concat([LABELS.petStateSeal, agentOf(world, { store }).publicKey]);
    const revision = await writeLaterVersion(store, { key: storeKey, owner });
    const older = agentOf(world, { store });
    for (let i = 0; i < 3; i++) await rejected('ERR_SECAGG_STATE_VERSION', older.transition());
    expect((await store.load())!.revision).to.equal(revision);
    expect(new Set(world.sent)).to.have.lengthOf(1);
  });

  it('although the state could not be written when the message was made: nothing had left', async () => {
    const world = await afterSums();
    const store = new FailingStore();
    const models = new ChangingModels();
    const agent = agentOf(world, { store, models });
    await agent.transition();
    store.next = 'lost';
    expect(((await agent.transition().catch((error: unknown) => error)) as Error).message).to.equal('the store is gone');
    expect(world.sent).to.deep.equal([]);
    // The same process goes on: it must not send the message that was never written.
    await runOut(agent);
    expect(models.loaded).to.have.lengthOf(2);
    expect(world.sent).to.have.lengthOf(1);
    expect(await finished(world)).to.deep.equal(expected(world, models.loaded[1]!));
  });

  it('although the process did not hear that the message was written: what was written is sent', async () => {
    const world = await afterSums();
    const store = new FailingStore();
    const models = new ChangingModels();
    const agent = agentOf(world, { store, models });
    await agent.transition();
    store.next = 'unheard';
    await agent.transition().catch(() => undefined);
    await runOut(agent);
    expect(world.sent).to.have.lengthOf(1);
    expect(await finished(world)).to.deep.equal(expected(world, models.loaded[0]!));
  });

  it('although it crashes after the message was written and before it is sent, and the model has changed', async () => {
    const world = await afterSums();
    const store = new MemoryAgentStore();
    const models = new ChangingModels();
    const before = agentOf(world, { store, models });
    while (before.progress().phase !== 'sending') await before.transition();
    await runOut(agentOf(world, { store, models }));
    expect(models.loaded).to.have.lengthOf(1);
    expect(world.sent).to.have.lengthOf(1);
    expect(await finished(world)).to.deep.equal(expected(world, models.loaded[0]!));
  });

  it('although it crashes after the message was sent and before that was written: the same message is sent again', async () => {
    const world = await afterSums();
    const store = new FailingStore();
    const models = new ChangingModels();
    const before = agentOf(world, { store, models });
    while (before.progress().phase !== 'sending') await before.transition();
    store.next = 'lost';
    await before.transition().catch(() => undefined);
    const events: PetAgentEvent[] = [];
    await runOut(agentOf(world, { store, models, listener: (event) => events.push(event) }));
    expect(world.sent).to.have.lengthOf(2);
    expect(world.sent[1]).to.equal(world.sent[0]);
    // The coordinator says that it has heard the participant, who takes this as an acknowledgement.
    expect(events).to.deep.equal([{ type: 'sent', message: 'update' }]);
    expect(world.coordinator.progress()).to.include({ accepted: 1, rejected: 1 });
    expect(await finished(world)).to.deep.equal(expected(world, models.loaded[0]!));
  });

  it('although it crashes between two parts of the message: the parts are the same', async () => {
    const world = await afterSums();
    const store = new MemoryAgentStore();
    const models = new ChangingModels();
    const options = { store, models, maxMessageBytes: 320 };
    const before = agentOf(world, options);
    while (world.sent.length < 2) await before.transition();
    await runOut(agentOf(world, options));
    expect(world.sent.length).to.be.greaterThan(4);
    expect(world.sent.slice(2, 4)).to.deep.equal(world.sent.slice(0, 2));
    expect(models.loaded).to.have.lengthOf(1);
    expect(await finished(world)).to.deep.equal(expected(world, models.loaded[0]!));
  });

  it('although the coordinator crashes between two parts, and forgets those that it had: all are sent again', async () => {
    const world = await afterSums();
    let { coordinator } = world;
    const outcomes: unknown[] = [];
    const client: PetClient = {
      ...world.client,
      async send(message) {
        const outcome = await coordinator.receive(message);
        outcomes.push(outcome);
        return outcome;
      },
    };
    const models = new ChangingModels();
    const agent = agentOf({ ...world, client }, { store: new MemoryAgentStore(), models, maxMessageBytes: 320 });
    while (outcomes.length < 2) await agent.transition();
    coordinator = await PetCoordinator.recoverState(coordinator.serializeState(), settings);
    while (agent.progress().phase === 'sending') await agent.transition();
    expect(models.loaded).to.have.lengthOf(1);
    expect(outcomes.filter((outcome) => outcome === 'accepted')).to.have.lengthOf(1);
    expect(coordinator.progress().accepted).to.equal(1);
    expect(agent.progress().phase).to.equal('awaiting');
  });

  it('although it crashes, with its state in files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pet-agent-'));
    const world = await afterSums();
    const models = new ChangingModels();
    for (const phase of ['update', 'sending', 'awaiting']) {
      const agent = agentOf(world, { store: new FileAgentStore(folder), models });
      do await agent.transition();
      while (agent.progress().phase !== phase);
    }
    expect(models.loaded).to.have.lengthOf(1);
    expect(world.sent).to.have.lengthOf(1);
    expect(await finished(world)).to.deep.equal(expected(world, models.loaded[0]!));
    await rm(folder, { recursive: true });
  });

  it('although the answer to its last part was lost, and the coordinator has forgotten the parts', async () => {
    const world = await afterSums();
    let losses = 1;
    const client: PetClient = {
      ...world.client,
      async send(message) {
        if ((await world.client.send(message, {})) === 'accepted' && losses-- > 0) throw new Error('the answer is lost');
      },
    };
    const events: string[] = [];
    const models = new ChangingModels();
    const listener = ({ type }: PetAgentEvent): void => void events.push(type);
    const options = { store: new MemoryAgentStore(), models, maxMessageBytes: 320, listener };
    const agent = agentOf({ ...world, client }, options);
    const error = await runOut(agent).catch((thrown: unknown) => thrown);
    expect((error as Error).message).to.equal('the answer is lost');
    await runOut(agent);
    expect(events).to.deep.equal(['round', 'sent']);
    expect(models.loaded).to.have.lengthOf(1);
    expect(await finished(world)).to.deep.equal(expected(world, models.loaded[0]!));
  });

  it('although two tabs with one store make a message each: one of them is sent', async () => {
    const world = await afterSums();
    const store = new MemoryAgentStore();
    const models = new ChangingModels();
    const tabs = [agentOf(world, { store, models }), agentOf(world, { store, models })];
    await tabs[0]!.transition();
    await Promise.all(tabs.map((tab) => tab.transition()));
    for (let i = 0; i < 10; i++) await Promise.all(tabs.map((tab) => tab.transition()));
    expect(models.loaded.length).to.be.greaterThan(1);
    expect(new Set(world.sent).size).to.equal(1);
    expect(world.coordinator.progress().accepted).to.equal(1);
    const model = await finished(world);
    expect(models.loaded.map((each) => expected(world, each))).to.deep.include(model);
  });

  it('although the coordinator shows another round and then the same one again', async () => {
    const world = await afterSums();
    let shown = world.coordinator.parameters();
    const client = { ...world.client, parameters: () => Promise.resolve(shown) };
    const models = new ChangingModels();
    const agent = agentOf({ ...world, client }, { store: new MemoryAgentStore(), models });
    await runOut(agent);
    const first = shown;
    shown = (await PetCoordinator.create({ ...settings, updateProbability: 1e-9, sumProbability: 1e-9 })).parameters();
    await runOut(agent);
    shown = first;
    await runOut(agent);
    expect(models.loaded).to.have.lengthOf(1);
    expect(world.sent).to.have.lengthOf(1);
  });

  it('although the coordinator shows the round with other parameters, or was recovered with others', async () => {
    const world = await afterSums();
    const parameters = decodeParameters(world.coordinator.parameters());
    let shown = encodeParameters(parameters);
    const client = { ...world.client, parameters: () => Promise.resolve(shown) };
    const models = new ChangingModels();
    const agent = agentOf({ ...world, client }, { store: new MemoryAgentStore(), models });
    await runOut(agent);
    for (const changes of [
      { updateProbability: 0.95 },
      { modelLength: 2 },
      { config: { vect: ONE.vect, unit: configOf('Integer F32 B0 M3') } },
    ]) {
      shown = encodeParameters({ ...parameters, ...changes });
      await runOut(agent);
    }
    expect(models.loaded).to.have.lengthOf(1);
    expect(world.sent).to.have.lengthOf(1);
    const state = world.coordinator.serializeState();
    for (const changes of [{ updateProbability: 0.95 }, { sumProbability: 0.5 }]) {
      await rejected('ERR_SECAGG_STATE', PetCoordinator.recoverState(state, { ...settings, ...changes }));
    }
  });

  it('and its last model is not sent when the round is over: the message is of that round only', async () => {
    const world = await afterSums();
    const agent = agentOf(world, { store: new MemoryAgentStore() });
    while (agent.progress().phase !== 'sending') await agent.transition();
    await world.coordinator.abandon();
    await agent.transition();
    expect(world.sent).to.deep.equal([]);
    expect(agent.progress().phase === 'sending' && agent.progress().task === 'update').to.equal(false);
  });

  it('as far as the coordinator is honest, although a copy of the store from before the message was restored', async () => {
    const world = await afterSums();
    const store = new MemoryAgentStore();
    const models = new ChangingModels();
    const agent = agentOf(world, { store, models });
    await agent.transition();
    const copy = (await store.load())!;
    await runOut(agent);
    const restored: AgentStore = { load: () => Promise.resolve(copy), replace: () => Promise.resolve(true) };
    await runOut(agentOf(world, { store: restored, models }));
    // The limit of the fence: another message leaves. The coordinator takes the first one.
    expect(new Set(world.sent).size).to.equal(2);
    expect(world.coordinator.progress()).to.include({ accepted: 1, rejected: 1 });
    expect(await finished(world)).to.deep.equal(expected(world, models.loaded[0]!));
  });

  it('and one ephemeral key, although the coordinator shows another round and then the same one again', async () => {
    const coordinator = await PetCoordinator.create({ ...settings, sumProbability: 0.99 });
    const other = await PetCoordinator.create({ ...settings, sumProbability: 1e-9, updateProbability: 1e-9 });
    let shown = coordinator;
    const sent: Uint8Array[] = [];
    const client: PetClient = {
      ...clientOf(coordinator),
      parameters: () => Promise.resolve(shown.parameters()),
      send(message) {
        sent.push(message);
        return coordinator.receive(message);
      },
    };
    let agent: PetAgent;
    do {
      const own = { signSecretKey: genKeypair()[1], client, models: new ChangingModels() };
      agent = new PetAgent({ ...own, store: new MemoryAgentStore(), storeKey });
      await runOut(agent);
    } while (agent.progress().phase !== 'sum2');
    for (const next of [other, coordinator]) {
      shown = next;
      await runOut(agent);
    }
    expect(agent.progress()).to.deep.equal({ phase: 'awaiting', task: null });
    expect(sent).to.have.lengthOf(1);
  });

  it('and none if the coordinator refuses it: it is not sent again', async () => {
    const world = await afterSums();
    const events: PetAgentEvent[] = [];
    const client: PetClient = {
      ...world.client,
      send: () => Promise.reject(new PetError('ERR_SECAGG_PET_FULL', 'enough')),
    };
    const agent = agentOf({ ...world, client }, { store: new MemoryAgentStore(), listener: (event) => events.push(event) });
    await runOut(agent);
    expect(events.map(({ type }) => type)).to.deep.equal(['round', 'refused']);
    expect(agent.progress()).to.deep.equal({ phase: 'awaiting', task: null });
  });
});
