// What JSR would say of the sources: Deno checks them as it does before it publishes, and publishes nothing.
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { fetched, printed } from './npx.ts';
import { VERSIONS } from './versions.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): unknown => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly imports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

describe('the manifest for JSR', function () {
  this.timeout(300_000);
  const jsr = read('jsr.json') as Manifest;
  const npm = read('package.json') as Manifest;

  it('has the version, entry points and dependencies of the one for npm', () => {
    expect(jsr.version).to.equal(npm.version);
    for (const [path, source] of Object.entries(jsr.exports)) {
      expect(npm.exports[path]).to.have.property('secagg-source', source);
    }
    const { '#platform': engine, ...packages } = jsr.imports;
    expect(engine).to.equal('./src/platform/web.ts');
    const expected = Object.entries(npm.dependencies).map(([name, range]) => [name, `npm:${name}@${range}`]);
    expect(packages).to.deep.equal(Object.fromEntries(expected));
  });

  it('passes a dry run of publishing', async function () {
    const deno = fetched('deno', VERSIONS.deno) ?? this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'secagg-jsr-'));
    try {
      for (const file of ['src', 'README.md', 'LICENSE', 'jsr.json'])
        cpSync(join(ROOT, file), join(folder, file), { recursive: true });
      // It fails if a type is not written down that JSR would have to infer.
      await printed(deno, ['publish', '--dry-run', '--allow-dirty'], folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
