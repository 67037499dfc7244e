// What is left in memory of secrets that are wiped, in Node: nothing, neither bytes nor text.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

type Counts = Readonly<Record<'bytes' | 'base64url' | 'hex', number>>;

describe('a secret that Node has used and that is wiped', function () {
  this.timeout(60_000);

  before(function () {
    if (existsSync('/proc/self/mem')) return;
    console.log('    skipped: no /proc/self/mem, in which Linux shows a process its memory');
    this.skip();
  });

  for (const [what, secrets] of [
    ['key', 1],
    ['session', 20],
  ] as const) {
    it(`leaves no copy in the memory of the process, neither bytes nor text, after a ${what}`, () => {
      const left = leftOf(what);
      expect(left.secrets).to.equal(secrets);
      expect(left.used).to.deep.equal({ bytes: 0, base64url: 0, hex: 0 });
      // A key that is not wiped, and texts of it that are kept, are found.
      for (const form of ['bytes', 'base64url', 'hex'] as const) expect(left.kept[form], form).to.be.greaterThan(0);
    });
  }
});

function leftOf(what: string): { readonly secrets: number; readonly used: Counts; readonly kept: Counts } {
  const program = fileURLToPath(new URL('./secrets-left-program.ts', import.meta.url));
  const output = execFileSync(
    process.execPath,
    ['--expose-gc', '--import', 'tsx', '--conditions', 'secagg-source', program, what],
    // Not part of the coverage: what a child compiles differs from this process in its offsets.
    { encoding: 'utf8', env: { ...process.env, NODE_V8_COVERAGE: '' } },
  );
  return JSON.parse(output) as ReturnType<typeof leftOf>;
}
