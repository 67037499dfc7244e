// Federated averaging of a digit classifier through secure aggregation: `npm run demo`, with `-- --help` for options.
//
// participant.ts and aggregation.ts are the two sides that an application embeds, terms.ts has what they agree on, and training.ts
// shows inputs and results. The rest is the application, which is a toy here.
import { PublicKeysWrapper } from 'secagg';
import { dealShards, DIGITS, DIGITS_PER_SHARD, IMAGES_PER_SHARD, readTestImages } from './data.ts';
import { planDropouts } from './dropouts.ts';
import { Classifier, type Model } from './model.ts';
import { HELP, OptionError, readOptions, type Options } from './options.ts';
import { Participant } from './participant.ts';
import { writePlot } from './plot.ts';
import { describeRound, Screen, tableOf, type Entry } from './report.ts';
import { Seeded } from './seeded.ts';
import { Servers } from './servers.ts';
import { encodingOf } from './terms.ts';
import { stepsOf, trainAlone, trainInTheClear, trainSecurely, type Compared } from './training.ts';

async function demo({ users, threshold, dropout, rounds, seed, out }: Options, screen: Screen, servers: Servers): Promise<void> {
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

  const silent = Math.round(dropout * users);
  const bearable = users - silent >= threshold;
  const first = classifier.model;
  const shard = `${IMAGES_PER_SHARD} images of ${DIGITS_PER_SHARD} of the ${DIGITS} digits`;
  const { bits } = encodingOf(terms, { round: 1, model: first });
  screen.print(`Federated averaging through secure aggregation
  ${users} participants, each with ${shard}; ${testImages.count.toLocaleString('en')} test images
  in each training round ${silent} of them fall silent, ${bearable ? 'which' : 'more than'} a threshold of ${threshold} bears
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

function threeTimes<T>(value: T): Compared<T> {
  return { secure: value, clear: value, alone: value };
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    console.log(HELP);
    return;
  }
  const screen = new Screen(options.rounds * stepsOf(options.users));
  process.once('SIGINT', () => {
    screen.close();
    console.error('interrupted');
    process.exit(130);
  });
  const servers = await Servers.start(options.servers);
  try {
    if (options.chaos) servers.disturb();
    await demo(options, screen, servers);
  } finally {
    screen.close();
    await servers.end();
  }
  const { processes, database } = servers.restarts;
  if (options.chaos) {
    console.log(`Meanwhile a server process was killed ${processes} times, and the database ${database} times`);
  }
}

try {
  await main();
} catch (error) {
  const usage = error instanceof OptionError;
  console.error(usage ? `${error.message}\nSee: npm run demo -- --help` : error);
  process.exitCode = usage ? 2 : 1;
}
