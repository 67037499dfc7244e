// Every example of README, docs/ and the docstrings runs as it stands, against the built package, and prints what it says.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import * as cohorts from '../../src/cohorts/index.ts';
import * as pet from '../../src/pet/index.ts';
import * as dp from '../../src/dp/index.ts';
import * as encoding from '../../src/encoding/index.ts';
import * as secagg from '../../src/index.ts';
import * as planner from '../../src/planner/index.ts';
import * as worker from '../../src/worker/index.ts';
import * as agent from '../../src/agent/index.ts';
import * as coordinator from '../../src/coordinator/index.ts';
import * as opentelemetry from '../../src/opentelemetry/index.ts';
import * as service from '../../src/service/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OUT = join(ROOT, 'out', 'doc-examples');

const sources = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(md|ts)$/.test(file))
    .map((file) => join(folder, file));

/** The fenced blocks of JavaScript in a text; in docstrings, without the stars at the margin. */
function examplesIn(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/^ *\* ?/gm, '');
  return [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code!);
}

describe('examples in the documents', () => {
  before(() => {
    mkdirSync(OUT, { recursive: true });
  });

  for (const file of ['README.md', ...sources('docs'), ...sources('src')]) {
    for (const [i, code] of examplesIn(file).entries()) {
      it(`${file}, example ${i + 1}`, function () {
        this.timeout(20_000);
        // Inside the package, so that it can import itself by name, as installed.
        const program = join(OUT, `${file.replaceAll(/\W/g, '-')}-${i}.mjs`);
        writeFileSync(program, code);
        const printed = execFileSync(process.execPath, [program], {
          encoding: 'utf8',
          env: { ...process.env, NODE_V8_COVERAGE: '' },
        });
        const promised = [...code.matchAll(/\/\/ prints: (.*)$/gm)].map(([, line]) => line);
        expect(printed.split('\n').slice(0, -1)).to.deep.equal(promised);
      });
    }
  }

  it('the quickstart has fewer than 30 lines', () => {
    expect(examplesIn('README.md')[0]!.trim().split('\n').length).to.be.below(30);
  });

  it('everything that an entry point exports has one in its docstring, but for the kinds of errors', () => {
    const told = sources('src').flatMap(examplesIn).join('\n');
    const names = Object.keys({
      ...secagg,
      ...encoding,
      ...planner,
      ...cohorts,
      ...pet,
      ...worker,
      ...dp,
      ...service,
      ...coordinator,
      ...agent,
      ...opentelemetry,
    }).filter((name) => name === 'SecAggError' || !name.endsWith('Error'));
    for (const name of names) expect(told, name).to.match(new RegExp(`import \\{[^}]*\\b${name}\\b`));
  });
});
