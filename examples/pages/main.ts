// A service that people can see: a page to take part and a page to watch. `npm run service`, with `-- --help` for options.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { parseArgs } from 'node:util';
import { localPostgres } from '../../scripts/local-postgres.ts';
import { addressesOf } from './addresses.ts';
import { serverOf } from './server.ts';
import { DigitService } from './service.ts';
import { groupOf, MOST_VISITORS, type ServiceOptions } from './terms.ts';

const HELP = `Starts a service whose participants train a model on digits, with a page to take part and a page to watch. Nothing of it is
kept when it ends: each start is a new task, with new keys and an untrained model.

  npm run service -- [options]

  --host ADDRESS     where the pages are; default 127.0.0.1, which only this machine reaches; 0.0.0.0 for phones in the same network
  --port PORT        default 8790
  --companions N     participants that the service plays itself, 4 to 60; default 40
  --visitors N       visitors whose pages must be open before a run begins, 1 to 10; default 1
  --dropouts N       companions that drop out in each run; default 2
  --patience N       seconds for which a round waits for participants that are missing, 1 to 60; default 6
  --runs N           runs after which the training is over; default 10
  --epsilon E        the privacy budget of each participant for all runs; default 8
  --exact            sums without noise, and without a budget
  --help`;

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8790' },
    companions: { type: 'string', default: '40' },
    visitors: { type: 'string', default: '1' },
    dropouts: { type: 'string', default: '2' },
    patience: { type: 'string', default: '6' },
    runs: { type: 'string', default: '10' },
    epsilon: { type: 'string', default: '8' },
    exact: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function numberOf(
  name: 'port' | 'companions' | 'visitors' | 'dropouts' | 'patience' | 'runs' | 'epsilon',
  least: number,
  most: number,
): number {
  const value = Number(values[name]);
  const isInside = value >= least && value <= most && (Number.isInteger(value) || name === 'epsilon');
  if (!isInside) throw new Error(`--${name}: expected a number from ${least} to ${most}, got ${values[name]}`);
  return value;
}

function readOptions(): ServiceOptions {
  const options = {
    companions: numberOf('companions', 4, 60),
    visitors: numberOf('visitors', 1, MOST_VISITORS),
    silent: numberOf('dropouts', 0, 60),
    patience: numberOf('patience', 1, 60),
    runs: numberOf('runs', 1, 100),
    epsilon: values.exact ? null : numberOf('epsilon', 0.1, 32),
  };
  const { threshold } = groupOf(options);
  const least = threshold - options.visitors;
  if (options.companions < least) throw new Error(`--companions: expected at least ${least} with this number of visitors`);
  return options;
}

/** Where browsers find the pages, in words. */
function whereToGo(listening: AddressInfo): string {
  const { here, elsewhere } = addressesOf(listening, networkInterfaces());
  const lines = [`To take part: ${here}/   To watch: ${here}/watch`];
  for (const url of elsewhere) lines.push(`On a phone in the same network: ${url}/`);
  if (elsewhere.length === 0) {
    lines.push('Only this machine reaches these pages. For a phone in the same network: npm run service -- --host 0.0.0.0');
  }
  return lines.join('\n');
}

async function main(): Promise<void> {
  const options = readOptions();
  const port = numberOf('port', 0, 65_535);
  console.log('Starting PostgreSQL and the service …');
  console.warn = (): void => undefined; // the library says that this is a development set-up, as the pages do
  const database = await localPostgres();
  const service = await DigitService.start(database, options);
  const server = await serverOf(service);
  let running: Promise<void> | undefined;
  try {
    await server.listen({ host: values.host, port });
    console.log(whereToGo(server.server.address() as AddressInfo));
    console.log('This process is registrar, publisher and coordinator, so whoever runs it can read any input.');
    console.log(
      'Ctrl+C ends it. Its runs and its model are lost then: whoever has a page open is asked again for the next service.',
    );
    running = service.run();
    await once(process, 'SIGINT');
  } finally {
    await server.close();
    await service.close(running);
    await database.stop();
  }
}

if (values.help) console.log(HELP);
else {
  await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
