// The demo itself: participants, training rounds, and what is printed about them.
import { PublicKeysWrapper } from 'secagg';
import { dealShards, DIGITS, DIGITS_PER_SHARD, IMAGES_PER_SHARD, readTestImages } from './data.ts';
import { planDropouts } from './dropouts.ts';
import { classifierOf, clipOf } from './models/architectures.ts';
import type { Model } from './models/tensors.ts';
import type { Options } from './options.ts';
import { Participant } from './participant.ts';
import { writePlot } from './plot.ts';
import { PrivacyAccount } from './privacy.ts';
import { deltaText, describeCost, describePrivacy, describeRound, Screen, tableOf, type Entry } from './report.ts';
import { Seeded } from './seeded.ts';
import { Servers } from './servers.ts';
import { stepsOf, trainAlone, trainInTheClear, trainSecurely, type Compared, type Reached } from './training.ts';
import { encodingOf } from './updates.ts';

export class Demo {
  readonly #options: Options;
  readonly #servers: Servers;
  readonly #screen: Screen;

  private constructor(options: Options, servers: Servers) {
    this.#options = options;
    this.#servers = servers;
    this.#screen = new Screen(options.rounds * stepsOf(options.users));
  }

  /** @throws OptionError if the database that DATABASE_URL names cannot be used. */
  static async start(options: Options): Promise<Demo> {
    return new Demo(options, await Servers.start(options.servers));
  }

  async run(): Promise<void> {
    const { chaos } = this.#options;
    try {
      if (chaos) this.#servers.disturb();
      await train(this.#options, this.#screen, this.#servers);
    } finally {
      this.#screen.close();
      await this.#servers.end();
    }
    const { processes, database } = this.#servers.restarts;
    if (chaos) console.log(`Meanwhile a server process was killed ${processes} times, and the database ${database} times`);
  }

  /** Cleans up before this process exits in the middle of `run`. */
  async interrupt(): Promise<void> {
    this.#screen.close();
    await this.#servers.discard();
  }
}

async function train(options: Options, screen: Screen, servers: Servers): Promise<void> {
  const { architecture, budget, users, threshold, silent, rounds, seed, out } = options;
  const random = new Seeded(seed);
  const classifier = classifierOf(architecture, budget !== null);
  const testImages = readTestImages();
  const participants = dealShards(users, random).map((images, id) => new Participant(id, images));
  const ids = participants.map(({ id }) => id);
  const publicKeys = new PublicKeysWrapper(participants.map(({ id, publicKey }) => [id, publicKey]));
  const onStep = (what: string): Promise<void> => screen.step(what);
  const account = budget === null ? null : new PrivacyAccount(budget, ids);
  const privacy = account === null ? null : { target: account.target(rounds), clip: clipOf(architecture) };
  const terms = { threshold, publicKeys, shapes: classifier.shapes, privacy };
  const federation = { terms, servers, participants, classifier, account, onStep };
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
  const { bits, privacy: noised } = encodingOf(terms, { round: 1, model: models.secure });
  const noise = noised?.noiseLength(Math.max(threshold, users - silent)) ?? 0;
  const shard = `${IMAGES_PER_SHARD} images of ${DIGITS_PER_SHARD} of the ${DIGITS} digits`;
  screen.print(`Federated averaging through secure aggregation
  ${users} participants, each with ${shard}; ${testImages.count.toLocaleString('en')} test images
  in each training round ${silent} of them ${silent === 1 ? 'falls' : 'fall'} silent at some point; ${borne(users, silent, threshold)}
  a model of ${models.secure.length.toLocaleString('en')} parameters, its updates sent as integers of ${bits} bits; seed ${seed}
  ${servers.count} server processes, which keep the sessions in PostgreSQL${describePrivacy(terms, options, noise)}
`);

  const reached = [reachedBy(models)];
  const entries: Entry[] = [];
  for (let round = 1; round <= rounds; round++) {
    const task = { round, model: models.secure };
    const { outcome, model } = await trainSecurely(federation, task, planDropouts(ids, silent, random));
    models = {
      secure: model,
      clear: await trainInTheClear(federation, models.clear),
      alone: trainAlone(federation, models.alone),
    };
    const entry = { task, outcome, ...reachedBy(models) };
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
