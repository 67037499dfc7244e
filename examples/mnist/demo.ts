// The demo itself: participants, training rounds, and what is printed about them.
import { StoreError } from 'secagg';
import { Chaos } from './chaos.ts';
import { dealShards, DIGITS, DIGITS_PER_SHARD, IMAGES_PER_SHARD, readTestImages } from './data.ts';
import { planDropouts } from './dropouts.ts';
import { classifierOf, clipOf } from './models/architectures.ts';
import type { Classifier } from './models/classifier.ts';
import type { Model } from './models/tensors.ts';
import { OptionError, type Options } from './options.ts';
import { Participant } from './participant.ts';
import { writePlot } from './plot.ts';
import { PrivacyAccount } from './privacy.ts';
import { deltaText, describeCost, describePrivacy, describeRound, modelName, Screen, tableOf, type Entry } from './report.ts';
import { Seeded } from './seeded.ts';
import { Service } from './service.ts';
import { exactly, withNoise, type Summing } from './task.ts';
import { stepsOf, trainAlone, trainInTheClear, trainSecurely, type Compared, type Reached } from './training.ts';

/** What the demo trains, and how updates are summed. */
interface Setting {
  readonly classifier: Classifier;
  readonly summing: Summing;
  /** Null if updates have no noise. */
  readonly account: PrivacyAccount | null;
  readonly service: Service;
}

export class Demo {
  readonly #options: Options;
  readonly #setting: Setting;
  readonly #screen: Screen;

  private constructor(options: Options, setting: Setting) {
    this.#options = options;
    this.#setting = setting;
    this.#screen = new Screen(options.rounds * stepsOf(options.users));
  }

  /** @throws OptionError if the database that DATABASE_URL names cannot be used. */
  static async start(options: Options): Promise<Demo> {
    const { architecture, budget, users, threshold, rounds, servers } = options;
    const classifier = classifierOf(architecture, budget !== null);
    const terms = { shapes: classifier.shapes, users, threshold };
    const clip = clipOf(architecture);
    const summing = budget === null ? exactly(terms) : withNoise(terms, { target: { ...budget, releases: rounds }, clip });
    const account = summing.budget === null ? null : new PrivacyAccount(summing.budget, users);
    const service = await Service.start(servers, { ...terms, summing, rounds, budget }).catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error;
      throw new OptionError(`DATABASE_URL: ${error.cause instanceof Error ? error.cause.message : error.message}`);
    });
    return new Demo(options, { classifier, summing, account, service });
  }

  async run(): Promise<void> {
    const { chaos } = this.#options;
    const { service } = this.#setting;
    const disturbing = chaos ? new Chaos(service) : null;
    try {
      await train(this.#options, this.#screen, this.#setting);
    } finally {
      this.#screen.close();
      await disturbing?.end();
      await service.end();
    }
    if (disturbing === null) return;
    const { kills } = service.servers.processes;
    console.log(`Meanwhile a server process was killed ${kills} times, and the database ${disturbing.crashes} times`);
  }

  /** Cleans up before this process exits in the middle of `run`. */
  async interrupt(): Promise<void> {
    this.#screen.close();
    await this.#setting.service.servers.schema.drop();
  }
}

async function train(options: Options, screen: Screen, { classifier, summing, account, service }: Setting): Promise<void> {
  const { budget, users, threshold, silent, rounds, seed, servers, out } = options;
  const random = new Seeded(seed);
  const testImages = readTestImages();
  const onStep = (what: string): Promise<void> => screen.step(what);
  const onTraining = (id: number): Promise<void> => onStep(`participant ${id} trains`);
  const participants = await Promise.all(
    dealShards(users, random).map(async (images, id) => {
      return new Participant(await service.register(id), { images, classifier, onTraining });
    }),
  );
  const ids = [...participants.keys()];
  const federation = { service, summing, threshold, participants, account, onStep };
  // The three ways start from one model, and keep theirs if there is no sum.
  const known = new WeakMap<Model, number>();
  const accuracyOf = (model: Model): number => {
    const accuracy = known.get(model) ?? classifier.accuracy(model, testImages);
    known.set(model, accuracy);
    return accuracy;
  };
  const reachedBy = ({ secure, clear, alone }: Compared<Model>): Reached => ({
    accuracies: { secure: accuracyOf(secure), clear: accuracyOf(clear), alone: accuracyOf(alone) },
    spent: account?.spent ?? null,
  });

  let models = threeTimes(classifier.initial(random));
  const shard = `${IMAGES_PER_SHARD} images of ${DIGITS_PER_SHARD} of the ${DIGITS} digits`;
  screen.print(`Federated averaging through secure aggregation
  ${users} participants, each with ${shard}; ${testImages.count.toLocaleString('en')} test images
  in each training round ${silent} of them ${silent === 1 ? 'falls' : 'fall'} silent at some point; ${borne(users, silent, threshold)}
  a model of ${models.secure.length.toLocaleString('en')} parameters, its updates sent as integers of ${summing.bits} bits; seed ${seed}
  ${servers} server ${servers === 1 ? 'process' : 'processes'}, each with a coordinator that keeps runs and sessions in PostgreSQL${describePrivacy(options, summing)}
`);

  const reached = [reachedBy(models)];
  const entries: Entry[] = [];
  for (let run = 1; run <= rounds; run++) {
    const task = { run, model: models.secure };
    // The baseline is trained while participants wait for the servers.
    const [{ result, model }, clear] = await Promise.all([
      trainSecurely(federation, task, planDropouts(ids, silent, random)),
      trainInTheClear(federation, models.clear),
    ]);
    models = { secure: model, clear, alone: trainAlone(federation, models.alone) };
    const entry = { run, model: modelName(task.model), result, ...reachedBy(models) };
    reached.push(entry);
    entries.push(entry);
    screen.print(describeRound(entry, options));
  }
  screen.close();
  console.log(tableOf(entries));
  const noiseText =
    budget === null ? '' : `\nnoise for differential privacy: ε is at most ${budget.epsilon} at δ = ${deltaText(budget)}`;
  const subtitle = `${users} participants, each with ${shard}; ${silent} ${silent === 1 ? 'falls' : 'fall'} silent in every training round${noiseText}`;
  console.log(`\nAccuracy against training rounds: ${await writePlot(out, reached, subtitle)}`);
  if (budget !== null) console.log(describeCost(entries, budget));
}

function borne(users: number, silent: number, threshold: number): string {
  const most = users - threshold;
  if (silent <= most) return `with a threshold of ${threshold}, up to ${most} may`;
  const share = Math.floor((100 * most) / users) / 100;
  return `with a threshold of ${threshold}, only ${most} may: there will be no sum (--dropout ${share} gives one)`;
}

function threeTimes<T>(value: T): Compared<T> {
  return { secure: value, clear: value, alone: value };
}
