// Memory is for a few vectors, however many users there are: masks are expanded one after the other, and inputs are added
// up as they come. Measured from outside, as the most that a process of its own ever held.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const PROGRAM = fileURLToPath(new URL('./memory-program.ts', import.meta.url));
const VEC_LEN = 1 << 21; // 8 MB a vector at 32 bits

/** Megabytes that a session of so many users took at most. */
function peak(users: number): number {
  const conditions = process.execArgv.filter((argument) => argument.includes('condition'));
  const output = execFileSync(
    process.execPath,
    ['--expose-gc', ...conditions, '--import', 'tsx', '--conditions', 'secagg-source', PROGRAM, String(users), String(VEC_LEN)],
    { encoding: 'utf8', env: { ...process.env, NODE_V8_COVERAGE: '' } },
  );
  return Number(output);
}

describe('memory', () => {
  it('of one user and the server does not grow with the users by a vector each', function () {
    this.timeout(120_000);
    const [few, many] = [peak(2), peak(14)];
    // 12 users more; at 8 MB each, keeping their masks or their inputs would take 96 MB.
    expect(many - few).to.be.below(48);
  });
});
