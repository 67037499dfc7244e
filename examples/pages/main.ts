// A service that people can see: a page to take part and a page to watch. `npm run service`, with `-- --help` for options.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { localPostgres } from '../../scripts/local-postgres.ts';
import { addressesOf } from './addresses.ts';
import { HELP, OptionError, readOptions } from './options.ts';
import { serverOf } from './server.ts';
import { DigitService } from './service.ts';

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
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    console.log(HELP);
    return;
  }
  const ended = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
  console.log('Starting PostgreSQL and the service …');
  console.warn = (): void => undefined; // the library says that this is a development set-up, as the pages do
  const database = await localPostgres();
  const service = await DigitService.start(database, options);
  const server = await serverOf(service);
  let running: Promise<void> | undefined;
  try {
    await server.listen({ host: options.host, port: options.port });
    console.log(whereToGo(server.server.address() as AddressInfo));
    console.log('This process is registrar, publisher and coordinator, so whoever runs it can read any input.');
    console.log(
      'Ctrl+C ends it. Its runs and its model are lost then: whoever has a page open is asked again for the next service.',
    );
    running = service.run();
    await ended;
  } finally {
    await server.close();
    await service.close(running);
    await database.stop();
  }
}

await main().catch((error: unknown) => {
  const usage = error instanceof OptionError;
  console.error(usage ? `${error.message}\nSee: npm run service -- --help` : error instanceof Error ? error.message : error);
  process.exitCode = usage ? 2 : 1;
});
