// The built package in a real browser: bundled by esbuild for browsers, as an application would, and run in Chromium.
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect } from 'chai';
import { chromium, type Browser, type Page } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const PAGE = fileURLToPath(new URL('./page.ts', import.meta.url));

declare const session: (users: number, vecLen: number, bits: number) => Promise<string[]>;

describe('in a browser', function () {
  this.timeout(120_000);
  let browser: Browser;
  let server: Server;
  let page: Page;
  const problems: string[] = [];

  before(async function () {
    if (!existsSync(CHROMIUM)) {
      console.log(`    skipped: no Chromium at ${CHROMIUM} (set CHROMIUM to its path)`);
      this.skip();
    }
    const bundle = await build({
      entryPoints: [PAGE],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      logLevel: 'error',
    });
    const script = bundle.outputFiles[0]!.text;
    server = createServer((request, response) => {
      response.setHeader('content-type', request.url === '/page.js' ? 'text/javascript' : 'text/html');
      // No script but our own, and none made from strings: what a careful application allows.
      response.setHeader('content-security-policy', "default-src 'self'");
      response.end(request.url === '/page.js' ? script : '<!doctype html><script type="module" src="/page.js"></script>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--no-first-run'],
    });
    page = await browser.newPage();
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => 'session' in globalThis);
  });

  after(async () => {
    await (browser as Browser | undefined)?.close();
    (server as Server | undefined)?.close();
  });

  for (const [users, vecLen, bits] of [
    [4, 3, 32],
    [7, 1000, 20],
    [5, 33, 64],
    [5, 70_000, 9],
  ] as const) {
    it(`${users} users, ${vecLen} components of ${bits} bits, one dropping out: the exact sum`, async () => {
      const sum = await page.evaluate((given) => session(given[0], given[1], given[2]), [users, vecLen, bits] as const);
      const ids = Array.from({ length: users - 1 }, (_, i) => i + 1);
      const expected = Array.from({ length: vecLen }, (_, j) => ids.reduce((total, id) => total + id * 3 - (j % 7), 0));
      expect(sum).to.deep.equal(expected.map(String));
      expect(problems).to.deep.equal([]);
    });
  }
});
