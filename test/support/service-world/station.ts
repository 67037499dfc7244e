// One process of the coordinator: it answers, ticks once a second, crashes and comes back, over a store and a host that others share. It is
// given no revocation list: the store has it.
import { Coordinator, type CoordinatorOptions } from '../../../src/coordinator/index.ts';
import type { SessionHost } from '../../../src/coordinator/session-host.ts';
import type { CoordinatorStore } from '../../../src/coordinator/store.ts';
import { SecAggError, StoreError } from '../../../src/leaves/errors.ts';
import { ServiceError } from '../../../src/service/service-error.ts';
import type { SeedSource } from '../../../src/service/seeds.ts';
import type { Draws } from './draws.ts';
import { Life, type Weather } from './gate.ts';
import { NetworkDown } from './network.ts';
import type { Timeline } from './timeline.ts';
import type { Watch } from './watch.ts';

export interface StationTerms {
  readonly timeline: Timeline;
  readonly draws: Draws;
  readonly weather: Weather;
  readonly watch: Watch;
  readonly store: CoordinatorStore;
  readonly host: SessionHost;
  readonly options: Omit<CoordinatorOptions, 'store' | 'host' | 'seeds'>;
  readonly seeds: SeedSource;
}

function diskFailure(): StoreError {
  return new StoreError('ERR_SECAGG_STORE', 'the store cannot be reached', { cause: new Error('world') });
}

export class Station {
  readonly #terms: StationTerms;
  #life: Life | null = null;
  #coordinator: Coordinator | null = null;

  constructor(terms: StationTerms) {
    this.#terms = terms;
    this.#start();
  }

  get isUp(): boolean {
    return this.#coordinator !== null;
  }

  #start(): void {
    const { timeline, draws, weather, store, host, seeds, options, watch } = this.#terms;
    const life = new Life(timeline, draws, weather, () => {
      watch.note('a coordinator crashed');
      this.#coordinator = null;
      timeline.after(draws.between(500, 20_000), () => this.#start());
    });
    this.#life = life;
    const coordinator = new Coordinator({
      ...options,
      store: life.reach(watched(store, watch), diskFailure),
      host: life.reach(host, diskFailure),
      seeds: life.reach({ seeds }, () => new NetworkDown('no network')).seeds,
      listener: (event) => {
        if (event.type === 'tick-failed') this.#failed(event.error);
      },
    });
    this.#coordinator = coordinator;
    void this.#tick(coordinator, life);
  }

  /** What the listener is told of: the source of seeds, or work that has gone on behind an answer. */
  #failed(error: unknown): void {
    const { watch } = this.#terms;
    if (error instanceof StoreError) watch.note('work behind an answer failed');
    const isOfSeeds = error instanceof NetworkDown || error instanceof ServiceError;
    watch.require(error instanceof StoreError || isOfSeeds, `work: ${String(error)}`);
  }

  async #tick(coordinator: Coordinator, life: Life): Promise<void> {
    const { timeline, draws, watch } = this.#terms;
    await timeline.sleep(draws.between(1, 1000));
    while (!life.isOver) {
      try {
        await coordinator.tick();
      } catch (error) {
        watch.require(error instanceof StoreError, `tick: ${String(error)}`);
      }
      await timeline.sleep(1000);
    }
  }

  /** The response to a request; never, if the process ends meanwhile. */
  async answer(request: Uint8Array): Promise<Uint8Array> {
    const coordinator = this.#coordinator;
    if (coordinator === null) throw new Error('there is no process');
    try {
      return await coordinator.answer(request);
    } catch (error) {
      this.#terms.watch.require(error instanceof SecAggError, `answer: ${String(error)} ${(error as Error).stack ?? ''}`);
      this.#terms.watch.require(error instanceof StoreError, `answer to a participant: ${String(error)}`);
      throw error;
    }
  }

  crash(): void {
    this.#life?.end();
  }
}

/** The store, with its service time looked at. */
function watched(store: CoordinatorStore, watch: Watch): CoordinatorStore {
  return new Proxy(store, {
    get: (_, name) => {
      const member = Reflect.get(store, name) as unknown;
      if (typeof member !== 'function') return member;
      return async (...given: unknown[]) => {
        const result = (await member.apply(store, given)) as unknown;
        if (name === 'heartbeat') watch.heartbeat(result as number);
        return result;
      };
    },
  });
}
