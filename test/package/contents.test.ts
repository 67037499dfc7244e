// What is in the tarball: what users need to run, read and debug the library, and nothing else.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { packedFiles } from './packed.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly imports: Readonly<Record<string, unknown>>;
  readonly bin: Readonly<Record<string, string>>;
}

/** All files that a manifest names, under whatever conditions. */
function targets(value: unknown): string[] {
  if (typeof value === 'string') return [value.replace(/^\.\//, '')];
  return Object.values(value as Readonly<Record<string, unknown>>).flatMap(targets);
}

describe('the packed package', () => {
  const files = packedFiles();
  const inFolder = (folder: string): string[] => files.filter((file) => file.startsWith(`${folder}/`));

  it('has these files and folders', () => {
    expect([...new Set(files.map((file) => file.split('/')[0]))].sort()).to.deep.equal([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'dist',
      'docs',
      'package.json',
      'src',
    ]);
  });

  it('has each file that its manifest names', () => {
    const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as Manifest;
    expect(files).to.include.members(targets([manifest.exports, manifest.imports, manifest.bin]));
  });

  it('has in dist/ code, declarations and maps of each source, and nothing else', () => {
    const sources = inFolder('src').map((file) => file.replace(/^src\//, ''));
    expect(sources.filter((file) => !file.endsWith('.ts'))).to.deep.equal([]);
    const built = sources.flatMap((file) =>
      ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((end) => `dist/${file.slice(0, -3)}${end}`),
    );
    expect(inFolder('dist').sort()).to.deep.equal(built.sort());
  });

  it('has in docs/ documents and pictures', () => {
    expect(inFolder('docs').filter((file) => !/\.(md|svg|png)$/.test(file))).to.deep.equal([]);
  });

  it('has source maps that lead to its sources', () => {
    for (const map of inFolder('dist').filter((file) => file.endsWith('.map'))) {
      const { sources } = JSON.parse(readFileSync(ROOT + map, 'utf8')) as { readonly sources: readonly string[] };
      const found = sources.map((source) => new URL(source, `file:///${map}`).pathname.slice(1));
      expect(files, map).to.include.members(found);
    }
  });
});
