// The built package in WebKit, whose WebCrypto refuses every secret key that begins with 0.
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { platform as node } from '../../src/platform/node.ts';
import { answersOf } from '../platform/leading-zeros.ts';
import { expectedSum } from '../runtimes/expected.ts';
import { servePage, type PageServer } from './pages.ts';
import { openInWebKit, type DrivenPage } from './web-driver.ts';

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
    await page.evaluate(
      `new Promise((resolve) => { const wait = () => 'session' in globalThis && 'engineAnswers' in globalThis ? resolve(0) : setTimeout(wait, 50); wait(); })`,
    );
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

  it('keys, points, signatures and shares with zeros at their ends are what they are in Node', async () => {
    expect(await page!.evaluate<string[]>('engineAnswers()')).to.deep.equal(await answersOf(node));
  });
});
