// The demo in the cases that train for long: the convolutional network, and budgets of noise that several sessions use up.
import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outputOf } from '../support/examples.ts';

describe('the demo', function () {
  this.timeout(120_000);
  let directory = '';
  before(async () => (directory = await mkdtemp(join(tmpdir(), 'secagg-demo-'))));
  after(() => rm(directory, { recursive: true }));

  it('trains a convolutional network', async () => {
    const options = ['--model', 'cnn', '--rounds', '1', '--users', '5', '--dropout', '0'];
    const output = await outputOf('mnist/main.ts', ...options, '--out', directory);
    expect(output).to.contain(
      'the secure mean equals the plain mean of these 5 updates in all 5,370 components and in the weights',
    );
    expect(output).not.to.contain('ε');
  });

  it('charges sessions that fail after updates were sent, and no others, up to the whole budget', async () => {
    // With a threshold of all five, the one that falls silent ends the session in its protocol round.
    const options = ['--users', '5', '--threshold', '5', '--dropout', '0.2', '--epsilon', '8', '--rounds', '3', '--seed', '1'];
    const output = await outputOf('mnist/main.ts', ...options, '--out', directory);
    const charged = /no sum +protocol round (\d)[^]*?privacy +([^;]+); in all, ε = ([\d.]+)/g;
    const failed = [...output.matchAll(charged)].map(([, round, why, spent]) => ({
      round: Number(round),
      why,
      spent: Number(spent),
    }));
    expect(failed).to.have.lengthOf(3);
    expect(new Set(failed.map(({ round }) => round < 2))).to.deep.equal(new Set([true, false]));
    let before = 0;
    for (const { round, why, spent } of failed) {
      const free = round < 2;
      expect(why).to.equal(free ? 'nothing was sent that costs anything' : 'updates were sent, so the worst case is charged');
      if (free) expect(spent).to.equal(before);
      else expect(spent).to.be.greaterThan(before).and.at.most(8);
      before = spent;
    }
  });

  it('spends the whole budget if no more take part than the threshold, and no more', async () => {
    const options = ['--users', '5', '--threshold', '5', '--dropout', '0', '--epsilon', '2', '--rounds', '2'];
    const output = await outputOf('mnist/main.ts', ...options, '--out', directory);
    expect(output).to.contain('ε = 2.00 of 2 spent at δ = 0.04');
    expect(output).to.contain('expect to learn little, unless more take part (--users) or ε is larger');
  });
});
