// A round of PET with a participant that runs by itself, a store that fails, and what the round must give.
import { genKeypair } from '../../src/index.ts';
import { MemoryAgentStore } from '../../src/agent/index.ts';
import { hex } from '../../src/leaves/bytes.ts';
import {
  decodeParameters,
  PetAgent,
  type AgentStore,
  type Model,
  type PetAgentOptions,
  type PetClient,
  type PetCoordinator,
  type StoredAgent,
} from '../../src/pet/index.ts';
import { coordinatorDocument } from '../../src/pet/coordinator-state.ts';
import { isDrawn, signTask } from '../../src/pet/parameters.ts';
import { MessageOpener } from '../../src/pet/wire/message.ts';
import { decodeUpdate } from '../../src/pet/wire/payloads.ts';
import { afterSums, meanOf, ONE, run, type Network } from './worlds.ts';

export const storeKey = Uint8Array.from({ length: 32 }, (_, i) => i);

/** A round after its sum phase, and the key of somebody who is drawn for the update task. */
export interface World extends Network {
  readonly signSecretKey: Uint8Array;
  /** What has left the participant: the masked models in it, in hexadecimal. */
  readonly sent: string[];
}

export async function worldOf(): Promise<World> {
  const round = await afterSums(12, {}, (i) => ({ model: new Float32Array(3).fill(i / 16), weight: 1 }));
  const { coordinator } = round;
  const sent: string[] = [];
  const client: PetClient = {
    ...round.client,
    async send(message) {
      const state = coordinatorDocument.parse(coordinator.serializeState());
      const { payload, isPart } = await new MessageOpener(state).open(message, 'update');
      sent.push(hex(isPart ? payload : decodeUpdate(payload).maskedModel.toBytes()));
      return coordinator.receive(message);
    },
  };
  return { ...round, client, signSecretKey: await drawnForUpdate(coordinator), sent };
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
export class ChangingModels {
  readonly loaded: Model[] = [];

  load(): Promise<{ readonly model: Float32Array }> {
    const model = Float32Array.of(this.loaded.length / 8, 0.25, -0.5);
    this.loaded.push(model);
    return Promise.resolve({ model });
  }
}

export function agentOf(
  { signSecretKey, client }: World,
  more: Partial<PetAgentOptions> & { readonly store: AgentStore },
): PetAgent {
  return new PetAgent({ signSecretKey, client, models: new ChangingModels(), storeKey, ...more });
}

export async function runOut(agent: PetAgent): Promise<void> {
  while ((await agent.transition()).status === 'complete');
}

/** The round goes on to its end with the others; the model that it gives. */
export async function finished({ coordinator, members }: World): Promise<Model | null> {
  for (const member of members) await run(member);
  await coordinator.close();
  for (const member of members) await run(member);
  return (await coordinator.close()).model;
}

/** What the round must give if the participant's input is this one. */
export function expected({ updaters }: World, model: Model): Model | null {
  return meanOf([{ model, weight: 1 }, ...updaters], ONE);
}

/** A store that fails, or stops the process, when the application wants. */
export class FailingStore implements AgentStore {
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
