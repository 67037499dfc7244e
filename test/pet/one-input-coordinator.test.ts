// Coordinators that forget, show other rounds and refuse: each round has one input of a participant of PET that runs by itself.
import { expect } from 'chai';
import { genKeypair } from '../../src/index.ts';
import { MemoryAgentStore } from '../../src/agent/index.ts';
import { decodeParameters, PetAgent, PetCoordinator, PetError, type PetAgentEvent, type PetClient } from '../../src/pet/index.ts';
import { encodeParameters } from '../../src/pet/wire/views.ts';
import { rejected } from '../support/errors.ts';
import { configOf } from './crate-vectors.ts';
import { agentOf, ChangingModels, expected, finished, runOut, storeKey, worldOf } from './agent-world.ts';
import { clientOf, ONE, settings } from './worlds.ts';

describe('a coordinator gets one input of a participant in a round', () => {
  it('although the coordinator crashes between two parts, and forgets those that it had: all are sent again', async () => {
    const world = await worldOf();
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

  it('although the answer to its last part was lost, and the coordinator has forgotten the parts', async () => {
    const world = await worldOf();
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

  it('although the coordinator shows another round and then the same one again', async () => {
    const world = await worldOf();
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
    const world = await worldOf();
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
    const world = await worldOf();
    const agent = agentOf(world, { store: new MemoryAgentStore() });
    while (agent.progress().phase !== 'sending') await agent.transition();
    await world.coordinator.abandon();
    await agent.transition();
    expect(world.sent).to.deep.equal([]);
    expect(agent.progress().phase === 'sending' && agent.progress().task === 'update').to.equal(false);
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
    const world = await worldOf();
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
