// What does secagg/encoding cost, and what does it lose? Speed at 2^20 floats; and the error of the weighted mean against
// bits, users and spread of weights, beside Flower's formula on the same data, as a table and a picture. Part of
// `npm run bench`; with `--quick` the smoke run.
import { execSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { check, measure, type Case, type Errors } from './encoding/error.ts';
import { drawErrors } from './encoding/plot.ts';
import { measureSpeed } from './encoding/speed.ts';

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });

const BITS = flags.quick ? [16, 32] : [12, 14, 16, 20, 24, 28, 30, 32];
const USERS = flags.quick ? [10, 100] : [3, 10, 30, 100, 300, 1000];
const SPREADS = flags.quick ? [1, 1000] : [1, 10, 100, 1000];
/** Values that are encoded in each case; the noise of an error is about 1/√(2 · values/users). */
const VALUES = flags.quick ? 2 ** 19 : 2 ** 22;

const run = (cases: readonly Case[]): Errors[] =>
  cases.map((each) => {
    const errors = measure(each, Math.ceil(VALUES / each.users));
    check(errors);
    return errors;
  });

const length = flags.quick ? 2 ** 17 : 2 ** 20;
const report = {
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  commit: execSync('git rev-parse --short HEAD', { encoding: 'utf8' }).trim(),
  length,
  speed: measureSpeed(length, flags.quick ? 5 : 30),
  byBits: run([1, 1000].flatMap((spread) => BITS.map((bits) => ({ bits, users: 100, spread })))),
  byUsers: run([16, 32].flatMap((bits) => USERS.map((users) => ({ bits, users, spread: 100 })))),
  bySpread: run([14, 24].flatMap((bits) => SPREADS.map((spread) => ({ bits, users: 100, spread })))),
};

const line = (cells: readonly (string | number | null)[]): string =>
  cells.map((cell) => (typeof cell === 'number' ? String(cell) : (cell ?? '–')).padStart(13)).join('');
const error = (value: number | null): string => (value === null ? '–' : value.toExponential(2));

console.log(`\n${String(length)} floats, ${report.cpu}, Node ${report.node}, commit ${report.commit}`);
for (const { what, ms } of report.speed) console.log(`${what.padEnd(30)} ${ms.toFixed(2)} ms`);
for (const [title, rows] of [
  ['bits', report.byBits],
  ['users', report.byUsers],
  ['spread of weights', report.bySpread],
] as const) {
  console.log(`\nRMS error of the weighted mean of values in ±8, against ${title}`);
  console.log(line(['bits', 'users', 'spread', 'Flower 2^22', 'Flower best', 'stochastic', 'correlated', 'nearest', 'gain']));
  for (const { bits, users, spread, flower, flowerBest, stochastic, correlated, nearest } of rows) {
    const gain = flowerBest === null ? null : `${(flowerBest / stochastic).toFixed(2)}, ${(flowerBest / correlated).toFixed(2)}`;
    console.log(line([bits, users, spread, ...[flower, flowerBest, stochastic, correlated, nearest].map(error), gain]));
  }
}
mkdirSync('out', { recursive: true });
writeFileSync('out/bench-encoding.json', JSON.stringify(report, null, 2));
writeFileSync('out/bench-encoding.svg', drawErrors(report));
console.log(
  '\nnowhere worse than Flower beyond the noise and what bench/encoding/error.ts says; written to out/bench-encoding.json and out/bench-encoding.svg',
);
