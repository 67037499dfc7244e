// A participant of PET that runs by itself.
import { expect } from 'chai';
import { genKeypair } from '../../src/index.ts';
import { MemoryAgentStore } from '../../src/agent/index.ts';
import { PetError, type LoadedModel, type PetAgentEvent, type PetClient } from '../../src/pet/index.ts';
import { rejected } from '../support/errors.ts';
import { agentOf, ChangingModels, expected, finished, runOut, worldOf } from './agent-world.ts';

describe('a participant of PET that runs by itself', () => {
  it('takes part in a round, and the mean has its model', async () => {
    const world = await worldOf();
    const models = new ChangingModels();
    await runOut(agentOf(world, { store: new MemoryAgentStore(), models }));
    expect(models.loaded).to.have.lengthOf(1);
    expect(await finished(world)).to.deep.equal(expected(world, models.loaded[0]!));
  });

  it('runs round after round until it is called off, with errors told and steps tried again', async () => {
    const world = await worldOf();
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

  for (const [what, loaded, error] of [
    ['a number too many', { model: new Float32Array(9) }, PetError],
    ['numbers of another kind', { model: [1, 2] }, TypeError],
    ['a weight that is too large', { model: new Float32Array(3), weight: 2 }, RangeError],
    ['nothing', undefined, TypeError],
  ] as const) {
    it(`does nothing more in a round, and says why, if its application gives ${what}`, async () => {
      const world = await worldOf();
      const events: PetAgentEvent[] = [];
      let asked = 0;
      const models = { load: () => Promise.resolve((asked++, loaded) as unknown as LoadedModel) };
      const agent = agentOf(world, { store: new MemoryAgentStore(), models, listener: (event) => events.push(event) });
      await runOut(agent);
      await runOut(agent);
      expect(events.map(({ type }) => type)).to.deep.equal(['round', 'model-refused']);
      expect((events[1] as { readonly error: unknown }).error).to.be.instanceOf(error);
      expect(asked).to.equal(1);
      expect(agent.progress().phase).to.equal('awaiting');
      expect(world.coordinator.progress().accepted).to.equal(0);
    });
  }

  it('asks again after the interval of the application while there is nothing to do', async () => {
    const world = await worldOf();
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
    const world = await worldOf();
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
    const agent = agentOf(await worldOf(), { store: new MemoryAgentStore() });
    const first = agent.transition();
    await rejected('ERR_SECAGG_BUSY', agent.transition());
    await first;
  });

  it('opens its state with its own key only, and nobody else opens it', async () => {
    const world = await worldOf();
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
    const world = await worldOf();
    const store = new MemoryAgentStore();
    expect(() => agentOf(world, { store, storeKey: new Uint8Array(31) })).to.throw(RangeError, 'storeKey');
    expect(() => agentOf(world, { store, pollInterval: 0 })).to.throw(RangeError, 'pollInterval');
    expect(() => agentOf(world, { store, ...{ stor: 1 } })).to.throw(TypeError, 'stor');
  });
});
