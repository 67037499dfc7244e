// Projects that use the packed package compile, with the oldest TypeScript that README names and with the newest.
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type TypeScript from 'typescript';
import { Installation } from './packed.ts';

const require = createRequire(import.meta.url);
const CONSUMERS = fileURLToPath(new URL('consumers', import.meta.url));
const PROJECTS = readdirSync(CONSUMERS, { withFileTypes: true }).flatMap((each) => (each.isDirectory() ? [each.name] : []));

/** One version of TypeScript, which parses the declarations of the language once for all projects. */
class Compiler {
  readonly #ts: typeof TypeScript;
  readonly #parsed = new Map<string, TypeScript.SourceFile | undefined>();

  constructor(name: string) {
    this.#ts = require(name) as typeof TypeScript;
  }

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

  for (const name of ['typescript-oldest', 'typescript']) {
    const compiler = new Compiler(name);
    for (const project of PROJECTS) {
      it(`${project} compiles with TypeScript ${versionOf(name)}`, () => {
        expect(compiler.compile(join(installation.folder, 'consumers', project))).to.equal('');
      });
    }
  }
});
