// The built package in Firefox: sessions in the page, and users in workers while the page stays free.
import { expect } from 'chai';
import { platform as node } from '../../src/platform/node.ts';
import { answersOf } from '../platform/leading-zeros.ts';
import { expectAnswers, expectedSum } from '../runtimes/expected.ts';
import { missingFirefox, openInFirefox } from './firefox.ts';
import { EXAMPLE_RESULT, RUN_EXAMPLE, serveExample } from './example-page.ts';
import { servePage, type PageServer } from './pages.ts';
import { READY, type DrivenPage } from './web-driver.ts';

describe('in Firefox', function () {
  this.timeout(300_000);
  let server: PageServer | undefined;
  let page: DrivenPage | undefined;

  before(async function () {
    const missing = missingFirefox();
    if (missing !== null) {
      console.log(`    skipped: ${missing}`);
      this.skip();
    }
    server = await servePage("script-src 'self' 'wasm-unsafe-eval'");
    page = await openInFirefox(server.url);
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

  it('keys, points, signatures and shares with zeros at their ends are what they are in Node', async () => {
    expect(await page!.evaluate<string[]>('engineAnswers()')).to.deep.equal(await answersOf(node));
  });

  it('a worker of the page runs whole sessions: one user drops out, states go through JSON, long vectors and floats', async () => {
    expectAnswers(
      await page!.evaluate<string>(`new Promise((resolve, reject) => {
        const worker = new Worker('/worker.js', { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      })`),
    );
  });

  it('a page stands still for less than 50 ms in each call of a user but fromState with 2^22 components, and while a worker makes it', async () => {
    const runs: Record<string, number>[] = [];
    for (let i = 0; i < 3; i++) {
      const before = await page!.evaluate<number>('Promise.resolve(busyFactor())');
      const pauses = await page!.evaluate<Record<string, number>>('pausesOf(2 ** 22, 32)');
      const encoding = await page!.evaluate<Record<string, number>>('encodingPauses(2 ** 22)');
      const inWorker = await page!.evaluate<number>('longRoundInWorker(2 ** 22)');
      const after = await page!.evaluate<number>('Promise.resolve(busyFactor())');
      runs.push({ ...pauses, ...encoding, 'in a worker': inWorker, busy: (before + after) / 2 });
    }
    const median = (name: string): number => runs.map((run) => run[name]!).sort((a, b) => a - b)[1]!;
    // A timer also waits while other programs have the processor.
    const busy = median('busy');
    console.log(`      busy: ${busy.toFixed(2)}`);
    for (const name of [
      'setVector',
      'user, round 2',
      'user, serializeState',
      'user, fromState',
      'server, recvAsync of round 2',
      'decode',
      'in a worker',
    ]) {
      console.log(`      ${name}: ${median(name)} ms, on an idle machine about ${(median(name) / busy).toFixed(0)} ms`);
      // Of fromState, the base64 of Firefox alone takes 31 to 46 ms.
      expect(median(name) / busy, name).to.be.below(name === 'user, fromState' ? 67 : 50);
    }
  });

  it('users in workers of their own: the exact sum, and errors that reach the page', async () => {
    expect(await page!.evaluate('sessionInWorkers(1000)')).to.deep.include({ ends: [3, 3000], left: 0, round: 5 });
    const { missing, early, abort } = await page!.evaluate<Record<string, unknown>>('errorsOfWorkers()');
    expect(missing).to.include({ name: 'UsageError', code: 'ERR_SECAGG_WORKER' });
    expect(early).to.include({ name: 'DecodeError', code: 'ERR_SECAGG_DECODE' });
    expect(abort).to.equal(true);
  });

  it('the example page shows the sum of the users that stayed', async () => {
    const example = await serveExample();
    const shown = await openInFirefox(example.url);
    try {
      expect(await shown.evaluate<string[]>(RUN_EXAMPLE)).to.deep.equal(EXAMPLE_RESULT);
    } finally {
      await shown.close();
      example.close();
    }
  });
});
