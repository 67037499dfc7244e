// The progress of a simulation: a bar on a terminal with cli-progress, lines without it and in a file.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { progressOn, type Terminal } from '../../src/command/simulation/progress.ts';

const MISSING = 'cli-progress-that-nobody-installed';
const importMissing = (): Promise<never> => import(MISSING) as Promise<never>;

interface Screen {
  readonly terminal: Terminal;
  readonly written: () => string;
}

function screen(isTTY: boolean): Screen {
  const chunks: string[] = [];
  const stream = new PassThrough().on('data', (chunk: Buffer) => chunks.push(String(chunk)));
  return { terminal: Object.assign(stream, { isTTY, columns: 100 }), written: () => chunks.join('') };
}

describe('the progress of a simulation', () => {
  it('is a bar on a terminal, which is taken away at the end', async () => {
    const { terminal, written } = screen(true);
    const progress = await progressOn(terminal);
    await progress.at('keys', 0, 40);
    await progress.at('round 0', 40, 40);
    progress.close();
    expect(written()).to.match(/ 0 % {2}keys/);
    expect(written().endsWith('\x1B[2K')).to.equal(true);
  });

  for (const [where, isTTY, load] of [
    ['on a terminal without cli-progress', true, importMissing],
    ['in a file, for which cli-progress is not loaded', false, () => expect.fail('loaded')],
  ] as const) {
    it(`is a line for each tenth ${where}`, async () => {
      const { terminal, written } = screen(isTTY);
      const progress = await progressOn(terminal, load);
      for (let done = 0; done <= 40; done++) await progress.at(`user ${done}`, done, 40);
      progress.close();
      const lines = Array.from({ length: 11 }, (_, tenth) => `${10 * tenth} %  user ${4 * tenth}\n`);
      expect(written()).to.equal(lines.join(''));
    });
  }

  it('is in a file as soon as a tenth is done', async () => {
    const { terminal, written } = screen(false);
    const progress = await progressOn(terminal);
    await progress.at('keys', 0, 40);
    expect(written()).to.equal('0 %  keys\n');
    await progress.at('round 0', 4, 40);
    expect(written()).to.equal('0 %  keys\n10 %  round 0\n');
  });

  it('fails if cli-progress is there but cannot be loaded', async () => {
    const broken = new SyntaxError('unexpected token');
    const error: unknown = await progressOn(screen(true).terminal, () => Promise.reject(broken)).catch((e: unknown) => e);
    expect(error).to.equal(broken);
  });
});

describe('the built command', function () {
  this.timeout(60_000);

  it('runs on a system without cli-progress', () => {
    const hooks = `export const resolve = (name, context, next) => {
      if (name === 'cli-progress') throw Object.assign(new Error('not installed'), { code: 'ERR_MODULE_NOT_FOUND' });
      return next(name, context);
    };`;
    const register = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hooks))});`;
    const main = fileURLToPath(new URL('../../dist/command/main.js', import.meta.url));
    // A stream that says it is a terminal, as this process has none to give.
    const terminal = 'process.stderr.isTTY = true;';
    const args = ['--import', dataUrl(register + terminal), main, 'simulate'];
    const options = ['--users', '5', '--dropout', '0', '--corrupt', '0', '--length', '1'];
    const env = { ...process.env, NODE_V8_COVERAGE: '' };
    const { status, stderr } = spawnSync(process.execPath, [...args, ...options], { encoding: 'utf8', env });
    expect(status, stderr).to.equal(0);
    expect(stderr).to.match(/^0 % {2}keys\n(\d+ % {2}.+\n)+100 % {2}.+\n$/);
  });
});

const dataUrl = (program: string): string => `data:text/javascript,${encodeURIComponent(program)}`;
