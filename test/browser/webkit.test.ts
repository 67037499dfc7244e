// The built package in WebKit, whose WebCrypto refuses every secret key that begins with 0.
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { platform as node } from '../../src/platform/node.ts';
import { answersOf } from '../platform/leading-zeros.ts';
import { expectedSum } from '../runtimes/expected.ts';
import { EXAMPLE_RESULT, RUN_EXAMPLE, serveExample } from './example-page.ts';
import { servePage, type PageServer } from './pages.ts';
import { openInWebKit, READY, type DrivenPage } from './web-driver.ts';

const NEEDED = ['WebKitWebDriver', 'Xvfb'];

describe('in WebKit', function () {
  this.timeout(180_000);
  let server: PageServer | undefined;
  let page: DrivenPage | undefined;

  before(async function () {
    const missing = NEEDED.filter((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error !== undefined);
    if (missing.length > 0) {
      console.log(`    skipped: no ${missing.join(', no ')} (Debian: webkit2gtk-driver, xvfb)`);
      this.skip();
    }
    server = await servePage();
    page = await openInWebKit(server.url);
    await page.evaluate(READY);
  });

  after(async () => {
    await page?.close();
    server?.close();
  });

  for (const [users, vecLen, bits] of [
    [7, 1000, 20],
    [5, 70_000, 64],
  ] as const) {
    it(`${users} users, ${vecLen} components of ${bits} bits, one dropping out: the exact sum`, async () => {
      const sum = await page!.evaluate<string[]>(`session(${users}, ${vecLen}, ${bits})`);
      expect(sum).to.deep.equal(expectedSum(users, vecLen).map(String));
    });
  }

  it('users in workers of their own: the exact sum, and errors that reach the page', async () => {
    expect(await page!.evaluate('sessionInWorkers(1000)')).to.deep.include({ ends: [3, 3000], left: 0, round: 5 });
    const { missing } = await page!.evaluate<Record<string, unknown>>('errorsOfWorkers()');
    expect(missing).to.include({ name: 'UsageError', code: 'ERR_SECAGG_WORKER' });
  });

  it('keys, points, signatures and shares with zeros at their ends are what they are in Node', async () => {
    expect(await page!.evaluate<string[]>('engineAnswers()')).to.deep.equal(await answersOf(node));
  });

  it('the example page shows the sum of the users that stayed', async () => {
    const example = await serveExample();
    const shown = await openInWebKit(example.url);
    try {
      expect(await shown.evaluate<string[]>(RUN_EXAMPLE)).to.deep.equal(EXAMPLE_RESULT);
    } finally {
      await shown.close();
      example.close();
    }
  });
});
