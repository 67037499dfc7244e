// An agent in a worker of a page, which stays free: masks, encodings and requests are made here, and the page gives the inputs.
//
//   const worker = new Worker('agent-worker.js', { type: 'module' });
//   worker.postMessage({ start: participant });                         // FromPage says of what it consists
//   worker.onmessage = ({ data }) => { … }                              // FromWorker: an input is wanted, an event, or how far it is when the server answers
//   worker.terminate();                                                 // at any time, as a crash: it goes on where it was
import { Agent, IndexedDbAgentStore, type AgentEvent, type AgentOptions, type AgentProgress } from 'secagg/agent';
import type { LoadedInput, RunForInput } from 'secagg/agent';
import { Task } from 'secagg/service';
import { exchangeWith, get } from './exchange.ts';

/** A participant, as far as a message can carry it. */
export interface Participant extends Pick<AgentOptions, 'id' | 'keypair' | 'floors' | 'storeKey'> {
  readonly certificate: Uint8Array;
  /** As `Task.toJSON` gave it. */
  readonly task: unknown;
  /** Where the coordinator answers. */
  readonly url: string;
  /** Name of the database of the state. */
  readonly database: string;
}

/** `input` answers `wanted`; null if there is none yet. After `wake` the agent asks at once. `leave` ends the worker, too, whether or not the server hears of it. */
export type FromPage =
  | { readonly start: Participant }
  | { readonly input: LoadedInput | null }
  | { readonly wake: true }
  | { readonly leave: true };
export type FromWorker =
  | { readonly wanted: RunForInput }
  | { readonly event: AgentEvent; readonly progress: AgentProgress }
  | { readonly answered: AgentProgress }
  | { readonly left: true };

const ending = new AbortController();
const say = (message: FromWorker): void => postMessage(message);
let give: (input: LoadedInput | null) => void = () => undefined;
let wake: () => void = () => undefined;
let leave: () => Promise<void> = () => Promise.resolve();

function start({ task, url, database, ...own }: Participant): void {
  const ask = exchangeWith(url);
  const agent = new Agent({
    ...own,
    task: Task.fromJSON(task),
    async exchange(request, options) {
      const response = await ask(request, options);
      say({ answered: agent.progress() });
      return response;
    },
    fetchPayload: (address, { signal }) => get(address, signal),
    store: new IndexedDbAgentStore(database),
    inputs: {
      load(run) {
        say({ wanted: run });
        return new Promise((resolve) => (give = resolve));
      },
    },
    // Not every error can be sent to a page.
    listener: (event) => {
      say({ event: 'error' in event ? { ...event, error: String(event.error) } : event, progress: agent.progress() });
    },
  });
  wake = () => agent.wake();
  const running = agent.run({ signal: ending.signal });
  leave = async () => {
    ending.abort();
    give(null); // if an input is waited for
    await running;
    await agent.leave();
  };
}

onmessage = ({ data }: MessageEvent<FromPage>): void => {
  if ('start' in data) start(data.start);
  else if ('input' in data) give(data.input);
  else if ('wake' in data) wake();
  else
    void leave()
      .catch(console.error) // the server could not be told, but nothing more is sent
      .then(() => say({ left: true }))
      .then(close);
};
