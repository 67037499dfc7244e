// `npm run bench:record`: makes the last run the run of record, and puts its figures into the documents. A test compares them.
import { readFileSync, writeFileSync } from 'node:fs';
import { documentsOf } from './documents.ts';
import type { Run } from './figures.ts';
import { picturesOf } from './report.ts';

const text = readFileSync('out/bench.json', 'utf8');
const run = JSON.parse(text) as Run;
const documents = documentsOf(run, (path) => readFileSync(path, 'utf8'));
for (const [path, document] of Object.entries(documents)) writeFileSync(path, document);
for (const [name, svg] of Object.entries(picturesOf(run.figures))) writeFileSync(`docs/${name}`, svg);
writeFileSync('bench/record.json', `${text}\n`);
