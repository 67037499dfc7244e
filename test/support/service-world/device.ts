// A participant's device: its agent step by step, as the agent's waits say, through crashes and restarts, with the store that stays.
import { Agent } from '../../../src/agent/agent.ts';
import type { AgentOptions } from '../../../src/agent/options.ts';
import type { AgentEvent } from '../../../src/agent/events.ts';
import type { LoadedInput, RunForInput } from '../../../src/agent/inputs.ts';
import type { AgentStore, StoredAgent } from '../../../src/participation/state-store.ts';
import { SecAggError } from '../../../src/leaves/errors.ts';
import type { Exchange } from '../../../src/service/exchange.ts';
import type { SeedSource } from '../../../src/service/seeds.ts';
import type { Draws } from './draws.ts';
import { Life, type Weather } from './gate.ts';
import { NetworkDown } from './network.ts';
import type { Person } from './parties.ts';
import type { Timeline } from './timeline.ts';
import { STORE_KEY, type Watch } from './watch.ts';

/** A state store that shows what it holds, and can be put back to what it held. */
export class DeviceStore implements AgentStore {
  stored: StoredAgent | null = null;
  readonly #onReplace: (before: StoredAgent | null, after: StoredAgent) => void;

  constructor(onReplace: (before: StoredAgent | null, after: StoredAgent) => void = () => undefined) {
    this.#onReplace = onReplace;
  }

  load(): Promise<StoredAgent | null> {
    return Promise.resolve(this.stored);
  }

  replace(next: StoredAgent): Promise<boolean> {
    if ((this.stored?.revision ?? 0) !== next.revision - 1) return Promise.resolve(false);
    const before = this.stored;
    this.stored = next;
    this.#onReplace(before, next);
    return Promise.resolve(true);
  }
}

export interface DeviceTerms {
  readonly timeline: Timeline;
  readonly draws: Draws;
  readonly weather: Weather;
  readonly watch: Watch;
  readonly person: Person;
  readonly store: DeviceStore;
  readonly exchange: Exchange;
  /** What the application has for a run; null if it has nothing yet. */
  inputFor(run: number, payload: Uint8Array | null): LoadedInput | null;
  readonly seeds: SeedSource;
  readonly options: Pick<AgentOptions, 'task' | 'floors' | 'source' | 'fetchPayload' | 'clock'>;
}

class DiskFull extends Error {}

/** As `Agent.run` waits after failures. */
const FIRST_RETRY = 500;
const LONGEST_RETRY = 60_000;
/** Steps that follow each other at once, at most: more is an agent that turns in circles. */
const MOST_AT_ONCE = 40;

export class Device {
  readonly events: AgentEvent[] = [];
  readonly #terms: DeviceTerms;
  #life: Life | null = null;
  #isGone = false;
  #failures = 0;
  #atOnce = 0;

  constructor(terms: DeviceTerms, delay: number) {
    this.#terms = terms;
    terms.timeline.after(delay, () => {
      this.#start();
    });
  }

  get isSuperseded(): boolean {
    return this.events.some(({ type }) => type === 'superseded');
  }

  /** It never comes back. */
  leave(): void {
    this.#isGone = true;
    this.#life?.end();
  }

  /** Its process ends, and begins again later. */
  crash(): void {
    this.#life?.end();
  }

  #start(): void {
    const { timeline, draws, weather, watch, person, store, exchange, seeds, options } = this.#terms;
    const life = new Life(timeline, draws, weather, () => {
      watch.note('an agent crashed');
      if (this.#isGone) return;
      timeline.after(draws.between(100, 30_000), () => {
        this.#start();
      });
    });
    this.#life = life;
    this.#failures = 0;
    const inputs = { load: ({ run, payload }: RunForInput) => Promise.resolve(this.#terms.inputFor(run, payload)) };
    const diskFull = (): Error => new DiskFull();
    const wire = life.reach({ exchange, seeds }, () => new NetworkDown('no network'));
    const agent = new Agent({
      ...options,
      id: person.id,
      keypair: person.keypair,
      certificate: person.certificate,
      exchange: wire.exchange,
      seeds: wire.seeds,
      inputs: life.reach(inputs, diskFull),
      store: life.reach(store, diskFull),
      storeKey: STORE_KEY,
      listener: (event) => {
        if (!life.isOver) this.events.push(event);
        watch.note(`agent ${event.type}`);
      },
    });
    this.#step(agent, life);
  }

  #step(agent: Agent, life: Life): void {
    if (life.isOver || this.#isGone) return;
    const { timeline, watch, person, draws } = this.#terms;
    const again = (wait: number): void => {
      timeline.after(wait, () => {
        this.#step(agent, life);
      });
    };
    agent.transition().then(
      (transition) => {
        this.#failures = 0;
        if (transition.status === 'pending') {
          this.#atOnce = 0;
          const { wait } = transition;
          watch.require(wait > 0 && wait <= 3_600_000, `participant ${person.id}: waits ${wait} ms`);
          again(wait);
        } else {
          watch.require(++this.#atOnce <= MOST_AT_ONCE, `participant ${person.id}: turns in circles`);
          again(0);
        }
      },
      (error: unknown) => {
        this.#atOnce = 0;
        if (this.isSuperseded) return;
        const isSeedless = error instanceof Error && error.message === 'seeds: the source has failed';
        const isForeseen =
          error instanceof SecAggError || error instanceof NetworkDown || error instanceof DiskFull || isSeedless;
        watch.require(isForeseen, `participant ${person.id}: ${String(error)} ${(error as Error).stack ?? ''}`);
        if (error instanceof SecAggError) watch.note(`step failed: ${error.code}`);
        again(Math.min(FIRST_RETRY * 2 ** this.#failures++, LONGEST_RETRY) * (0.5 + draws.fraction() / 2));
      },
    );
  }
}
