// `npm run bench:record`: makes the last run the one of record, from which the figures of README and docs/speed.md are made.
// A test compares both with it.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Run } from './figures.ts';
import { withSpeed } from './readme.ts';
import { picturesOf, reportOf } from './report.ts';

const text = readFileSync('out/bench.json', 'utf8');
const run = JSON.parse(text) as Run;
const readme = withSpeed(readFileSync('README.md', 'utf8'), run);
writeFileSync('README.md', readme);
writeFileSync('bench/record.json', `${text}\n`);
writeFileSync('docs/speed.md', reportOf(run));
for (const [name, svg] of Object.entries(picturesOf(run.figures))) writeFileSync(`docs/${name}`, svg);
