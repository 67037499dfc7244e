// The subcommand as operators run it, built and in a process of its own. What it does with a database is in test/postgres/command.test.ts.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/command/main.js', import.meta.url));

function secagg(...args: string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const env = { ...process.env, NODE_V8_COVERAGE: '', DATABASE_URL: '' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'postgres', ...args], { encoding: 'utf8', env });
  return { code: status, out: stdout, err: stderr };
}

describe('secagg postgres', () => {
  it('prints the SQL of all migrations without a database', () => {
    const { code, out, err } = secagg('plan', '--from', '0', '--schema', 'sums "of" people');
    expect([code, err]).to.deep.equal([0, '']);
    expect(out).to.match(/^create schema if not exists "sums ""of"" people";$/m);
    expect(out.match(/^begin;$/gm)).to.have.length(out.match(/^commit;$/gm)!.length);
  });

  it('ends with 2 for wrong usage, and with 1 if the database cannot be reached', () => {
    expect(secagg()).to.include({ code: 2, out: '' });
    expect(secagg('version', '--url', 'postgres://nobody@127.0.0.1:1/nothing')).to.include({ code: 1, out: '' });
  });
});
