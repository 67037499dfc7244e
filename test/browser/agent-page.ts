// What the browser runs: one participant of a service, whose state is in IndexedDB, as an application's page has it.
import { Agent, IndexedDbAgentStore, type AgentEvent, type AgentProgress, type AgentStore } from 'secagg/agent';
import { Task } from 'secagg/service';
import type { FromPage, FromWorker, Participant } from '../../examples/service/agent-worker.ts';
import { exchangeWith } from '../../examples/service/exchange.ts';

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
/** How often an agent waits depends on who answers when. */
const note = ({ type }: AgentEvent): void => void (type !== 'waiting' && events.push(type));
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

/** All of a participant that a message can carry. */
function ownOf({
  id,
  keypair,
  certificate,
  coordinator,
  storeKey,
  task,
}: GivenParticipant): Omit<Participant, 'task' | 'url' | 'database'> {
  const { group, publisher, registrar } = Task.fromJSON(task).definition;
  return {
    id,
    keypair: [Uint8Array.from(keypair[0]), Uint8Array.from(keypair[1])],
    certificate: Uint8Array.from(certificate),
    storeKey: Uint8Array.from(storeKey),
    floors: {
      group: { minHonest: 1, minEnrolled: 3, minThreshold: 3, maxUsers: group.maxUsers },
      adversary: { model: 'semi-honest', minColluders: 0, minColludingFraction: 0, security: null },
      keys: {
        coordinator: Uint8Array.from(coordinator),
        ...{ registrar, publisher, maxRevocationAge: 86_400, maxCertificateAge: 8 * 86_400 },
      },
      repetition: { minInterval: 0, maxParticipations: 10 },
      privacy: null,
      maxPayloadBytes: 0,
      acceptDevelopment: true,
    },
  };
}

function participate(given: GivenParticipant): Promise<void> {
  agent = new Agent({
    ...ownOf(given),
    task: Task.fromJSON(given.task),
    exchange: exchangeWith('/secagg'),
    inputs: {
      load({ run }) {
        loads++;
        return Promise.resolve({ id: `day ${run}`, data: given.input });
      },
    },
    store: counted(new IndexedDbAgentStore(given.database)),
    listener: note,
  });
  void agent.run({ signal: new AbortController().signal });
  return Promise.resolve();
}

/** What a page hears of an agent in a worker. */
export interface AgentInWorker {
  readonly events: readonly AgentEvent['type'][];
  readonly progress: AgentProgress | null;
  /** Runs that an input was wanted for. */
  readonly wanted: readonly number[];
}

/**
 * The agent of examples/service/agent-worker.ts takes part in a run.
 *
 * @param vecLen the input is repeated up to this length.
 * @param leaves the page says that the participant leaves when an input is wanted, instead of giving one.
 */
async function participateInWorker(given: GivenParticipant, vecLen: number, leaves: boolean): Promise<AgentInWorker> {
  const worker = new Worker('/agent-worker.js', { type: 'module' });
  const say = (message: FromPage, transfer: Transferable[] = []): void => worker.postMessage(message, transfer);
  const vector = Int32Array.from({ length: vecLen }, (_, i) => given.input[i % given.input.length] ?? 0);
  await new Promise((resolve) => setTimeout(resolve, 100)); // what follows is in tasks of its own
  const wanted: number[] = [];
  let progress: AgentProgress | null = null;
  performance.mark('begin|a page whose agent is in a worker');
  say({ start: { ...ownOf(given), ...{ task: given.task, database: given.database, url: '/secagg' } } });
  return new Promise((resolve, reject) => {
    const end = (): void => {
      performance.mark('end|a page whose agent is in a worker');
      worker.terminate();
      resolve({ events, progress, wanted });
    };
    worker.onerror = ({ message }): void => reject(new Error(message));
    worker.onmessage = ({ data }: MessageEvent<FromWorker>): void => {
      if ('left' in data) end();
      else if ('wanted' in data) {
        wanted.push(data.wanted.run);
        if (leaves) say({ leave: true });
        else say({ input: { id: `day ${data.wanted.run}`, data: vector } }, [vector.buffer]);
      } else if ('event' in data) {
        note(data.event);
        ({ progress } = data);
        if (data.event.type === 'done') end();
      }
    };
  });
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

Object.assign(globalThis, { participate, participateInWorker, agentInPage, agentLocks, storeAfterDeletion });
