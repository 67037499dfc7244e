// The runtimes that README and docs/runtimes.md name, with their versions, are those that tests run.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { VERSIONS } from '../runtimes/versions.ts';

const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const { devDependencies } = JSON.parse(readFileSync(fileOf('package.json'), 'utf8')) as {
  readonly devDependencies: Readonly<Record<string, string>>;
};

/** What a document says of each runtime, and the test that runs it. */
const ROWS: readonly (readonly [runtime: string, testedWith: string, test: string])[] = [
  ['Node', VERSIONS.node.join(', '), 'runtimes/processes'],
  ['Node with `--frozen-intrinsics`', '24', 'runtimes/processes'],
  ['Bun', VERSIONS.bun, 'runtimes/processes'],
  ['Deno, without any permission', VERSIONS.deno, 'runtimes/processes'],
  ['Chromium, page and worker', 'the installed one', 'browser/browser'],
  ['Firefox, page and worker', 'the installed one', 'browser/firefox'],
  ['WebKit', 'WebKitGTK 2.50', 'browser/webkit'],
  ['workerd (Cloudflare Workers)', VERSIONS.workerd, 'runtimes/workerd'],
  [
    'edge runtime (Vercel)',
    `\`@edge-runtime/vm\` ${/\d+/.exec(devDependencies['@edge-runtime/vm']!)![0]}`,
    'runtimes/edge-runtime',
  ],
  ['Jest with jsdom', VERSIONS.jest, 'runtimes/jest'],
];

for (const document of ['README.md', 'docs/runtimes.md']) {
  describe(`the table of runtimes in ${document}`, () => {
    const [, table = ''] = /^\| runtime +\|.*\n\|[-| ]+\n((?:\|.*\n)+)/m.exec(readFileSync(fileOf(document), 'utf8')) ?? [];
    const rows = table
      .trim()
      .split('\n')
      .map((row) =>
        row
          .split('|')
          .slice(1, 3)
          .map((cell) => cell.trim()),
      );

    it('has the runtimes and the versions that tests run, and no other', () => {
      expect(rows).to.deep.equal(ROWS.map(([runtime, testedWith]) => [runtime, testedWith]));
    });
  });
}

describe('each runtime of these tables', () => {
  for (const [runtime, , test] of ROWS) {
    it(`${runtime} has its test`, () => {
      expect(existsSync(fileOf(`test/${test}.test.ts`))).to.equal(true);
    });
  }
});
