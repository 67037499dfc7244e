// The progress of a simulation: a bar with cli-progress, lines without it, nothing if there is no terminal.
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

  it('is a line for each tenth on a terminal without cli-progress', async () => {
    const { terminal, written } = screen(true);
    const progress = await progressOn(terminal, importMissing);
    for (let done = 0; done <= 40; done++) await progress.at(`user ${done}`, done, 40);
    progress.close();
    const lines = Array.from({ length: 11 }, (_, tenth) => `${10 * tenth} %  user ${4 * tenth}\n`);
    expect(written()).to.equal(lines.join(''));
  });

  it('is not shown if there is no terminal, and cli-progress is not loaded', async () => {
    const { terminal, written } = screen(false);
    const progress = await progressOn(terminal, () => expect.fail('loaded'));
    await progress.at('keys', 0, 40);
    progress.close();
    expect(written()).to.equal('');
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
