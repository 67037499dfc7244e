// Jest with jsdom: a context of node:vm that has the names of a browser, but neither WebCrypto nor a TextEncoder.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundled } from './bundle.ts';
import { expectAnswers } from './expected.ts';
import { fetched, printed } from './npx.ts';
import { VERSIONS } from './versions.ts';

const TEST = `
test('a session', async () => {
  require('node:fs').writeFileSync('answers.json', JSON.stringify(await secaggSession.answers()));
}, 120000);
`;

describe('Jest with jsdom', function () {
  this.timeout(300_000);
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'secagg-jest-'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ jest: { testEnvironment: 'jsdom' } }));
    writeFileSync(join(folder, 'session.test.js'), (await bundled('answers.ts', { format: 'iife' })) + TEST);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('runs whole sessions: one user drops out, states go through JSON, long vectors and floats', async function () {
    const jest = fetched('jest', VERSIONS.jest, 'jest', [`jest-environment-jsdom@${VERSIONS.jest}`]) ?? this.skip();
    await printed(jest, [], folder);
    expectAnswers(readFileSync(join(folder, 'answers.json'), 'utf8'));
  });
});
