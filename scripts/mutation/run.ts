// Which changes to the sources the tests do not notice:
//   npm run mutate -- src/user src/wire/fields.ts           all mutants of these folders and files
//   npm run mutate -- src/user/answering.ts:20-31           those of these lines
//   npm run mutate -- src/user --tests test/user            with these tests only
//   npm run mutate -- src/user --seconds 100                with up to so many seconds of tests for each mutant; by default 20
// Changes a copy of the package in out/mutation. A mutant that the compiler refuses is not counted.
import { cpSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { localPostgres } from '../local-postgres.ts';
import { Compiler } from './compiler.ts';
import { instrument, type Mutant } from './instrument.ts';
import { Trial, type Verdict } from './trial.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPY = join(ROOT, 'out', 'mutation');
/** The tests that need no build. */
const TESTS = ['crypto', 'graph', 'leaves', 'session', 'wire', 'user', 'server', 'vectors', 'scenario'].map(
  (name) => `test/${name}`,
);

/** Of src/postgres, what users' states are sealed and loaded by. */
const STATES_AT_REST = ['users', 'state-seal', 'arguments'].map((name) => `test/postgres/${name}.test.ts`);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tests: { type: 'string', multiple: true }, seconds: { type: 'string', default: '20' } },
});
if (positionals.length === 0) throw new Error('name the sources to mutate, for example src/user');

const compiler = new Compiler(ROOT);
const mutants = prepare();
const files = filesOf(values.tests ?? (positionals.some(isOfPostgres) ? STATES_AT_REST : TESTS), '.test.ts').filter(
  // It measures whole processes, in which there are no mutants.
  (file) => !file.endsWith('/memory.test.ts'),
);
const database = files.some(isOfPostgres) ? await localPostgres() : null;
const env: Record<string, string> = database === null ? {} : { DATABASE_URL: database.url };
console.log(`${mutants.length} mutants, ${files.length} files of tests`);
const trial = await Trial.start({ root: COPY, files, count: mutants.length, env }, Number(values.seconds));
for (const title of trial.failing) console.log(`left out, because it fails without a mutant: ${title}`);

const verdicts = new Map<Mutant, Verdict>();
for (const [done, mutant] of mutants.entries()) {
  if (done > 0 && done % 100 === 0) console.log(`${done} of ${mutants.length} have been tried`);
  const verdict = await trial.judge(mutant);
  if (verdict !== 'killed' && compiler.refuses(mutant, ROOT)) continue;
  verdicts.set(mutant, verdict);
  if (verdict !== 'killed') console.log(lineOf(mutant, verdict));
}
trial.end();
await database?.stop();
console.log(`\n${table()}`);

/** Copies the package, and puts the mutants into the copy. */
function prepare(): Mutant[] {
  rmSync(COPY, { recursive: true, force: true });
  for (const name of ['src', 'test', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.base.json']) {
    cpSync(join(ROOT, name), join(COPY, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(COPY, 'node_modules'));
  const { program } = compiler;
  const found: Mutant[] = [];
  for (const [file, ranges] of linesByFile()) {
    const source = program.getSourceFile(resolve(ROOT, file));
    if (source === undefined) throw new Error(`${file} is no source file`);
    const isWanted = (line: number): boolean => ranges.some(([first, last]) => line >= first && line <= last);
    const made = instrument(source, { checker: program.getTypeChecker(), file, firstId: found.length, isWanted });
    writeFileSync(join(COPY, file), made.code);
    found.push(...made.mutants);
  }
  return found;
}

/** The lines of each file that are mutated. A file may be named several times, with other lines each time. */
function linesByFile(): Map<string, [first: number, last: number][]> {
  const lines = new Map<string, [first: number, last: number][]>();
  for (const named of positionals) {
    const [, path, from, to = from] = /^(.+):(\d+)(?:-(\d+))?$/.exec(named) ?? [];
    const range: [number, number] = from === undefined ? [1, Infinity] : [Number(from), Number(to)];
    for (const file of filesOf([path ?? named], '.ts')) lines.set(file, [...(lines.get(file) ?? []), range]);
  }
  return lines;
}

/** The files that end so, in folders or named one by one. */
function filesOf(paths: readonly string[], ending: string): string[] {
  return paths
    .flatMap((path) => {
      if (!statSync(join(ROOT, path)).isDirectory()) return [path];
      const names = readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' });
      return names.filter((name) => name.endsWith(ending)).map((name) => `${path}/${name}`.replaceAll('\\', '/'));
    })
    .sort();
}

function isOfPostgres(path: string): boolean {
  return path.includes('/postgres');
}

/** One mutant as a line: where it is, what it leaves as it is on both sides, and what it replaces by what. */
function lineOf({ file, line, before, after }: Mutant, verdict: Verdict): string {
  let [from, rest] = [0, 0];
  while (from < Math.min(before.length, after.length) && before[from] === after[from]) from++;
  const most = Math.min(before.length, after.length) - from;
  while (rest < most && before.at(-1 - rest) === after.at(-1 - rest)) rest++;
  const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');
  const short = (text: string): string => (flat(text).length > 100 ? `${flat(text).slice(0, 100)}…` : flat(text));
  const [left, right] = [flat(before.slice(0, from)).slice(-50), flat(before.slice(before.length - rest)).slice(0, 50)];
  const [old, put] = [before, after].map((text) => short(text.slice(from, text.length - rest)));
  return `${file}:${line} ${verdict}: ${left}⟦${old ?? ''} → ${put ?? ''}⟧${right}`;
}

function table(): string {
  const judged = [...verdicts];
  const rows = [...new Set(judged.map(([{ file }]) => file))].map((file) => {
    const all = judged.filter(([mutant]) => mutant.file === file);
    const killed = all.filter(([, verdict]) => verdict === 'killed').length;
    return { file, mutants: all.length, killed, survived: all.length - killed };
  });
  const sum = (key: 'mutants' | 'killed' | 'survived'): number => rows.reduce((total, row) => total + row[key], 0);
  const all = [...rows, { file: 'all', mutants: sum('mutants'), killed: sum('killed'), survived: sum('survived') }];
  const line = (...[name, ...numbers]: [string, ...(string | number)[]]): string =>
    name.padEnd(40) + numbers.map((number) => String(number).padStart(10)).join('');
  const lines = all.map((row) =>
    line(row.file, row.mutants, row.killed, row.survived, `${((100 * row.killed) / Math.max(1, row.mutants)).toFixed(1)} %`),
  );
  return [line('file', 'mutants', 'killed', 'survived', 'score'), ...lines].join('\n');
}
