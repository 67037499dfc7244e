// The built package in a real browser: bundled by esbuild for browsers, as an application would, and run in Chromium.
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { chromium, type Browser, type Page } from 'playwright-core';
import { platform as node } from '../../src/platform/node.ts';
import { answersOf } from '../platform/leading-zeros.ts';
import { expectAnswers, expectedSum } from '../runtimes/expected.ts';
import { CHROMIUM, LAUNCH } from './chromium.ts';
import type { SessionInWorkers } from './user-worker-page.ts';
import { EXAMPLE_RESULT, RUN_EXAMPLE, serveExample } from './example-page.ts';
import { servePage, type PageServer } from './pages.ts';

declare const session: (users: number, vecLen: number, bits: number) => Promise<string[]>;
declare const engineAnswers: () => Promise<string[]>;
declare const sessionInWorkers: (vecLen: number) => Promise<SessionInWorkers>;
declare const errorsOfWorkers: () => Promise<Record<string, unknown>>;

describe('in a browser', function () {
  this.timeout(120_000);
  let browser: Browser;
  let server: PageServer | undefined;
  let page: Page;
  const problems: string[] = [];

  before(async function () {
    if (!existsSync(CHROMIUM)) {
      console.log(`    skipped: no Chromium at ${CHROMIUM} (set CHROMIUM to its path)`);
      this.skip();
    }
    server = await servePage();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: LAUNCH });
    page = await browser.newPage();
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(server.url);
    await page.waitForFunction(() => 'session' in globalThis && 'engineAnswers' in globalThis);
  });

  after(async () => {
    await (browser as Browser | undefined)?.close();
    server?.close();
  });

  for (const [users, vecLen, bits] of [
    [4, 3, 32],
    [7, 1000, 20],
    [5, 33, 64],
    [5, 70_000, 9],
  ] as const) {
    it(`${users} users, ${vecLen} components of ${bits} bits, one dropping out: the exact sum`, async () => {
      const sum = await page.evaluate((given) => session(given[0], given[1], given[2]), [users, vecLen, bits] as const);
      expect(sum).to.deep.equal(expectedSum(users, vecLen).map(String));
      expect(problems).to.deep.equal([]);
    });
  }

  it('keys, points, signatures and shares with zeros at their ends are what they are in Node', async () => {
    expect(await page.evaluate(() => engineAnswers())).to.deep.equal(await answersOf(node));
  });

  it('users in workers of their own: the exact sum, states that go to other workers, and a vector that is transferred', async () => {
    const session = await page.evaluate(() => sessionInWorkers(1000));
    expect(session).to.deep.equal({
      ends: [3, 3 * 999 + 3],
      left: 0,
      events: Array.from({ length: 5 }, () => 'round-answered'),
      round: 5,
    });
    expect(problems).to.deep.equal([]);
  });

  it('errors of a user in a worker reach the page with their class, code and fields', async () => {
    const { option, component, callable, early, ...others } = await page.evaluate(() => errorsOfWorkers());
    expect(option).to.include({ name: 'TypeError', secagg: false });
    expect(component).to.include({ name: 'RangeError', secagg: false });
    expect(callable).to.include({ name: 'TypeError', secagg: false });
    expect(early).to.include({ name: 'DecodeError', secagg: true, code: 'ERR_SECAGG_DECODE' });
    const ended = { name: 'UsageError', secagg: true, code: 'ERR_SECAGG_WORKER' };
    expect(others).to.deep.equal({
      missing: ended,
      stranger: ended,
      ends: ended,
      abort: true,
      afterAbort: true,
      abandoned: { name: 'UsageError', secagg: true, code: 'ERR_SECAGG_FAILED', cause: 'ERR_SECAGG_ABANDONED' },
      terminated: ended,
    });
  });

  it('a worker of the page runs whole sessions: one user drops out, states go through JSON, long vectors and floats', async () => {
    const script = `new Promise((resolve, reject) => {
      const worker = new Worker('/worker.js', { type: 'module' });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    })`;
    expectAnswers(await page.evaluate<string>(script));
  });

  it('the example page shows the sum of the users that stayed', async () => {
    const example = await serveExample();
    const shown = await browser.newPage();
    try {
      await shown.goto(example.url);
      expect(await shown.evaluate<string[]>(RUN_EXAMPLE)).to.deep.equal(EXAMPLE_RESULT);
    } finally {
      await shown.close();
      example.close();
    }
  });
});
