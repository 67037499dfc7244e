// Runtimes that are programs: Deno, Bun and the versions of Node. Each imports the packed package by itself, so that the conditions
// of its manifest are tested too.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Installation } from '../package/packed.ts';
import { bundled } from './bundle.ts';
import { expectAnswers } from './expected.ts';
import { fetched, printed } from './npx.ts';
import { VERSIONS } from './versions.ts';

/** In each line: the package, its version, and how it is told to run a module. */
const RUNTIMES: readonly (readonly [name: string, version: string, args: readonly string[]])[] = [
  // Without any permission: a module that is imported may be read.
  ['deno', VERSIONS.deno, ['run', '--no-prompt', '--no-remote']],
  ['bun', VERSIONS.bun, ['--no-install']],
  ...VERSIONS.node.map((version) => ['node', version, []] as const),
  ['node', '24', ['--frozen-intrinsics']],
];

describe('runtimes that are programs', function () {
  this.timeout(300_000);
  let installation: Installation;

  before(async () => {
    installation = new Installation();
    writeFileSync(join(installation.folder, 'package.json'), JSON.stringify({ type: 'module' }));
    writeFileSync(join(installation.folder, 'program.js'), await bundled('program.ts', { package: 'imported' }));
  });

  after(() => installation.remove());

  for (const [name, version, args] of RUNTIMES) {
    it(`${[name, version, ...args.filter((arg) => arg.includes('frozen'))].join(' ')} runs whole sessions: one user drops out, states go through JSON, long vectors and floats`, async function () {
      const program = fetched(name, version) ?? this.skip();
      expectAnswers(await printed(program, [...args, 'program.js'], installation.folder));
    });
  }
});
