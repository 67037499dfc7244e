// The service behind the pages: one task, and one run after the other, each of which trains the model a little further.
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import {
  developmentService,
  type CoordinatorStore,
  type DevelopmentService,
  type Outcome,
  type RunKey,
} from 'secagg/coordinator';
import { PostgresCoordinatorStore, PostgresSessionHost, PostgresSessions } from 'secagg/postgres';
import type { LocalPostgres } from '../../scripts/local-postgres.ts';
import { temporarySchema, type TemporarySchema } from '../../scripts/temporary-schema.ts';
import { dealShards, readTestImages } from '../mnist/data.ts';
import type { Model } from '../mnist/models/tensors.ts';
import { Seeded } from '../mnist/seeded.ts';
import { Companions } from './companions.ts';
import { halved, imagesOf, type Images } from './digits.ts';
import { digitClassifier, firstModel } from './model.ts';
import { aggregateOf, budgetOf, groupOf, leastOf, MOST_VISITORS, spentAfter, windowsOf, type ServiceOptions } from './terms.ts';
import { Watching, type ServiceView } from './watching.ts';

/** Milliseconds between two looks at how far a run has come. */
const LOOK = 250;

interface Parts {
  readonly pool: pg.Pool;
  readonly schema: TemporarySchema;
  readonly store: CoordinatorStore;
  readonly development: DevelopmentService;
  readonly watching: Watching;
  readonly companions: Companions;
  /** Images for visitors that do not want to draw, one shard for each. */
  readonly samples: readonly Images[];
  /** The model that each run begins with. */
  readonly models: Model[];
}

export class DigitService {
  readonly #options: ServiceOptions;
  readonly #parts: Parts;
  readonly #classifier = digitClassifier();
  readonly #testImages = halved(readTestImages());
  readonly #firstAccuracy: number;
  readonly #ending = new AbortController();
  /** By the connection of its page: a visitor that would take part in a run. */
  readonly #visitors = new Map<symbol, string>();
  /** Runs in which updates may have been sent. */
  #paid = 0;

  private constructor(options: ServiceOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#firstAccuracy = this.#accuracyOf(this.modelOf(1));
    setMaxListeners(0, this.#ending.signal); // all companions hear it
  }

  static async start(database: LocalPostgres, options: ServiceOptions): Promise<DigitService> {
    const schema = await temporarySchema(database);
    const pool = new pg.Pool({ connectionString: database.url });
    pool.on('error', () => undefined); // a connection broke while nobody used it; the next request gets another one
    const store = new PostgresCoordinatorStore(pool, { schema: schema.name });
    const host = new PostgresSessionHost(new PostgresSessions(pool, { schema: schema.name }));
    const watching = new Watching(store, host);

    const group = groupOf(options);
    const aggregate = aggregateOf(options, group);
    const development = developmentService({
      ...{ aggregate, threshold: group.threshold, maxUsers: group.maxUsers, store, host },
      definition: {
        ...{ name: 'digits', group, attempts: 3, windows: windowsOf(options), minUsers: leastOf(options) },
      },
      listener: (event) => watching.hear(event),
    });

    const random = new Seeded(1);
    const shards = dealShards(options.companions + MOST_VISITORS, random).map(halved);
    const models = [firstModel()];
    const service = new DigitService(options, {
      ...{ pool, schema, store, development, watching, models },
      samples: shards.slice(options.companions),
      companions: await Companions.join(development, shards.slice(0, options.companions), {
        ...{ silent: options.silent, random, payload: () => bytesOf(models[models.length - 1] ?? new Float32Array()) },
      }),
    });
    return service;
  }

  get development(): DevelopmentService {
    return this.#parts.development;
  }

  /** Sample images for a visitor. */
  samplesFor(visitor: number): Images {
    const { samples } = this.#parts;
    return samples[visitor % samples.length] ?? imagesOf([]);
  }

  /** The model that a run begins with. */
  modelOf(run: number): Model {
    return this.#parts.models[run - 1] ?? new Float32Array();
  }

  /** A visitor's page is open, and would take part in a run. @returns what takes it back. */
  enter(visitor: string): () => void {
    const connection = Symbol(visitor);
    this.#visitors.set(connection, visitor);
    return () => void this.#visitors.delete(connection);
  }

  /** A page that was opened twice is one visitor. */
  get #present(): number {
    return new Set(this.#visitors.values()).size;
  }

  get view(): Omit<ServiceView, 'addresses'> {
    const { companions, visitors, runs: planned } = this.#options;
    return {
      ...{ task: this.development.task.id, planned, companions, visitors, present: this.#present },
      ...{ testImages: this.#testImages.count, accuracy: this.#firstAccuracy },
      ...{ budget: budgetOf(this.development.task.definition), runs: this.#parts.watching.runs },
    };
  }

  #accuracyOf(model: Model): number {
    return this.#classifier.accuracy(model, this.#testImages);
  }

  /** One run after the other, until the service is closed. */
  async run(): Promise<void> {
    const { signal } = this.#ending;
    const all = [this.development.coordinator.run({ signal }), this.#parts.companions.run(signal)];
    for (let run = 1; run <= this.#options.runs && (await this.#visited(signal)); run++) await this.#oneRun(run, signal);
    await Promise.all(all);
  }

  /**
   * A run is opened when enough visitors are there, so that its check-in does not end before all have come.
   *
   * @returns false if the service is closed before.
   */
  async #visited(signal: AbortSignal): Promise<boolean> {
    while (this.#present < this.#options.visitors && !signal.aborted) await pause(signal);
    return !signal.aborted;
  }

  async #oneRun(run: number, signal: AbortSignal): Promise<void> {
    const { companions, watching } = this.#parts;
    companions.begin();
    const content = bytesOf(this.modelOf(run));
    const key = await this.development.openRun({ payload: { url: `/models/${run}`, content } });
    while (!signal.aborted) {
      const outcome = await this.development.coordinator.outcome(key);
      await watching.look(key);
      if (outcome !== null) {
        this.#conclude(outcome);
        return;
      }
      if (await this.#isVisited(key)) companions.wake();
      await pause(signal);
    }
  }

  /** Companions have the lowest ids. */
  async #isVisited(key: RunKey): Promise<boolean> {
    const there = await this.#parts.store.participants(key);
    return there.some(({ certificate, status }) => certificate.id >= this.#options.companions && status !== 'left');
  }

  #conclude(outcome: Outcome): void {
    const { development, watching, models } = this.#parts;
    const { run } = outcome;
    const model = this.modelOf(run);
    if (outcome.kind === 'finished' || outcome.attempt > 0) this.#paid++;
    const spent = spentAfter(this.#paid, development.task.definition);
    if (outcome.kind === 'failed') {
      models[run] = model;
      watching.enter(run, { accuracy: null, spent });
      return;
    }
    const { mean } = outcome.result as { readonly mean: Float32Array };
    const next = model.map((parameter, i) => parameter + (mean[i] ?? NaN));
    models[run] = next;
    watching.enter(run, { accuracy: this.#accuracyOf(next), spent });
  }

  /** @param running what {@link run} has returned, if it was called. */
  async close(running?: Promise<void>): Promise<void> {
    this.#ending.abort();
    await running;
    await this.#parts.pool.end();
    await this.#parts.schema.drop();
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await sleep(LOOK, undefined, { signal }).catch(() => undefined);
}

function bytesOf(model: Model): Uint8Array {
  return new Uint8Array(model.slice().buffer);
}
