// What Node's engine leaves of a secret key in memory, once the key is wiped: nothing, neither bytes nor text.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

type Counts = Readonly<Record<'bytes' | 'base64url' | 'hex', number>>;

describe('a secret key that Node has used and that is wiped', function () {
  this.timeout(60_000);

  before(function () {
    if (existsSync('/proc/self/mem')) return;
    console.log('    skipped: no /proc/self/mem, in which Linux shows a process its memory');
    this.skip();
  });

  it('leaves no copy in the memory of the process, neither bytes nor text', () => {
    const program = fileURLToPath(new URL('./secrets-left-program.ts', import.meta.url));
    const output = execFileSync(
      process.execPath,
      ['--expose-gc', '--import', 'tsx', '--conditions', 'secagg-source', program],
      // Not part of the coverage: what a child compiles differs from this process in its offsets.
      { encoding: 'utf8', env: { ...process.env, NODE_V8_COVERAGE: '' } },
    );
    const { used, kept } = JSON.parse(output) as { readonly used: Counts; readonly kept: Counts };
    expect(used).to.deep.equal({ bytes: 0, base64url: 0, hex: 0 });
    // A key that is not wiped, and texts of it that are kept, are found.
    for (const form of ['bytes', 'base64url', 'hex'] as const) expect(kept[form], form).to.be.greaterThan(0);
  });
});
