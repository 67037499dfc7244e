// The committed transcripts are what the independent implementation of test/reference/ gives today.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const REFERENCE = fileURLToPath(new URL('../reference/transcripts.py', import.meta.url));

describe('the reference implementation', () => {
  it('gives the committed transcripts', function () {
    this.timeout(120_000);
    const probe = spawnSync('python3', ['-c', 'import cryptography']);
    if (probe.status !== 0) {
      this.test!.title += ' (skipped: no python3 with the package cryptography here)';
      this.skip();
    }
    execFileSync('python3', ['-B', REFERENCE, '--check'], { stdio: ['ignore', 'ignore', 'inherit'] });
  });
});
