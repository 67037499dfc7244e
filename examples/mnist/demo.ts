// The demo itself: participants, training rounds, and what is printed about them.
import { PublicKeysWrapper } from 'secagg';
import { dealShards, DIGITS, DIGITS_PER_SHARD, IMAGES_PER_SHARD, readTestImages } from './data.ts';
import { planDropouts } from './dropouts.ts';
import { Classifier, type Model } from './model.ts';
import type { Options } from './options.ts';
import { Participant } from './participant.ts';
import { writePlot } from './plot.ts';
import { describeRound, Screen, tableOf, type Entry } from './report.ts';
import { Seeded } from './seeded.ts';
import { Servers } from './servers.ts';
import { encodingOf } from './terms.ts';
import { stepsOf, trainAlone, trainInTheClear, trainSecurely, type Compared } from './training.ts';

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

async function train({ users, threshold, silent, rounds, seed, out }: Options, screen: Screen, servers: Servers): Promise<void> {
  const random = new Seeded(seed);
  const classifier = await Classifier.create(seed);
  const testImages = readTestImages();
  const participants = dealShards(users, random).map((images, id) => new Participant(id, images));
  const ids = participants.map(({ id }) => id);
  const publicKeys = new PublicKeysWrapper(participants.map(({ id, publicKey }) => [id, publicKey]));
  const onStep = (what: string): Promise<void> => screen.step(what);
  const terms = { threshold, publicKeys };
  const federation = { terms, servers, participants, classifier, onStep };
  const accuraciesOf = async ({ secure, clear, alone }: Compared<Model>): Promise<Compared<number>> => ({
    secure: await classifier.accuracy(secure, testImages),
    clear: await classifier.accuracy(clear, testImages),
    alone: await classifier.accuracy(alone, testImages),
  });

  const first = classifier.model;
  const shard = `${IMAGES_PER_SHARD} images of ${DIGITS_PER_SHARD} of the ${DIGITS} digits`;
  const { bits } = encodingOf(terms, { round: 1, model: first });
  screen.print(`Federated averaging through secure aggregation
  ${users} participants, each with ${shard}; ${testImages.count.toLocaleString('en')} test images
  in each training round ${silent} of them fall silent at some point; ${borne(users, silent, threshold)}
  a model of ${first.length.toLocaleString('en')} parameters, its updates sent as integers of ${bits} bits; seed ${seed}
  ${servers.count} server processes, which keep the sessions in PostgreSQL
`);

  let models = threeTimes(first);
  const accuracies = [threeTimes(await classifier.accuracy(first, testImages))];
  const entries: Entry[] = [];
  for (let round = 1; round <= rounds; round++) {
    const task = { round, model: models.secure };
    const { outcome, model } = await trainSecurely(federation, task, planDropouts(ids, silent, random));
    models = {
      secure: model,
      clear: await trainInTheClear(federation, models.clear),
      alone: await trainAlone(federation, models.alone),
    };
    const reached = await accuraciesOf(models);
    const entry = { task, outcome, accuracies: reached };
    accuracies.push(reached);
    entries.push(entry);
    screen.print(describeRound(entry, rounds, users));
  }
  screen.close();
  console.log(tableOf(entries));
  const subtitle = `${users} participants, each with ${shard}; ${silent} fall silent in every training round`;
  console.log(`\nAccuracy against training rounds: ${await writePlot(out, accuracies, subtitle)}`);
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
