// OpenSSL in FIPS mode lacks algorithms. Node then says that a key or a signature is invalid: nobody may be blamed for that.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const PROGRAM = fileURLToPath(new URL('fips-program.ts', import.meta.url));
const SESSION = fileURLToPath(new URL('fips-session-program.ts', import.meta.url));
/** A configuration of OpenSSL that activates a FIPS module. OPENSSL_MODULES is where the module is. */
const { OPENSSL_FIPS_CONFIG } = process.env;
const NODE = ['--import', 'tsx', '--conditions', 'secagg-source'];

describe('OpenSSL that forbids algorithms in the middle of a session', function () {
  this.timeout(30_000);
  let lines: string[];
  before(() => {
    // tsx transforms sources otherwise here than in the suite's process, so that coverage cannot be added up.
    const options = { encoding: 'utf8', env: { ...process.env, NODE_V8_COVERAGE: '' } } as const;
    lines = execFileSync(process.execPath, [...NODE, PROGRAM], options)
      .trim()
      .split('\n');
  });

  it('honest users are not called forgers: each call says that the engine lacks something', () => {
    const during = lines.slice(0, lines.length / 2).map((line) => line.split(': ') as [string, string]);
    expect(during).to.have.length(14);
    for (const [call, outcome] of during) {
      // These need nothing of OpenSSL that some versions of Node have not kept since the first call.
      const kept = ['x25519', 'sha256', 'sha256 of much'].includes(call);
      expect(outcome, call).to.be.oneOf(kept ? ['ERR_SECAGG_ENGINE', 'done'] : ['ERR_SECAGG_ENGINE']);
    }
  });

  it('nothing is lost: with the algorithms the same calls succeed', () => {
    const after = lines.slice(lines.length / 2);
    expect(after).to.have.length(14);
    for (const line of after) expect(line).to.match(/: done$/);
  });
});

describe("OpenSSL's FIPS module", function () {
  this.timeout(30_000);

  it('either has all algorithms, and a session gives the sum, or the error says that the engine lacks one', function () {
    if (OPENSSL_FIPS_CONFIG === undefined) {
      console.log('    skipped: no FIPS module (set OPENSSL_FIPS_CONFIG to the configuration that activates it)');
      this.skip();
    }
    const options = { encoding: 'utf8', env: { ...process.env, NODE_V8_COVERAGE: '' } } as const;
    const mode = [`--openssl-config=${OPENSSL_FIPS_CONFIG}`, '--enable-fips'];
    const printed = execFileSync(process.execPath, [...mode, ...NODE, SESSION], options).trim();
    console.log(`      ${printed}`);
    expect(printed).to.be.oneOf(['fips 1: 7,7', 'fips 1: ERR_SECAGG_ENGINE']);
  });
});
