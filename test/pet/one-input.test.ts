// Each hazard of the state of a participant of PET that runs by itself: a round gets one input of it, whatever crashes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileAgentStore } from '../../src/agent/file-store.ts';
import { MemoryAgentStore } from '../../src/agent/index.ts';
import { LABELS } from '../../src/crypto/labels.ts';
import { concat } from '../../src/leaves/bytes.ts';
import type { AgentStore, PetAgentEvent } from '../../src/pet/index.ts';
import { rejected } from '../support/errors.ts';
import { writeLaterVersion } from '../support/later-version.ts';
import { agentOf, ChangingModels, expected, FailingStore, finished, runOut, storeKey, worldOf } from './agent-world.ts';

describe('a round gets one input of a participant', () => {
  it('although a later version has written its state: nobody goes on without it, however often it is tried', async () => {
    const world = await worldOf();
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
    const world = await worldOf();
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
    const world = await worldOf();
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
    const world = await worldOf();
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
    const world = await worldOf();
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
    const world = await worldOf();
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

  it('although it crashes, with its state in files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pet-agent-'));
    const world = await worldOf();
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

  it('although two tabs with one store make a message each: one of them is sent', async () => {
    const world = await worldOf();
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

  it('as far as the coordinator is honest, although a copy of the store from before the message was restored', async () => {
    const world = await worldOf();
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
});
