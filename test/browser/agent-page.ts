// What the browser runs: one participant of a service, whose state is in IndexedDB, as an application's page has it.
import { Agent, IndexedDbAgentStore, type AgentEvent, type AgentProgress, type AgentStore } from 'secagg/agent';
import { Task } from 'secagg/service';

/** What an application knows of its participant, as JSON carries it. */
export interface GivenParticipant {
  /** As `Task.fromJSON` takes it. */
  readonly task: unknown;
  readonly id: number;
  readonly keypair: readonly [publicKey: number[], secretKey: number[]];
  readonly certificate: number[];
  readonly coordinator: number[];
  readonly storeKey: number[];
  /** Name of the database. */
  readonly database: string;
  /** Each opening of the page brings another one, to see which one is in the sum. */
  readonly input: number[];
}

/** What the test asks the page. */
export interface AgentInPage {
  readonly progress: AgentProgress;
  readonly events: readonly AgentEvent['type'][];
  /** How many inputs the agent has asked for. */
  readonly loads: number;
  /** How often it has read its state. */
  readonly looks: number;
}

const events: AgentEvent['type'][] = [];
let agent: Agent | null = null;
let loads = 0;
let looks = 0;

/** Counts how often the state is read. */
function counted(store: AgentStore): AgentStore {
  return {
    load() {
      looks++;
      return store.load();
    },
    replace: (next) => store.replace(next),
  };
}

function participate(given: GivenParticipant): Promise<void> {
  const task = Task.fromJSON(given.task);
  const { group, publisher, registrar } = task.definition;
  agent = new Agent({
    task,
    id: given.id,
    keypair: [Uint8Array.from(given.keypair[0]), Uint8Array.from(given.keypair[1])],
    certificate: Uint8Array.from(given.certificate),
    async exchange(request, { signal }) {
      const response = await fetch('/secagg', { method: 'POST', body: request.slice(), signal: signal ?? null });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    },
    inputs: {
      load({ run }) {
        loads++;
        return Promise.resolve({ id: `day ${run}`, data: given.input });
      },
    },
    floors: {
      group: { minHonest: 1, minEnrolled: 3, minThreshold: 3, maxUsers: group.maxUsers },
      adversary: { model: 'semi-honest', minColluders: 0, minColludingFraction: 0 },
      keys: {
        coordinator: Uint8Array.from(given.coordinator),
        ...{ registrar, publisher, maxRevocationAge: 86_400, maxCertificateAge: 8 * 86_400 },
      },
      repetition: { minInterval: 0, maxParticipations: 10 },
      privacy: null,
      maxPayloadBytes: 0,
      acceptDevelopment: true,
    },
    store: counted(new IndexedDbAgentStore(given.database)),
    storeKey: Uint8Array.from(given.storeKey),
    listener: ({ type }) => events.push(type),
  });
  void agent.run({ signal: new AbortController().signal });
  return Promise.resolve();
}

function agentInPage(): Promise<AgentInPage | null> {
  return Promise.resolve(agent && { progress: agent.progress(), events, loads, looks });
}

/** How many agents of the origin run, and how many wait for them, as Web Locks say. */
async function agentLocks(): Promise<{ readonly held: number; readonly waiting: number }> {
  const { held = [], pending = [] } = await navigator.locks.query();
  return { held: held.length, waiting: pending.length };
}

/** A store whose database is deleted under it, as by an application that signs its user out: what revisions it has before and after. */
async function storeAfterDeletion(): Promise<(number | undefined)[]> {
  const store = new IndexedDbAgentStore('deleted');
  await store.replace({ revision: 1, sealed: Uint8Array.of(1) });
  const before = await store.load();
  await new Promise<void>((resolve, reject) => {
    const deleting = indexedDB.deleteDatabase('deleted');
    deleting.onsuccess = (): void => resolve();
    deleting.onerror = (): void => reject(deleting.error ?? new Error('not deleted'));
  });
  const after = await store.load();
  return [before?.revision ?? 0, after?.revision ?? 0];
}

Object.assign(globalThis, { participate, agentInPage, agentLocks, storeAfterDeletion });
