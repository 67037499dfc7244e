// Every example, run as a reader would: its own process, against the built package.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argumentsFor, CHILD, outputOf, run } from '../support/examples.ts';

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

  it('pet: one round over HTTP', async () => {
    expect(await outputOf('pet/main.ts')).to.contain('the mean is Float32Array(2) [ 0.5, -0.25 ]');
  });

  it('service: a server and three participants over HTTP, in 30 and 15 lines', async () => {
    for (const [file, most] of [
      ['server.ts', 30],
      ['participant.ts', 15],
    ] as const) {
      const lines = (await readFile(new URL(`examples/service/${file}`, CHILD.cwd), 'utf8')).split('\n');
      const code = lines.filter((line) => line !== '' && !line.startsWith('//'));
      expect(code.length, file).to.be.at.most(most);
    }
    const port = String(20_000 + (process.pid % 20_000));
    const server = spawn(process.execPath, argumentsFor('service/server.ts', '1', port), CHILD);
    let output = '';
    server.stdout.on('data', (text: Buffer) => (output += text.toString()));
    await once(server.stdout, 'data');
    const participants = [0, 1, 2].map((id) =>
      spawn(process.execPath, argumentsFor('service/participant.ts', String(id), port), CHILD),
    );
    for (const process of [...participants, server]) {
      const [code] = process.exitCode === null ? ((await once(process, 'close')) as [number | null]) : [process.exitCode];
      expect(code).to.equal(0);
    }
    expect(output).to.match(/run 1: mean over 3 participants \{ mean: Float32Array\(2\) \[ 40[01](\.\d+)?, (29|30)(\.\d+)? \]/);
  }).timeout(60_000);

  describe('mnist', function () {
    this.timeout(120_000);
    let directory = '';
    before(async () => (directory = await mkdtemp(join(tmpdir(), 'secagg-demo-'))));
    after(() => rm(directory, { recursive: true }));

    it('adds up securely what the survivors sent, and draws the accuracy', async () => {
      const output = await outputOf('mnist/main.ts', '--rounds', '1', ...SMALL, '--out', directory);
      const silent = [0, 1, 2, 3, 4].map((round) => `participant \\d+ in round ${round}`).join(', ');
      expect(output).to.match(new RegExp(`fell silent +${silent}\n`));
      expect(output).to.contain(
        'the secure mean equals the plain mean of these 9 updates in all 25,450 components and in the weights',
      );
      expect(output, 'no escape codes away from a terminal').not.to.contain('\u001b');
      const picture = join(directory, 'mnist-accuracy.svg');
      expect(output).to.contain(picture);
      expect(await readFile(picture, 'utf8'))
        .to.match(/^<svg /)
        .and.to.contain('secure aggregation');
    });

    it('adds noise, and tells what each sum has cost, and all together', async () => {
      const options = ['--epsilon', '8', '--rounds', '2', '--users', '10', '--threshold', '7', '--dropout', '0.3'];
      const output = await outputOf('mnist/main.ts', ...options, '--out', directory);
      expect(
        output.match(/differs from the plain mean of these \d+ updates by noise of 0\.\d+ in all 25,450 components/g),
      ).to.have.lengthOf(2);
      const charged = /this sum alone costs ε = ([\d.]+); in all, ε = ([\d.]+) of 8 is spent/g;
      const costs = [...output.matchAll(charged)].map(([, alone, inAll]) => ({ alone: Number(alone), inAll: Number(inAll) }));
      expect(costs).to.have.lengthOf(2);
      const [first, second] = costs as [(typeof costs)[number], (typeof costs)[number]];
      expect(first.alone).to.be.greaterThan(1).and.at.most(first.inAll);
      expect(second.inAll).to.be.greaterThan(first.inAll).and.lessThan(8);
      expect(second.inAll, 'less than the sum of both').to.be.lessThan(first.inAll + second.alone);
      expect(output).to.match(
        new RegExp(`ε = ${second.inAll.toFixed(2)} of 8 spent at δ = 0.01\naccuracy [\\d.]+ % with noise, `),
      );
      const table = output.split('\n').filter((line) => /^ +\d+ +[\d.]+ % /.test(line));
      const spent = table.map((line) => Number(/% +([\d.]+) {2}\d/.exec(line)?.[1]));
      expect(spent).to.deep.equal([first.inAll, second.inAll]);
      expect(table.every((line) => line.length <= 80)).to.equal(true);
      const picture = await readFile(join(directory, 'mnist-accuracy.svg'), 'utf8');
      expect(picture).to.contain(`ε = ${second.inAll.toFixed(1)}`);
    });

    it('adds up while server processes and the database are killed', async () => {
      const output = await outputOf('mnist/main.ts', '--rounds', '1', '--users', '6', '--chaos', '--out', directory);
      expect(output).to.match(/the secure mean equals the plain mean of these \d updates/);
      expect(output).to.match(/a server process was killed \d+ times, and the database \d+ times/);
    });

    it('survives a session that too few answered', async () => {
      const output = await outputOf('mnist/main.ts', '--rounds', '1', '--users', '3', '--dropout', '0.34', '--out', directory);
      expect(output).to.match(/no sum +protocol round \d heard 2 participants and needs 3/);
    });

    for (const [what, options] of [
      ['a threshold that does not exceed half of the users', ['--threshold', '10']],
      ['an ε of 0', ['--epsilon', '0']],
      ['an ε that is no number', ['--epsilon', 'abc']],
      ['an ε that promises nothing', ['--epsilon', '33']],
      ['a δ of 1', ['--delta', '1', '--epsilon', '8']],
      ['a δ without ε', ['--delta', '0.001']],
      ['a model that it does not know', ['--model', 'unknown']],
    ] as const) {
      it(`refuses ${what}`, async () => {
        const refused = run(process.execPath, argumentsFor('mnist/main.ts', ...options), CHILD);
        const error = await refused.then(
          () => null,
          (reason: unknown) => reason as { code: number; stderr: string },
        );
        expect(error?.code).to.equal(2);
        expect(error?.stderr).to.match(new RegExp(`^${options[0]}: .*\nSee: .*\n$`));
      });
    }

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
