// `npm run bench`: runs all benches one after the other, or those that are named; `-- --quick` makes it a smoke run. Prints the
// figures and saves them in out/, beside the last ones of the benches that were not run.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BENCH_NAMES, BENCHES, type BenchName, type Figures, type Run } from './figures.ts';
import { machine, type Machine } from './machine.ts';
import { sectionOf, picturesOf, reportOf } from './report.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => !(name in BENCHES));
if (unknown.length > 0) throw new Error(`no bench is called ${unknown.join(', ')}; there are ${BENCH_NAMES.join(', ')}`);

const LAST = 'out/bench.json';
const before =
  positionals.length > 0 && !values.quick && existsSync(LAST) ? (JSON.parse(readFileSync(LAST, 'utf8')) as Run) : null;
const run = {
  quick: values.quick,
  machines: { ...before?.machines } as Partial<Record<BenchName, Machine>>,
  figures: { ...before?.figures },
} satisfies Run;

async function measure<Name extends BenchName>(name: Name): Promise<Pick<Figures, Name>> {
  console.error(`\n${name} …`); // it may take minutes
  const figures = await BENCHES[name].measure(run.quick);
  console.log(`\n${sectionOf(name, figures)}`);
  return { [name]: figures } as Pick<Figures, Name>;
}

for (const name of BENCH_NAMES) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  run.machines[name] = machine();
  Object.assign(run.figures, await measure(name));
}
mkdirSync('out', { recursive: true });
writeFileSync(LAST, JSON.stringify(run, null, 2));
for (const [name, svg] of Object.entries(picturesOf(run.figures))) writeFileSync(`out/${name}`, svg);
writeFileSync('out/bench.md', reportOf(run));
console.log('\nThe results are right. Written to out/bench.json, out/bench.md and the pictures beside it.');
