// The packed package in Chromium without a bundler, by the import map of docs/runtimes.md.
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { Installation } from '../package/packed.ts';
import { bundled } from '../runtimes/bundle.ts';
import { expectAnswers } from '../runtimes/expected.ts';
import { CHROMIUM, LAUNCH } from './chromium.ts';

const DOCUMENT = readFileSync(fileURLToPath(new URL('../../docs/runtimes.md', import.meta.url)), 'utf8');

describe('in a browser without a bundler', function () {
  this.timeout(120_000);
  let installation: Installation | undefined;
  let server: Server | undefined;
  let browser: Browser | undefined;

  before(async function () {
    if (!existsSync(CHROMIUM)) {
      console.log(`    skipped: no Chromium at ${CHROMIUM} (set CHROMIUM to its path)`);
      this.skip();
    }
    const [, map] = /^```json\n(\{\n {2}"imports".*?)^```$/ms.exec(DOCUMENT) ?? [];
    if (map === undefined) throw new Error('docs/runtimes.md has no import map');
    const { folder } = (installation = new Installation());
    const script = await bundled('answers.ts', { package: 'imported' });
    const page = `<!doctype html><script type="importmap">${map}</script>`;
    server = createServer(({ url = '' }, response) => {
      const file = join(folder, url);
      const isModule = url === '/answers.js' || url.startsWith('/node_modules/');
      response.setHeader('content-type', isModule ? 'text/javascript' : 'text/html');
      if (url === '/answers.js') response.end(script);
      else if (isModule && existsSync(file)) response.end(readFileSync(file));
      else response.writeHead(isModule ? 404 : 200).end(page);
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: LAUNCH });
  });

  after(async () => {
    await browser?.close();
    server?.close();
    installation?.remove();
  });

  it('runs whole sessions: one user drops out, states go through JSON, long vectors and floats', async () => {
    const page = await browser!.newPage();
    await page.goto(`http://127.0.0.1:${(server!.address() as AddressInfo).port}/`);
    const script = `import('/answers.js').then(({ answers }) => answers()).then((given) => JSON.stringify(given))`;
    expectAnswers(await page.evaluate<string>(script));
  });
});
