// The command's simulations: they print what happened, their sums are right whatever goes wrong on the way, and they report what
// must never happen. Most run in this process; the last one runs the built command as its users do.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { runSimulate } from '../../src/command/simulate.ts';
import type { Report } from '../../src/command/simulation/report.ts';
import { messageSizes, ServerWrapper } from '../../src/index.ts';
import { SumOutput } from '../../src/server/output.ts';
import { plan } from '../../src/planner/index.ts';

const MAIN = fileURLToPath(new URL('../../dist/command/main.js', import.meta.url));

async function run(line: string): Promise<{ code: number; out: string; err: string; drawn: string }> {
  const terminal = new PassThrough();
  const outcome = await runSimulate(line.split(' '), terminal);
  const drawn = terminal.read() as Buffer | null;
  return { out: '', err: '', ...outcome, drawn: drawn?.toString() ?? '' };
}

/** A simulation as JSON; `code` is the exit code that it must end with. */
async function reportOf(line: string, code = 0): Promise<Report> {
  const ended = await run(`${line} --json`);
  expect(ended.code, ended.err).to.equal(code);
  expect(ended.drawn).to.equal('');
  return JSON.parse(ended.out) as Report;
}

/** What is written to a file while a simulation runs. */
const PROGRESS = /^0 % {2}keys\n(\d+ % {2}.+\n)+100 % {2}.+\n$/;

const sessionsOf = ({ sums }: Report): Report['sums'][number]['sessions'] => sums.flatMap(({ sessions }) => sessions);
const bytesOf = ({ user, server }: Report): unknown => [
  user.rounds.map(({ answers, up, down }) => [answers, up, down]),
  server.rounds.map(({ heard, bytesHeard, sent, bytesSent }) => [heard, bytesHeard, sent, bytesSent]),
];

