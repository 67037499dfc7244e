// What the browser runs: one participant of the PET protocol, whose state is in IndexedDB, as an application's page has it.
import { IndexedDbAgentStore } from 'secagg/agent';
import { PetAgent, type PetAgentEvent, type PetAgentProgress } from 'secagg/pet';
import { petClient } from '../../examples/pet/client.ts';

/** What an application knows of its participant, as JSON carries it. */
export interface GivenPetParticipant {
  readonly signSecretKey: readonly number[];
  readonly storeKey: readonly number[];
  /** Name of the database. */
  readonly database: string;
  /** Each opening of the page brings another one, to see which one is in the mean. */
  readonly model: readonly number[];
}

/** What the test asks the page. */
export interface PetAgentInPage {
  readonly progress: PetAgentProgress;
  readonly events: readonly PetAgentEvent['type'][];
  /** How many models the agent has asked for. */
  readonly loads: number;
}

const events: PetAgentEvent['type'][] = [];
let agent: PetAgent | null = null;
let loads = 0;

function participate({ signSecretKey, storeKey, database, model }: GivenPetParticipant): Promise<void> {
  agent = new PetAgent({
    signSecretKey: Uint8Array.from(signSecretKey),
    client: petClient(location.origin),
    models: {
      load() {
        loads++;
        return Promise.resolve({ model: Float32Array.from(model) });
      },
    },
    store: new IndexedDbAgentStore(database),
    storeKey: Uint8Array.from(storeKey),
    maxMessageBytes: 4096,
    pollInterval: 100,
    listener: ({ type }) => events.push(type),
  });
  void agent.run({ signal: new AbortController().signal });
  return Promise.resolve();
}

function agentInPage(): Promise<PetAgentInPage | null> {
  return Promise.resolve(agent && { progress: agent.progress(), events, loads });
}

Object.assign(globalThis, { participate, agentInPage });
