// The command as its users run it, built and in a process of its own, with output and exit code. The same function in this process
// must give the same.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runPlan } from '../../src/command/plan.ts';
import { plan } from '../../src/planner/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PACKAGE = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { version: string; bin: { secagg: string } };

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function secagg(...args: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${ROOT}${PACKAGE.bin.secagg}`, ...args], {
    encoding: 'utf8',
    env: { ...process.env, NODE_V8_COVERAGE: '' },
  });
  const ended = { code: status, out: stdout, err: stderr };
  if (args[0] === 'plan') expect({ out: '', err: '', ...runPlan(args.slice(1)) }).to.deep.equal(ended);
  return ended;
}

const BASE = ['plan', '--users', '10000', '--dropout', '0.1', '--length', '1000000'];

describe('secagg plan', () => {
  it('prints a plan as a table', () => {
    const { code, out, err } = secagg(...BASE);
    expect([code, err]).to.deep.equal([0, '']);
    for (const line of [
      /^users +10,000$/m,
      /^dropouts +1,000 \(10 %\)$/m,
      /^graph +complete, in \d+ cohorts drawn at random$/m,
      /^each sum +over \d+ honest users or more$/m,
      /^a cohort has fewer than t survivors +2\^-\d\d\.\d +2\^-20\.0$/m,
      /^round 2 +4,000,143 +/m,
      /^masks of the whole vector +/m,
    ]) {
      expect(out).to.match(line);
    }
  });

  it('prints how many neighbors a sparse graph has', () => {
    const { code, out } = secagg(...BASE, '--adversary', 'semi-honest');
    expect(code).to.equal(0);
    expect(out).to.match(/^graph +sparse graph, \d+ neighbors each, \d+ (?:\(.*\) )?of them open a secret$/m);
  });

  it('says that the complete graph leaves nothing to chance', () => {
    const { code, out } = secagg('plan', '--users', '100', '--dropout', '0', '--length', '1');
    expect(code).to.equal(0);
    expect(out).to.match(/^graph +complete$/m);
    expect(out).to.match(/^nothing that is left to chance$/m);
  });

  it('prints with --json what the planner returns, with every option', () => {
    const options = ['--bits', '20', '--corrupt', '.1', '--security', '50', '--correctness', '30', '--honest', '150'];
    const { code, out, err } = secagg(...BASE, ...options, '--graph', 'cohorts', '--adversary', 'semi-malicious', '--json');
    expect([code, err]).to.deep.equal([0, '']);
    const expected = plan({
      users: 10_000,
      dropout: 0.1,
      vecLen: 1_000_000,
      bits: 20,
      corrupt: 0.1,
      security: 50,
      correctness: 30,
      minHonest: 150,
      graph: 'cohorts',
      adversary: 'semi-malicious',
    });
    expect(JSON.parse(out)).to.deep.equal(JSON.parse(JSON.stringify(expected)));
  });

  it('ends with 1 if there is no plan, and prints requests that have one', () => {
    const args = ['plan', '--users', '200', '--dropout', '0.6', '--length', '10'];
    const { code, out, err } = secagg(...args);
    expect([code, out]).to.deep.equal([1, '']);
    expect(err).to.contain('only 80 of 200 users may remain');
    expect(err).to.match(/^ {2}--dropout 0\.474$/m);
    expect(err).to.match(/^ {2}--adversary semi-honest$/m);
    const json = secagg(...args, '--json');
    expect([json.code, json.err]).to.deep.equal([1, '']);
    const { error } = JSON.parse(json.out) as { error: { code: string; reasons: unknown[]; remedies: unknown[] } };
    expect(error.code).to.equal('ERR_SECAGG_PLAN');
    expect([error.reasons.length, error.remedies.length]).to.deep.equal([2, 2]);
    const forced = secagg(...BASE, '--graph', 'sparse');
    expect(forced.code).to.equal(1);
    expect(forced.err).to.match(/^ {2}--graph cohorts$/m);
    const hopeless = secagg('plan', '--users', '4', '--dropout', '0.5', '--length', '1', '--honest', '1000000');
    expect(hopeless.err).to.contain('no single change');
  });

  it('ends with 2 if it is used wrongly, and names the option', () => {
    for (const [args, named] of [
      [['plan'], '--users'],
      [['plan', '--users', '10', '--length', '1'], '--dropout'],
      [['plan', '--users', 'ten', '--dropout', '0', '--length', '1'], '--users'],
      [['plan', '--users', '0x10', '--dropout', '0', '--length', '1'], '--users'],
      [['plan', '--users', '10', '--dropout', '10%', '--length', '1'], '--dropout'],
      [['plan', '--users', '10', '--dropout', '1', '--length', '1'], '--dropout'],
      [['plan', '--users', '10', '--dropout', '0', '--length', '0'], '--length'],
      [['plan', '--users', '10', '--dropout', '0', '--length', '300000000'], '--length'],
      [[...BASE, '--honest', '1'], '--honest'],
      [[...BASE, '--adversary', 'evil'], '--adversary'],
      [[...BASE, '--graph', 'tree'], '--graph'],
      [[...BASE, '--neighbors', '3'], '--neighbors'],
      [[...BASE, 'more'], 'more'],
      [[...BASE, '--bits'], '--bits'],
    ] as const) {
      const { code, out, err } = secagg(...args);
      expect([code, out], args.join(' ')).to.deep.equal([2, '']);
      expect(err.split('\n')[0], args.join(' ')).to.contain(named);
    }
  }).timeout(60_000);

  it('--help names every option', () => {
    const { code, out } = secagg('plan', '--help');
    expect(code).to.equal(0);
    const options = ['users', 'dropout', 'length', 'bits', 'corrupt', 'adversary', 'security', 'correctness', 'honest', 'graph'];
    for (const option of [...options, 'json', 'help']) expect(out).to.contain(`  --${option}`);
    for (const line of out.split('\n')) expect(line.length).to.be.at.most(110);
  });
});

describe('secagg', () => {
  it('lists its commands, and refuses others', () => {
    expect(secagg('--help')).to.deep.include({ code: 0, err: '' });
    expect(secagg('--help').out).to.match(/^ {2}plan +/m);
    expect(secagg()).to.deep.include({ code: 2, out: '' });
    expect(secagg('simulat')).to.deep.include({ code: 2, out: '' });
    expect(secagg('simulat').err).to.contain("unknown command 'simulat'");
  });

  it('prints its version', () => {
    expect(secagg('--version').out).to.equal(`${PACKAGE.version}\n`);
  });
});
