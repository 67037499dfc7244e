// Every example, run as a reader would: its own process, against the built package.
import { expect } from 'chai';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CHILD = { cwd: new URL('../..', import.meta.url), env: { ...process.env, NODE_V8_COVERAGE: '' } };

/** What follows `node` to run an example. */
function argumentsFor(example: string, ...options: string[]): string[] {
  return ['--import', 'tsx', `examples/${example}`, ...options];
}

async function outputOf(example: string, ...options: string[]): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, argumentsFor(example, ...options), CHILD);
  expect(stderr).to.equal('');
  return stdout;
}

/** As few participants as can lose one in each of the five protocol rounds. */
const SMALL = ['--users', '12', '--threshold', '7', '--dropout', '0.42'];

describe('examples', () => {
  it('quickstart', async () => {
    expect(await outputOf('quickstart.ts')).to.contain('[ 0, 1, 2 ] is Int32Array(2) [ 111, 222 ]');
  });

  it('late-input', async () => {
    expect(await outputOf('late-input.ts')).to.contain('sum Int32Array(4) [ 4, 4, 4, 10 ]');
  });

  it('restart', async () => {
    expect(await outputOf('restart.ts')).to.contain('sum Int32Array(2) [ 1111, 2222 ]');
  });

  it('http', async () => {
    expect(await outputOf('http.ts')).to.contain('sum of users 0,1,2 is 111');
  });

  it('metrics', async () => {
    expect(await outputOf('metrics.ts')).to.contain('secagg_server_dropped_users_total{reason="no-signature"} 1');
  });

  describe('mnist', function () {
    this.timeout(120_000);
    let directory = '';
    before(async () => (directory = await mkdtemp(join(tmpdir(), 'secagg-demo-'))));
    after(() => rm(directory, { recursive: true }));

    it('adds up securely what the survivors sent, and draws the accuracy', async () => {
      const output = await outputOf('mnist/main.ts', '--rounds', '1', ...SMALL, '--out', directory);
      const silent = [0, 1, 2, 3, 4].map((round) => `participant \\d+ in round ${round}`).join(', ');
      expect(output).to.match(new RegExp(`fell silent +${silent}\n`));
      expect(output).to.contain('the secure sum equals the plain sum of these 9 updates in all 25,450 components');
      expect(output, 'no escape codes away from a terminal').not.to.contain('\u001b');
      const picture = join(directory, 'mnist-accuracy.svg');
      expect(output).to.contain(picture);
      expect(await readFile(picture, 'utf8'))
        .to.match(/^<svg /)
        .and.to.contain('secure aggregation');
    });

    it('does so too while server processes and the database are killed', async () => {
      const output = await outputOf('mnist/main.ts', '--rounds', '1', '--users', '6', '--chaos', '--out', directory);
      expect(output).to.match(/the secure sum equals the plain sum of these \d updates/);
      expect(output).to.match(/a server process was killed \d+ times, and the database \d+ times/);
    });

    it('survives a session that too few answered', async () => {
      const output = await outputOf('mnist/main.ts', '--rounds', '1', '--users', '3', '--dropout', '0.34', '--out', directory);
      expect(output).to.match(/no sum +protocol round \d heard 2 participants and needs 3/);
    });

    it('refuses a threshold that does not exceed half of the users', async () => {
      const refused = run(process.execPath, argumentsFor('mnist/main.ts', '--threshold', '10'), CHILD);
      const error = await refused.then(
        () => null,
        (reason: unknown) => reason as { code: number; stderr: string },
      );
      expect(error?.code).to.equal(2);
      expect(error?.stderr).to.match(/^--threshold: .*\nSee: .*\n$/);
    });

    it('ends on Ctrl-C', async () => {
      const demo = spawn(process.execPath, argumentsFor('mnist/main.ts', '--out', directory), CHILD);
      let errors = '';
      demo.stderr.on('data', (text: Buffer) => (errors += text.toString()));
      demo.stdout.once('data', () => demo.kill('SIGINT'));
      const [code] = (await once(demo, 'close')) as [number | null];
      expect(code).to.equal(130);
      expect(errors).to.equal('interrupted\n');
    });
  });
});
