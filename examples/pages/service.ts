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
import { costOf, type ReleaseCost } from 'secagg/dp';
import { PostgresCoordinatorStore, PostgresSessionHost, PostgresSessions } from 'secagg/postgres';
import type { LocalPostgres } from '../../scripts/local-postgres.ts';
import { temporarySchema, type TemporarySchema } from '../../scripts/temporary-schema.ts';
import { dealShards, readTestImages } from '../mnist/data.ts';
import type { Model } from '../mnist/models/tensors.ts';
import { PrivacyAccount } from '../mnist/privacy.ts';
import { Seeded } from '../mnist/seeded.ts';
import { Companions } from './companions.ts';
import { halved, imagesOf, type Images } from './digits.ts';
import { digitClassifier, firstModel } from './model.ts';
import { aggregateOf, budgetOf, groupOf, MOST_VISITORS, windowsOf, worstCostIn, type ServiceOptions } from './terms.ts';
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
  /** Null without noise. */
  readonly account: PrivacyAccount | null;
  /** What a run costs each participant at worst; null without noise. */
  readonly worst: ReleaseCost | null;
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
    const budget = budgetOf({ aggregate });
    const account = budget === null ? null : new PrivacyAccount(budget, group.maxUsers);
    const development = developmentService({
      ...{ aggregate, threshold: group.threshold, maxUsers: group.maxUsers, store, host },
      definition: {
        ...{ name: 'digits', group, attempts: 3, windows: windowsOf(options) },
        minUsers: options.companions + options.visitors,
      },
      listener: (event) => watching.hear(event),
    });

    const random = new Seeded(1);
    const shards = dealShards(options.companions + MOST_VISITORS, random).map(halved);
    const models = [firstModel()];
    const service = new DigitService(options, {
      ...{ pool, schema, store, development, watching, account, models },
      worst: worstCostIn(development.task.definition),
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

  get view(): ServiceView {
    const { companions, visitors, runs: planned } = this.#options;
    return {
      ...{ task: this.development.task.id, planned, companions, visitors, testImages: this.#testImages.count },
      ...{ accuracy: this.#firstAccuracy, budget: budgetOf(this.development.task.definition), runs: this.#parts.watching.runs },
    };
  }

  #accuracyOf(model: Model): number {
    return this.#classifier.accuracy(model, this.#testImages);
  }

  /** One run after the other, until the service is closed. */
  async run(): Promise<void> {
    const { signal } = this.#ending;
    const all = [this.development.coordinator.run({ signal }), this.#parts.companions.run(signal)];
    for (let run = 1; run <= this.#options.runs && !signal.aborted; run++) await this.#oneRun(run, signal);
    await Promise.all(all);
  }

  async #oneRun(run: number, signal: AbortSignal): Promise<void> {
    const { companions, watching } = this.#parts;
    companions.begin();
    const content = bytesOf(this.modelOf(run));
    const key = await this.development.openRun({ payload: { url: `/models/${run}`, content } });
    let outcome: Outcome | null = null;
    while (outcome === null && !signal.aborted) {
      await watching.look(key);
      if (await this.#isVisited(key)) companions.wake();
      outcome = await this.development.coordinator.outcome(key);
      if (outcome === null) await sleep(LOOK, undefined, { signal }).catch(() => undefined);
    }
    if (outcome !== null) this.#conclude(outcome);
  }

  /** Companions have the lowest ids. */
  async #isVisited(key: RunKey): Promise<boolean> {
    const there = await this.#parts.store.participants(key);
    return there.some(({ certificate, status }) => certificate.id >= this.#options.companions && status !== 'left');
  }

  #conclude(outcome: Outcome): void {
    const { account, worst, watching, models } = this.#parts;
    const { run } = outcome;
    const model = this.modelOf(run);
    if (outcome.kind === 'failed') {
      models[run] = model;
      // Updates may have been sent, if there was an attempt.
      if (worst !== null && outcome.attempt > 0) account?.charge(run, worst);
      watching.enter(run, { accuracy: null, spent: account?.spent ?? null });
      return;
    }
    const { mean } = outcome.result as { readonly mean: Float32Array };
    const next = model.map((parameter, i) => parameter + (mean[i] ?? NaN));
    models[run] = next;
    if (outcome.receipt !== null) account?.charge(run, costOf(outcome.receipt));
    watching.enter(run, { accuracy: this.#accuracyOf(next), spent: account?.spent ?? null });
  }

  /** @param running what {@link run} has returned. */
  async close(running: Promise<void>): Promise<void> {
    this.#ending.abort();
    await running;
    await this.#parts.pool.end();
    await this.#parts.schema.drop();
  }
}

function bytesOf(model: Model): Uint8Array {
  return new Uint8Array(model.slice().buffer);
}
