// The certificate of a run: what an auditor sees, and which changes it notices.
import { expect } from 'chai';
import { developmentAgent } from '../../src/agent/index.ts';
import { developmentService, type FinishedRun } from '../../src/coordinator/index.ts';
import { genKeypair, SecAggError } from '../../src/index.ts';
import { Registrar, verifyCertificate, type AuditTerms } from '../../src/service/index.ts';
import { rejected } from '../support/errors.ts';

interface Written {
  attempt: number;
  u3: string;
  directory: { userId: number; channelKey: string }[];
  signatures: [number, string][];
  announcement: string;
}

describe('the certificate of a run', function () {
  this.timeout(30_000);
  let certificate = '';
  let terms: AuditTerms;

  before(async () => {
    const { warn } = console;
    const warned: string[] = [];
    console.warn = (text: string): void => void warned.push(text);
    try {
      const service = developmentService({
        aggregate: { kind: 'integers', vecLen: 1, bits: 16 },
        threshold: 2,
        maxUsers: 3,
        definition: { minUsers: 3, windows: { checkIn: WINDOW, training: WINDOW, round: { ...WINDOW, enough: 100 } } },
      });
      const key = await service.openRun();
      const ending = new AbortController();
      const running = [1, 2, 3].map(async (id) => {
        const agent = await developmentAgent({
          id,
          introduction: service.introduction,
          certify: (request) => service.certify(request),
          exchange: (request) => service.coordinator.answer(request),
          inputs: { load: () => Promise.resolve({ id: 'a', data: [10 ** id] }) },
        });
        await agent.run(ending);
      });
      const outcome = (await service.coordinator.finished(key)) as FinishedRun;
      ending.abort();
      await Promise.all(running);
      expect(outcome.result).to.deep.equal(Int32Array.of(1110));
      expect(warned.length, 'it says what it gives up').to.equal(4);
      certificate = (await service.coordinator.certificates(key))[0]!;
      terms = { registrar: service.registrar.authority, publisher: service.publisher.publicKey };
    } finally {
      console.warn = warn;
    }
  });

  it('shows who is in the sum and who vouches for it', async () => {
    const run = await verifyCertificate(certificate, terms);
    expect(run).to.deep.include({ source: '', run: 1, attempt: 1, included: [1, 2, 3], vouching: [1, 2, 3] });
    expect(run.certificates.map(({ id }) => id)).to.deep.equal([1, 2, 3]);
  });

  it('is worth nothing to whoever trusts another registrar, scope or publisher', async () => {
    const other = new Registrar({ keypair: genKeypair(), scope: 'development' }).authority;
    await rejected('ERR_SECAGG_CERTIFICATE', verifyCertificate(certificate, { ...terms, registrar: other }));
    const scope = { ...terms.registrar, scope: 'x' };
    await rejected('ERR_SECAGG_CERTIFICATE', verifyCertificate(certificate, { ...terms, registrar: scope }));
    await rejected('ERR_SECAGG_CERTIFICATE', verifyCertificate(certificate, { ...terms, publisher: genKeypair()[0] }));
  });

  for (const [lie, change] of [
    ['another attempt', (written) => void (written.attempt += 1)],
    ['another set of users in the sum', (written) => void (written.u3 = 'Aw==')],
    ['a set with users that are none', (written) => void (written.u3 = '/w==')],
    ['another key of a user', (written) => void (written.directory[0]!.channelKey = written.directory[1]!.channelKey)],
    ['a user without a certificate', (written) => void (written.directory[2]!.userId = 9)],
    ['fewer signatures than the threshold', (written) => void written.signatures.splice(1)],
    ['a signature of another user', (written) => void (written.signatures[0]![1] = written.signatures[1]![1])],
    ['a signature of somebody who is not in the sum', (written) => void (written.signatures[0]![0] = 9)],
    ['another announcement', (written) => void (written.announcement = `AQ${written.announcement.slice(2, -8)}AAAAAA==`)],
  ] as const satisfies readonly (readonly [string, (written: Written) => void])[]) {
    it(`does not hold with ${lie}`, async () => {
      const written = JSON.parse(certificate) as Written;
      change(written);
      const error: unknown = await verifyCertificate(JSON.stringify(written), terms).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(SecAggError);
    });
  }
});

const WINDOW = { min: 0, max: 20, grace: 0 };