describe('secagg simulate', function () {
  this.timeout(60_000);

  it('moves exactly the predicted bytes on the complete graph if nobody drops out', async () => {
    const report = await reportOf('--users 20 --dropout 0 --length 50 --bits 20');
    const { rounds } = messageSizes({ users: 20, vecLen: 50, bits: 20 });
    expect(rounds).to.deep.equal(plan({ users: 20, dropout: 0, vecLen: 50, bits: 20 }).user.rounds);
    for (const [i, { answers, up, down, milliseconds }] of report.user.rounds.entries()) {
      expect(answers).to.equal(20);
      for (const [bytes, of] of [
        [up, rounds[i]!.up],
        [down, rounds[i]!.down],
      ] as const) {
        expect(bytes).to.deep.equal({ mean: of, most: of, predicted: of });
      }
      expect(milliseconds).to.be.greaterThan(0);
      expect(report.server.rounds[i]).to.include({ heard: 20, bytesHeard: 20 * up.mean, sent: i === 4 ? 0 : 20 });
      // What the server gives out in one round is what users get in the next.
      expect(report.server.rounds[i]?.bytesSent).to.equal(i === 4 ? 0 : 20 * rounds[i + 1]!.down);
    }
    expect(report.server).to.include({ masks: 20, agreements: 0 });
    expect(report.server.predicted?.undisturbed).to.include({ masks: 20, agreements: 0 });
    expect(report.sums[0]?.users).to.equal(20);
    expect(sessionsOf(report)).to.have.length(1);
    expect(report.memory).to.be.greaterThan(1e6);
  });

  it('loses as many users as planned, in all rounds, and sums up exactly the others', async () => {
    const report = await reportOf('--users 16 --dropout 0.5 --length 7 --corrupt 0 --adversary semi-honest --sessions 3');
    expect(report.sums).to.have.length(3);
    const lostIn = new Set<number>();
    let pairs = 0;
    for (const { lost, included, users, threshold, error, wrong } of sessionsOf(report)) {
      expect({ users, threshold, error, wrong }).to.deep.equal({ users: 16, threshold: 8, error: null, wrong: [] });
      expect(lost.map(({ how }) => how)).to.deep.equal(new Array<string>(8).fill('silent'));
      for (const { round } of lost) lostIn.add(round);
      const gone = lost.filter(({ round }) => round <= 2).map(({ userId }) => userId);
      const all = Array.from({ length: 16 }, (_, id) => id);
      expect(included).to.deep.equal(all.filter((id) => !gone.includes(id)));
      pairs += lost.filter(({ round }) => round === 2).length * included!.length;
    }
    expect([...lostIn].sort()).to.deep.equal([0, 1, 2, 3, 4]);
    const users = report.sums.reduce((sum, { users }) => sum + users, 0);
    expect(report.server.masks * 3).to.be.closeTo(users + pairs, 1e-6);
    expect(report.server.agreements * 3).to.be.closeTo(pairs, 1e-6);
    expect(new Set(report.sums.map(({ sha256 }) => sha256)).size).to.equal(3);
  });

  for (const [kind, line] of [
    ['complete', '--users 24 --dropout 0.25 --sessions 2'],
    ['cohorts', '--users 60 --dropout 0.1 --graph cohorts --honest 5 --security 5 --correctness 3 --sessions 2'],
    ['sparse', '--users 60 --dropout 0.1 --graph sparse --adversary semi-honest --security 10 --correctness 40'],
    ['sparse', '--users 40 --dropout 0.1 --neighbors 12 --share-threshold 7 --adversary semi-honest --corrupt 0.01'],
  ] as const) {
    it(`keeps its sums right whatever goes wrong, ${line}`, async () => {
      const report = await reportOf(`${line} --length 9 --faults 0.5 --seed 5`);
      expect(report.kind).to.equal(kind);
      const sessions = sessionsOf(report);
      if (kind === 'cohorts') expect(sessions.length).to.be.greaterThan(3);
      for (const { lost, named, ousted, included, users } of sessions) {
        expect(ousted).to.deep.equal([]);
        const liars = lost.filter(({ how }) => how === 'lies').map(({ userId }) => userId);
        expect([...named].sort((a, b) => a - b)).to.deep.equal(liars.sort((a, b) => a - b));
        expect(included?.length).to.equal(users - lost.filter(({ round }) => round <= 2).length);
      }
      const { repeated, changed, mistaken, stale, restarted, serverRestarted } = report.faultsPlayed;
      for (const count of [repeated, changed, mistaken, stale, restarted, serverRestarted]) expect(count).to.be.greaterThan(0);
      const { byServer, byUsers } = report.refused;
      const refused = Object.values(byServer).reduce((sum, count) => sum + count, 0);
      expect(refused, 'each bad message once').to.equal(changed! + mistaken!);
      expect(byServer.ERR_SECAGG_SENDER).to.be.at.least(mistaken!);
      expect(byUsers.ERR_SECAGG_ANSWERED).to.equal(stale);
      const misled = sessions.flatMap(({ lost }) => lost).filter(({ how }) => how === 'misled');
      expect(byUsers.ERR_SECAGG_RECIPIENT ?? 0).to.equal(misled.length);
    });
  }

  it('has liars and misled users among the lost users if there are faults', async () => {
    const report = await reportOf('--users 40 --dropout 0.45 --length 1 --faults 0.01 --seed 2');
    const ways = sessionsOf(report).flatMap(({ lost }) => lost.map(({ how }) => how));
    expect(new Set(ways)).to.deep.equal(new Set(['silent', 'misled', 'lies']));
    expect(ways).to.have.length(18);
  });

  for (const bits of [1, 8, 17, 32, 33, 64]) {
    it(`adds up rightly in a ring of ${bits} bits`, async () => {
      const report = await reportOf(`--users 5 --dropout 0.2 --corrupt 0 --length 33 --bits ${bits}`);
      expect(report.sums[0]?.users).to.be.at.least(4);
    });
  }

  it('repeats losses, faults, cohorts, sums and bytes from a seed', async () => {
    for (const line of [
      '--users 16 --dropout 0.2 --length 40 --faults 0.3 --seed 7 --sessions 2',
      '--users 40 --dropout 0.1 --length 3 --graph cohorts --honest 4 --security 4 --correctness 3 --seed 8',
    ]) {
      const [first, again] = [await reportOf(line), await reportOf(line)];
      expect(again.sums).to.deep.equal(first.sums);
      expect(again.faultsPlayed).to.deep.equal(first.faultsPlayed);
      expect(bytesOf(again)).to.deep.equal(bytesOf(first));
      const other = await reportOf(line.replace(/--seed \d/, '--seed 9'));
      expect(other.sums[0]?.sha256).to.not.equal(first.sums[0]?.sha256);
      expect(sessionsOf(other)).to.not.deep.equal(sessionsOf(first));
    }
  });

  it('repeats on a sparse graph which users are lost and summed, whatever graph is drawn', async () => {
    const line =
      '--users 60 --dropout 0.05 --length 5 --graph sparse --adversary semi-honest --security 10 --correctness 40 --seed 4';
    const [first, again] = [await reportOf(line), await reportOf(line)];
    expect(again.sums).to.deep.equal(first.sums);
  });

  it('ends with 1 and the code of the error if a session has no sum', async () => {
    const line = '--users 20 --dropout 0.3 --threshold 19 --length 5';
    const report = await reportOf(line, 1);
    expect(sessionsOf(report)[0]?.error?.code).to.equal('ERR_SECAGG_THRESHOLD');
    expect(report.sums).to.deep.include({ users: 0, sha256: null, sessions: sessionsOf(report) });
    const { code, out, err } = await run(line);
    expect(code).to.equal(1);
    expect(out).to.match(/^no sum +1 of 1 session: 1 ERR_SECAGG_THRESHOLD$/m);
    expect(err).to.match(/^secagg simulate: no sum: ERR_SECAGG_THRESHOLD: round \d: expected messages of at least 19 users/);
  });

  it('ends with 1 if a sparse graph loses more users than a neighborhood bears', async () => {
    const line = '--users 30 --dropout 0.5 --corrupt 0 --neighbors 10 --share-threshold 10 --threshold 15';
    const sparse = await reportOf(`${line} --adversary semi-honest --security 1 --length 5`, 1);
    expect(sessionsOf(sparse)[0]?.error?.code).to.equal('ERR_SECAGG_THRESHOLD');
  });

  it('refuses a threshold that does not bear the users: the server would turn some of them away', async () => {
    for (const threshold of [3, 5]) {
      const { code, err } = await run(`--users 11 --dropout 0 --corrupt 0 --threshold ${threshold} --length 2`);
      expect([code, err.includes('threshold: expected at least 6 of 11 users')]).to.deep.equal([2, true]);
    }
    expect((await reportOf('--users 11 --dropout 0 --corrupt 0 --threshold 6 --length 2')).sums[0]?.users).to.equal(11);
  });

  describe('ends with 3 and prints', () => {
    const wrong = async (line: string): Promise<string> => {
      const { code, out, err } = await run(line);
      expect(code).to.equal(3);
      expect(out).to.match(/^WRONG {2}/m);
      return err;
    };

    it('that a sum is wrong', async () => {
      const proto = SumOutput.prototype;
      const { getVector } = Object.getOwnPropertyDescriptors(proto);
      proto.getVector = function (this: SumOutput) {
        const sum = getVector.value!.call(this);
        if (sum instanceof Int32Array) sum[3]! ^= 1;
        return sum;
      };
      try {
        const err = await wrong('--users 4 --dropout 0 --corrupt 0 --length 5');
        expect(err).to.equal('secagg simulate: WRONG: the sum differs from the plain sum, first at component 3\n');
      } finally {
        Object.defineProperty(proto, 'getVector', getVector);
      }
    });

    it('that a server took what it must refuse', async () => {
      const proto = ServerWrapper.prototype;
      const { recv } = Object.getOwnPropertyDescriptors(proto);
      proto.recv = function (this: ServerWrapper, ...args) {
        try {
          return recv.value!.apply(this, args);
        } catch {
          return 'accepted';
        }
      };
      try {
        const err = await wrong('--users 6 --dropout 0 --corrupt 0 --length 5 --faults 1');
        expect(err).to.match(/WRONG: the server took a message of user \d that was changed on the way\n/);
        expect(err).to.match(/WRONG: the server took a message of user \d for one of user \d\n/);
      } finally {
        Object.defineProperty(proto, 'recv', recv);
      }
    });
  });

  it('prints tables for people', async () => {
    const { code, out, err, drawn } = await run('--users 30 --dropout 0.2 --length 1000 --faults 0.1 --sessions 2 --seed 3');
    expect([code, err]).to.deep.equal([0, '']);
    expect(drawn).to.match(PROGRESS);
    for (const line of [
      /^users +30$/m,
      /^vector +1,000 components of 32 bits$/m,
      /^graph +complete, threshold 24$/m,
      /^seed +3, 2 times$/m,
      /^lost +12, by round \d+ \d+ \d+ \d+ \d+/m,
      /^faults, 10 % +\d+ messages that came twice, in both directions$/m,
      /^refused by servers +\d+ ERR_SECAGG_/m,
      /^sum +over \d\d( to \d\d)? users, equal to the plain sum in 1,000 components$/m,
      /^memory +[\d,]+ MB at most$/m,
      /^round 2 +\d\d +4,139 +4,139 +4,139 +\S+ +\S+ +3,991 +\d+\.\d\d$/m,
      /^work of the server +done +without dropouts +all lost in round 2$/m,
      /^masks removed +\d+ +30 +168$/m,
    ]) {
      expect(out).to.match(line);
    }
  });

  it('draws a progress bar on a terminal, and takes it away', async () => {
    const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 100 });
    const chunks: string[] = [];
    terminal.on('data', (chunk: Buffer) => chunks.push(String(chunk)));
    const args = '--users 40 --dropout 0.1 --length 20 --graph cohorts --honest 3 --security 3 --correctness 2 --sessions 2';
    const { code } = await runSimulate(args.split(' '), terminal);
    expect(code).to.equal(0);
    const drawn = chunks.join('');
    expect(drawn).to.match(/ 0 % {2}keys/);
    expect(drawn).to.match(/ \d+ % {2}run [12] of 2, cohort \d of \d, (round|mask) \d/);
    expect(drawn.endsWith('\x1B[2K')).to.equal(true);
  });

  it('ends with 1 if the parameters cannot be simulated, and prints some that can', async () => {
    const none = await run('--users 200 --dropout 0.6 --length 10');
    expect([none.code, none.out]).to.deep.equal([1, '']);
    expect(none.err).to.match(/^secagg simulate: there is no plan\n/);
    expect(none.err).to.match(/^ {2}--dropout 0\.474$/m);
    const sparse = await run('--users 200 --dropout 0.1 --length 10 --graph sparse --json');
    expect(sparse.code).to.equal(1);
    expect(JSON.parse(sparse.out)).to.have.nested.property('error.code', 'ERR_SECAGG_PLAN');
    const explicit = '--users 200 --dropout 0.1 --length 10 --neighbors 20 --share-threshold 12';
    const malicious = await run(explicit);
    expect([malicious.code, malicious.out]).to.deep.equal([1, '']);
    expect(malicious.err).to.match(/^secagg simulate: users refuse these parameters\n {2}options\.graph: /);
    const weak = await run(`${explicit} --adversary semi-malicious --json`);
    expect(weak.code).to.equal(1);
    expect(JSON.parse(weak.out)).to.have.nested.property('error.code', 'ERR_SECAGG_UNSAFE');
  });

  it('ends with 2 if it is used wrongly, and names the option', async () => {
    const base = '--users 20 --dropout 0.1 --length 5';
    for (const [line, named] of [
      ['--users 20 --length 5', '--dropout'],
      [`${base} --neighbours 4`, '--neighbours'],
      [`${base} --seed x`, '--seed'],
      [`${base} --seed 1.5`, '--seed'],
      [`${base} --faults 1.1`, '--faults'],
      [`${base} --faults lots`, '--faults'],
      [`${base} --sessions 0`, '--sessions'],
      [`${base} --honest 1`, '--honest'],
      [`${base} --threshold 1`, '--threshold'],
      [`${base} --threshold 21`, '--threshold'],
      [`${base} --threshold 18 --honest 3`, '--honest'],
      [`${base} --threshold 18 --correctness 3`, '--correctness'],
      [`${base} --threshold 18 --graph cohorts`, '--graph'],
      [`${base} --neighbors 4 --adversary semi-honest`, '--share-threshold'],
      [`${base} --share-threshold 4 --adversary semi-honest`, '--neighbors'],
      [`${base} --neighbors 5 --share-threshold 3 --adversary semi-honest`, '--neighbors'],
      [`${base} --neighbors 4 --share-threshold 5 --adversary semi-honest`, '--share-threshold'],
      [`${base} --neighbors 4 --share-threshold 3 --graph complete`, '--graph'],
      [`${base} more`, 'more'],
    ] as const) {
      const { code, out, err } = await run(line);
      expect([code, out], line).to.deep.equal([2, '']);
      expect(err.split('\n')[0], line).to.contain(named);
      expect(err, line).to.match(/^secagg simulate: .+\nsecagg simulate --help shows the options\n$/s);
    }
  });

  it('--help names every option', async () => {
    const { code, out, err } = await run('--help');
    expect([code, err]).to.deep.equal([0, '']);
    const planner = ['users', 'dropout', 'length', 'bits', 'corrupt', 'adversary', 'security', 'correctness', 'honest', 'graph'];
    const own = ['threshold', 'neighbors', 'share-threshold', 'seed', 'faults', 'sessions', 'json', 'help'];
    for (const option of [...planner, ...own]) expect(out).to.contain(`  --${option} `);
    for (const line of out.split('\n')) expect(line.length).to.be.at.most(110);
  });

  it('runs as a command', () => {
    const secagg = (line: string): ReturnType<typeof spawnSync> =>
      spawnSync(process.execPath, [MAIN, 'simulate', ...line.split(' ')], {
        encoding: 'utf8',
        env: { ...process.env, NODE_V8_COVERAGE: '' },
      });
    const table = secagg('--users 12 --dropout 0.1 --length 5 --faults 0.2');
    expect(table.status).to.equal(0);
    expect(table.stderr).to.match(PROGRESS);
    expect(table.stdout).to.match(/^sum +over \d+ users, equal to the plain sum in 5 components$/m);
    const none = secagg('--users 12 --dropout 0.5 --threshold 12 --corrupt 0 --length 5 --json');
    expect(none.status).to.equal(1);
    expect(JSON.parse(String(none.stdout))).to.have.nested.property('sums[0].sessions[0].error.code', 'ERR_SECAGG_THRESHOLD');
    expect(secagg('--users 12')).to.include({ status: 2, stdout: '' });
  });
});
