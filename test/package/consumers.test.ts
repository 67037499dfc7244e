// Projects that use the packed package compile, with the oldest TypeScript that README names and with the newest.
import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Installation } from './packed.ts';

const require = createRequire(import.meta.url);
const CONSUMERS = fileURLToPath(new URL('consumers', import.meta.url));
const PROJECTS = readdirSync(CONSUMERS, { withFileTypes: true }).flatMap((each) => (each.isDirectory() ? [each.name] : []));

/** What the compiler prints, which is nothing if the project compiles. */
async function compile(compiler: string, project: string): Promise<string> {
  const program = require.resolve(`${compiler}/lib/tsc.js`);
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, '-p', project],
      { env: { ...process.env, NODE_V8_COVERAGE: '' } },
      (_, stdout, stderr) => {
        resolve(stdout + stderr);
      },
    );
  });
}

const README = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');

/** The first program of README, which says that it compiles as strict TypeScript. */
function quickstart(): string {
  const [, program] = /^## Quickstart$.*?^```js\n(.*?)^```$/ms.exec(README) ?? [];
  if (program === undefined) throw new Error('README has no quickstart');
  return program;
}

const versionOf = (compiler: string): string => (require(`${compiler}/package.json`) as { readonly version: string }).version;

describe('projects that use the package', function () {
  this.timeout(120_000);
  let installation: Installation;

  before(() => {
    installation = new Installation();
    cpSync(CONSUMERS, join(installation.folder, 'consumers'), { recursive: true });
    writeFileSync(join(installation.folder, 'consumers/quickstart/quickstart.ts'), quickstart());
    writeFileSync(join(installation.folder, 'package.json'), JSON.stringify({ type: 'module' }));
  });

  after(() => installation.remove());

  it('the oldest TypeScript that they are compiled with is the one that README names', () => {
    const [, named] = /TypeScript (\d+\.\d+)/.exec(README)!;
    expect(versionOf('typescript-oldest').split('.').slice(0, 2).join('.')).to.equal(named);
  });

  for (const compiler of ['typescript-oldest', 'typescript']) {
    for (const project of PROJECTS) {
      it(`${project} compiles with TypeScript ${versionOf(compiler)}`, async () => {
        expect(await compile(compiler, join(installation.folder, 'consumers', project))).to.equal('');
      });
    }
  }
});
