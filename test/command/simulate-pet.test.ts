// The command's rounds of PET: their means are exactly those of the models that were accepted, whoever is lost, and they say so.
import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { runSimulate } from '../../src/command/simulate.ts';
import type { PetReport } from '../../src/command/simulation/pet-report.ts';
import { MaskObject, PetCoordinator, type ClosedPhase } from '../../src/pet/index.ts';

async function run(line: string): Promise<{ code: number; out: string; err: string; drawn: string }> {
  const terminal = new PassThrough();
  const outcome = await runSimulate(`--protocol pet ${line}`.trim().split(' '), terminal);
  const drawn = terminal.read() as Buffer | null;
  return { out: '', err: '', ...outcome, drawn: drawn?.toString() ?? '' };
}

async function reportOf(line: string, code = 0): Promise<PetReport> {
  const ended = await run(`${line} --json`);
  expect(ended.code, ended.err).to.equal(code);
  expect(ended.drawn).to.equal('');
  return JSON.parse(ended.out) as PetReport;
}

describe('secagg simulate --protocol pet', function () {
  this.timeout(60_000);

  for (const config of [
    'Prime/F32/B0/M3',
    'Power2/F64/B2/M6',
    'Integer/I32/B4/M3',
    'Prime/I64/Bmax/M3',
    'Power2/F32/Bmax/M3',
    'Bits/F32/B0/M3',
  ]) {
    it(`gives exactly the mean of the models that were accepted, with ${config}`, async () => {
      const report = await reportOf(`--users 30 --dropout 0.2 --length 20 --sum 0.4 --config ${config} --sessions 2`);
      expect(report.rounds).to.have.length(2);
      for (const { lost, included, sumParticipants, error, wrong, sha256 } of report.rounds) {
        expect({ error, wrong }).to.deep.equal({ error: null, wrong: [] });
        expect(lost).to.have.length(6);
        expect(sha256).to.match(/^[0-9a-f]{64}$/);
        const gone = lost.filter(({ phase }) => phase !== 'sum2').map(({ userId }) => userId);
        expect(included.filter((id) => gone.includes(id))).to.deep.equal([]);
        // Everybody has a task.
        expect(included.length + sumParticipants).to.be.within(24, 30 - lost.filter(({ phase }) => phase === 'sum').length);
      }
    });
  }

  it('counts the bytes of messages that the wire format says', async () => {
    const report = await reportOf('--users 24 --dropout 0 --length 50 --sum 0.4');
    const [{ sumParticipants, included }] = report.rounds as [PetReport['rounds'][number]];
    const one = { groupType: 'Prime', dataType: 'F32', boundType: 'B0', modelType: 'M3' } as const;
    const object = MaskObject.zero({ vect: one, unit: one }, 50).toBytes().length;
    const overhead = 136 + 48;
    const expected = [96, 128 + object + 4 + 112 * sumParticipants, 64 + object].map((payload) => payload + overhead);
    expect(report.user.phases.map(({ up }) => up)).to.deep.equal(expected.map((bytes) => ({ mean: bytes, most: bytes })));
    expect(report.coordinator.phases.map(({ heard }) => heard)).to.deep.equal([
      sumParticipants,
      included.length,
      sumParticipants,
    ]);
    expect(report.coordinator.phases.map(({ bytesHeard }, i) => bytesHeard / report.coordinator.phases[i]!.heard)).to.deep.equal(
      expected,
    );
  });

  it('prints tables, and how far it is', async () => {
    const { code, out, drawn, err } = await run('--users 30 --dropout 0 --length 5 --sum 0.3');
    expect([code, err]).to.deep.equal([0, '']);
    expect(out).to.match(/^protocol {2,}PET$/m);
    expect(out).to.match(/^mean {2,}of \d+ models, equal to the plain mean in 5 numbers$/m);
    expect(out).to.match(/^update( +[\d,.]+){6}$/m);
    expect(drawn).to.match(/^0 % {2}keys\n(\d+ % {2}(sum|update|sum2) phase\n)+$/);
  });

  it('ends with 1 when a round has no mean, because everybody is lost', async () => {
    const ended = await run('--users 6 --dropout 1 --length 5');
    expect(ended.code).to.equal(1);
    expect(ended.out).to.match(/^no mean {2,}ERR_SECAGG_PET_TOO_FEW$/m);
    expect(ended.err).to.contain('no mean: ERR_SECAGG_PET_TOO_FEW');
  });

  it('ends with 3 when a mean is wrong', async () => {
    const own = Object.getOwnPropertyDescriptor(PetCoordinator.prototype, 'close')!;
    const close = own.value as (this: PetCoordinator) => Promise<ClosedPhase>;
    async function lying(this: PetCoordinator): Promise<ClosedPhase> {
      const closed = await close.call(this);
      if (closed.model !== null) closed.model[1] = 7;
      return closed;
    }
    Object.defineProperty(PetCoordinator.prototype, 'close', { ...own, value: lying });
    try {
      const ended = await run('--users 30 --dropout 0 --length 5 --sum 0.3');
      expect(ended.code).to.equal(3);
      expect(ended.out).to.match(/^WRONG {2,}the mean has 7 at 1/m);
      expect(ended.err).to.contain('WRONG: the mean has 7 at 1');
    } finally {
      Object.defineProperty(PetCoordinator.prototype, 'close', own);
    }
  });

  it('refuses wrong usage', async () => {
    for (const line of [
      '--users 12 --dropout 0',
      '--users 3 --dropout 0 --length 5',
      '--users 1000 --dropout 0 --length 5',
      '--users 12 --dropout 2 --length 5',
      '--users 12 --dropout 0 --length 5 --config Prime/F32/B0',
      '--users 12 --dropout 0 --length 5 --config Prime/F32/B1/M3',
      '--users 12 --dropout 0 --length 5 --bits 3',
      '--users 12 --dropout 0 --length 5 --sum 1',
    ]) {
      const ended = await run(line);
      expect([ended.code, ended.out], line).to.deep.equal([2, '']);
      expect(ended.err, line).to.contain('secagg simulate --help shows the options');
    }
    expect((await runSimulate(['--protocol', 'other'], new PassThrough())).code).to.equal(2);
    const help = await run('--help');
    expect([help.code, help.out.split('\n')[0]]).to.deep.equal([
      0,
      'Usage: secagg simulate --protocol pet --users <n> --dropout <rate> --length <numbers> [options]',
    ]);
  });
});
