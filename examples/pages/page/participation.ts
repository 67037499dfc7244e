// The agent in its worker: what it tells, and the inputs that the page gives it.
import type { AgentEvent, AgentProgress, RunForInput } from 'secagg/agent';
import { get } from '../../service/exchange.ts';
import type { FromPage, FromWorker } from '../../service/agent-worker.ts';
import { imagesOf, imagesOfBytes, type Images } from '../digits.ts';
import { updateOf } from '../model.ts';
import type { Membership } from './membership.ts';

/** Who is told of the agent. */
export interface Follower {
  /** Something has happened. */
  hear(event: AgentEvent, progress: AgentProgress): void;
  /** The server has answered; so far the agent is. */
  follow(progress: AgentProgress): void;
}

export class Participation {
  readonly #membership: Membership;
  readonly #follower: Follower;
  #worker: Worker | null = null;

  constructor(membership: Membership, follower: Follower) {
    this.#membership = membership;
    this.#follower = follower;
    const worker = new Worker('/agent-worker.js', { type: 'module' });
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>): void => {
      if ('wanted' in data) void this.#give(worker, data.wanted);
      else if ('event' in data) this.#follower.hear(data.event, data.progress);
      else if ('answered' in data) this.#follower.follow(data.answered);
    };
    this.#say({ start: this.#membership.participant }, worker);
  }

  #say(message: FromPage, worker: Worker): void {
    worker.postMessage(message);
  }

  async #give(worker: Worker, { run, payload }: RunForInput): Promise<void> {
    const images = await this.#images();
    const model = new Float32Array(payload?.slice().buffer ?? []);
    this.#say({ input: { id: `run ${run}`, data: updateOf(model, images) } }, worker);
  }

  async #images(): Promise<Images> {
    const { id, decisions } = this.#membership;
    return decisions.digits === null ? imagesOfBytes(await get(`/samples/${id}`)) : imagesOf(decisions.digits);
  }

  /** There is a run to check in for: an agent that waits for one asks at once. */
  lookNow(): void {
    if (this.#worker !== null) this.#say({ wake: true }, this.#worker);
  }

  /**
   * Takes no further part. The participant is forgotten before the server is told of it, so that a page that is opened again sends nothing,
   * although the server may be out of reach.
   */
  async leave(): Promise<void> {
    this.#membership.forget();
    const worker = this.#worker;
    this.#worker = null;
    if (worker !== null) await this.#end(worker);
    this.#membership.deleteState();
  }

  #end(worker: Worker): Promise<void> {
    return new Promise((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<FromWorker>): void => {
        if ('left' in data) resolve();
      };
      this.#say({ leave: true }, worker);
    });
  }
}
