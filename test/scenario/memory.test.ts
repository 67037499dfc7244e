// Memory is for a few vectors, however many users there are: masks are expanded one after the other, and inputs are added
// up as they come. Measured from outside, as the most that a process of its own ever held.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const programAt = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const VEC_LEN = 1 << 21; // 8 MB a vector at 32 bits

/** The number that a program prints. */
function printedBy(name: string, ...given: number[]): number {
  const conditions = process.execArgv.filter((argument) => argument.includes('condition'));
  const output = execFileSync(
    process.execPath,
    ['--expose-gc', ...conditions, '--import', 'tsx', '--conditions', 'secagg-source', programAt(name), ...given.map(String)],
    { encoding: 'utf8', env: { ...process.env, NODE_V8_COVERAGE: '' } },
  );
  return Number(output);
}

describe('memory', () => {
  it('of one user and the server does not grow with the users by a vector each', function () {
    this.timeout(120_000);
    // Megabytes that a session of so many users took at most.
    const [few, many] = [2, 14].map((users) => printedBy('./memory-program.ts', users, VEC_LEN)) as [number, number];
    // 12 users more; at 8 MB each, keeping their masks or their inputs would take 96 MB.
    expect(many - few).to.be.below(48);
  });

  it('of a user that is given the memory of its vector is that, the message, and the copy of it that the caller gets', function () {
    if (!existsSync('/proc/self/clear_refs')) this.skip();
    this.timeout(120_000);
    expect(printedBy('./user-memory-program.ts', 1 << 24)).to.be.below(3.3);
  });
});
