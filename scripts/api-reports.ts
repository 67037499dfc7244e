// The reports of the public API in api/, one an entry point, which API Extractor makes from the built declarations. Without
// an argument the script fails if a report differs from the declarations; with `--write` it writes the reports. It also
// fails if a signature mentions a type that no entry point exports, or if something that is exported has no docstring.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Extractor, ExtractorConfig, ExtractorLogLevel, type ExtractorMessage } from '@microsoft/api-extractor';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const REPORTS = join(ROOT, 'api');
const NEW_REPORTS = join(ROOT, 'out', 'api');

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

/** The configuration for the entry point with these declarations, for example `./dist/encoding/index.d.ts`. */
function configOf(declarations: string, report: string): ExtractorConfig {
  const { Error: error, None: none } = ExtractorLogLevel;
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(ROOT, 'package.json'),
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: join(ROOT, declarations),
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          // Neither the DOM nor Node's types: the public API does without.
          compilerOptions: { lib: ['ES2022'], types: [], module: 'NodeNext', strict: true },
          files: [declarations],
        },
      },
      apiReport: { enabled: true, reportFileName: report, reportFolder: REPORTS, reportTempFolder: NEW_REPORTS },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: error } },
        extractorMessageReporting: {
          default: { logLevel: error },
          // Everything that is exported is public.
          'ae-missing-release-tag': { logLevel: none },
          // TypeDoc resolves the links between entry points, which API Extractor cannot.
          'ae-unresolved-link': { logLevel: none },
        },
        tsdocMessageReporting: {
          default: { logLevel: error },
          // TypeDoc's `@module`. TypeDoc itself refuses tags that it does not know.
          'tsdoc-undefined-tag': { logLevel: none },
          // The docstrings have `@param name text`, without a hyphen.
          'tsdoc-param-tag-missing-hyphen': { logLevel: none },
        },
      },
    },
  });
}

/** The names that a report shows as exported. */
function exportedNames(report: string): string[] {
  const text = readFileSync(join(NEW_REPORTS, report), 'utf8');
  return [...text.matchAll(/^export (?:abstract )?\w+ (\w+)/gm)].map(([, name]) => name ?? '');
}

/** Whether a message complains of a type that another entry point exports. */
function isExportedElsewhere({ messageId, text }: ExtractorMessage, names: readonly string[]): boolean {
  if (messageId !== 'ae-forgotten-export') return false;
  const name = /The symbol "(\w+)"/.exec(text)?.[1];
  return name !== undefined && names.includes(name);
}

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
for (const folder of [REPORTS, NEW_REPORTS]) mkdirSync(folder, { recursive: true });
/** What the entry points so far export, whose types the others mention. */
const known: string[] = [];
for (const [path, target] of Object.entries(manifest.exports)) {
  if (typeof target === 'string') continue;
  const entryPoint = manifest.name + path.slice(1);
  const report = `${entryPoint.replaceAll('/', '-')}.api.md`;
  const { succeeded, apiReportChanged } = Extractor.invoke(configOf(target.types, report), {
    localBuild: values.write,
    messageCallback: (message) => {
      // What API Extractor says of its own work, among it that a report has changed, is not shown.
      const isForeign = message.sourceFilePath?.includes('/node_modules/') === true; // @opentelemetry/api needs `console`
      const skip = message.messageId.startsWith('console-') || isForeign || isExportedElsewhere(message, known);
      if (skip) message.logLevel = ExtractorLogLevel.None;
    },
  });
  known.push(...exportedNames(report));
  const isOutdated = apiReportChanged && !values.write;
  if (isOutdated) console.error(`${entryPoint}: api/${report} is not its API; "npm run api -- --write" writes the report`);
  if (!succeeded || isOutdated) process.exitCode = 1;
}
