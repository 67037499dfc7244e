// Federated averaging of a digit classifier through secure aggregation: `npm run demo`, with `-- --help` for options.
//
// Where to look: service.ts is what an application does with a service, participant.ts and server-process.ts are its two ends, task.ts is
// what is summed, training.ts shows what goes in and what comes out, turns.ts lets time pass. The rest is the application, here a toy.
//
// This file reads the options. models/ has the networks that are trained.
import { Demo } from './demo.ts';
import { help, OptionError, prepareFolder, readOptions } from './options.ts';

/** After a signal, errors come from work that was cut short. */
let interrupted = false;
let demo: Demo | null = null;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    console.log(help(process.stdout.columns));
    return;
  }
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => {
      interrupted = true;
      void (demo?.interrupt() ?? Promise.resolve()).finally(() => process.exit(status));
      console.error('interrupted');
    });
  }
  await prepareFolder(options.out);
  const given = process.env.DATABASE_URL;
  const database = given === undefined || given === '' ? 'Starting PostgreSQL' : 'Connecting to the database of DATABASE_URL';
  console.log(`${database}, and starting ${options.servers} server processes …\n`);
  demo = await Demo.start(options);
  await demo.run();
}

function report(error: unknown): void {
  if (interrupted) return;
  const usage = error instanceof OptionError;
  console.error(usage ? `${error.message}\nSee: npm run demo -- --help` : error);
  process.exitCode = usage ? 2 : 1;
}

await main().catch(report);
