// Projects that use the packed package compile, with the oldest TypeScript that README names and with the newest.
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type TypeScript from 'typescript';
import { Installation } from './packed.ts';

const require = createRequire(import.meta.url);
const CONSUMERS = fileURLToPath(new URL('consumers', import.meta.url));
const NEWEST = fileURLToPath(new URL('../../node_modules/typescript-newest/bin/tsc', import.meta.url));
const PROJECTS = readdirSync(CONSUMERS, { withFileTypes: true }).flatMap((each) => (each.isDirectory() ? [each.name] : []));

/** The oldest TypeScript, which parses the declarations of the language once for all projects. */
class OldestCompiler {
  readonly #ts = require('typescript-oldest') as typeof TypeScript;
  readonly #parsed = new Map<string, TypeScript.SourceFile | undefined>();

  /** What `tsc -p` prints for the project, which is nothing if it compiles. */
  compile(project: string): string {
    const ts = this.#ts;
    const config = ts.getParsedCommandLineOfConfigFile(
      join(project, 'tsconfig.json'),
      { noEmit: true, skipDefaultLibCheck: true },
      {
        ...ts.sys,
        onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
          throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'));
        },
      },
    )!;
    const host = ts.createCompilerHost(config.options);
    const library = dirname(host.getDefaultLibFileName(config.options));
    const read = host.getSourceFile.bind(host);
    host.getSourceFile = (path, version, ...rest) => {
      if (dirname(path) !== library) return read(path, version, ...rest);
      const key = `${path} ${JSON.stringify(version)}`;
      if (!this.#parsed.has(key)) this.#parsed.set(key, read(path, version, ...rest));
      return this.#parsed.get(key);
    };
    const program = ts.createProgram({
      rootNames: config.fileNames,
      options: config.options,
      host,
      configFileParsingDiagnostics: config.errors,
    });
    return ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), host);
  }
}

/** What `tsc -p` of the newest TypeScript, which is a program, prints for the project; nothing if it compiles. */
function compileNewest(project: string): string {
  const options = ['-p', project, '--noEmit', '--skipDefaultLibCheck'];
  const { status, stdout } = spawnSync(process.execPath, [NEWEST, ...options], { encoding: 'utf8' });
  return status === 0 ? stdout : `${stdout}\nit ended with ${String(status)}`;
}

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const README = read('README.md');

/** Programs of documents that compile as strict TypeScript, by name: the first one of a section. */
const PROGRAMS: Readonly<Record<string, readonly [document: string, heading: string]>> = {
  quickstart: ['README.md', 'Quickstart'],
  service: ['README.md', 'A running service'],
  'ten-minutes': ['docs/service.md', 'Ten minutes'],
};

function programOf([document, heading]: readonly [string, string]): string {
  const section = read(document)
    .split(/^## /m)
    .find((each) => each.startsWith(`${heading}\n`));
  const [, program] = /^```js\n(.*?)^```$/ms.exec(section ?? '') ?? [];
  if (program === undefined) throw new Error(`${document} has no program in the section ${heading}`);
  return program;
}

const versionOf = (compiler: string): string => (require(`${compiler}/package.json`) as { readonly version: string }).version;

describe('projects that use the package', function () {
  this.timeout(120_000);
  let installation: Installation;

  before(() => {
    installation = new Installation();
    installation.add('@opentelemetry/api');
    cpSync(CONSUMERS, join(installation.folder, 'consumers'), { recursive: true });
    for (const [name, place] of Object.entries(PROGRAMS)) {
      writeFileSync(join(installation.folder, `consumers/programs/${name}.ts`), programOf(place));
    }
    writeFileSync(join(installation.folder, 'package.json'), JSON.stringify({ type: 'module' }));
  });

  after(() => installation.remove());

  it('the oldest TypeScript that they are compiled with is the one that README names', () => {
    const [, named] = /TypeScript (\d+\.\d+)/.exec(README)!;
    expect(versionOf('typescript-oldest').split('.').slice(0, 2).join('.')).to.equal(named);
  });

  const oldest = new OldestCompiler();
  for (const project of PROJECTS) {
    it(`${project} compiles with TypeScript ${versionOf('typescript-oldest')}`, () => {
      expect(oldest.compile(join(installation.folder, 'consumers', project))).to.equal('');
    });

    it(`${project} compiles with TypeScript ${versionOf('typescript-newest')}`, () => {
      expect(compileNewest(join(installation.folder, 'consumers', project))).to.equal('');
    });
  }
});
