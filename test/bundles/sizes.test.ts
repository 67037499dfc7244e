// What the parts of the package weigh in a page, beside the table of docs/bundling.md.
import { expect } from 'chai';
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const DOCUMENT = new URL('../../docs/bundling.md', import.meta.url);
/** Compilers of another version differ by less. */
const TOLERANCE = 0.03;

/** Kilobytes of a script for browsers that has these names of an entry point and what they need, minified and compressed. */
async function kilobytesOf(names: string, entryPoint: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${names} } from '${entryPoint}';`, resolveDir: import.meta.dirname },
    ...{ bundle: true, minify: true, write: false, format: 'esm', platform: 'browser', logLevel: 'error' },
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length / 1000;
}

const rows = [...readFileSync(DOCUMENT, 'utf8').matchAll(/^\| ((?:`\w+`(?:, )?)+) of `(secagg[/\w]*)` +\| +([\d.]+) kB \|$/gm)];

describe('a bundle for browsers', function () {
  this.timeout(60_000);

  it('is described for five parts of the package', () => expect(rows).to.have.lengthOf(5));

  for (const [, names = '', entryPoint = '', size] of rows) {
    it(`with ${names} of ${entryPoint} weighs what the document says`, async () => {
      const kilobytes = await kilobytesOf(names.replaceAll('`', ''), entryPoint);
      expect(kilobytes / Number(size)).to.be.closeTo(1, TOLERANCE);
    });
  }
});
