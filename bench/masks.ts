// How fast are masks, and removing them? Every figure beside its baseline of the same run: the bare cipher. Part of
// `npm run bench`; with `--quick` the smoke run.
import { execSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { messageSizes } from '../src/index.ts';
import { measureEngines } from './masks/engines.ts';
import { measureExpansion } from './masks/expansion.ts';
import { measureFlower } from './masks/flower.ts';
import { linearFit } from './statistics.ts';
import { measureSharing } from './masks/sharing.ts';
import { measureUnmasking } from './masks/unmasking.ts';

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });

const components = flags.quick ? 2 ** 17 : 2 ** 20;
const cores = availableParallelism();
const report = {
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores,
  commit: execSync('git rev-parse --short HEAD', { encoding: 'utf8' }).trim(),
  components,
  engines: await measureEngines(flags.quick ? 10 : 200),
  expansion: [] as Awaited<ReturnType<typeof measureExpansion>>[],
  sharing: await measureSharing(flags.quick ? 5 : 50),
  flower: measureFlower(components, flags.quick ? 3 : 15),
  unmasking: [] as Awaited<ReturnType<typeof measureUnmasking>>[],
  expansionFactor: [] as { users: number; vecLen: number; inputBits: number; bits: number; factor: number }[],
};
const line = (cells: readonly (string | number)[]): string => cells.map((cell) => String(cell).padStart(14)).join('');
const ms = (value: number): string => value.toFixed(2);

console.log(`\n${report.cpu}, ${String(cores)} cores, Node ${report.node}, commit ${report.commit}`);
console.log(line(['', '', 'node:crypto', 'WebCrypto', 'JavaScript']));
for (const { what, node, web, javascript } of report.engines) {
  console.log(what.padEnd(28) + line([node.toFixed(1), web.toFixed(1), javascript.toFixed(1)]));
}

console.log(`\nms for ${String(components)} components, medians; "of cipher" is how much of the bare AES rate is left`);
console.log(line(['bits', 'bare AES', 'ours', 'of cipher', 'plain kernel', 'noble AES', 'pack', 'unpack + add']));
for (const bits of [8, 16, 20, 32, 64]) {
  const cost = await measureExpansion(bits, components, flags.quick ? 3 : 25);
  report.expansion.push(cost);
  const { cipher, ours, plainKernel, javascript, pack, unpackAndAdd } = cost;
  const share = `${(100 * (cipher / ours)).toFixed(0)} %`;
  console.log(line([bits, ms(cipher), ms(ours), share, ms(plainKernel), ms(javascript), ms(pack), ms(unpackAndAdd)]));
}

const { flower, sharing } = report;
console.log(`\nbeside Flower, ms: ${flower === null ? 'skipped, python3 has no package flwr' : 'its own functions in Python'}`);
console.log(line(['', 'ours', 'Flower']));
const at32 = report.expansion.find(({ bits }) => bits === 32);
for (const [what, ours, theirs] of [
  ['one mask made and added', at32?.ours, flower === null ? undefined : flower.mask + flower.add],
  ['a secret split 67 of 100', sharing.split, flower?.split],
  ['and put together again', sharing.combine, flower?.combine],
] as const) {
  console.log(what.padEnd(28) + line([ms(ours ?? NaN), theirs === undefined ? '–' : ms(theirs)]));
}

console.log('\nremoving the masks: seconds, and how much of the bare cipher on one core');
console.log(
  line([
    'users',
    'components',
    'dropped',
    'masks',
    'bare AES',
    'own thread',
    `${String(cores)} threads`,
    'faster',
    'timer late ms',
  ]),
);
const sizes = flags.quick
  ? ([[60, 100_000, 18]] as const)
  : ([
      [100, 100_000, 30],
      [200, 100_000, 60],
      [300, 100_000, 90],
      [500, 100_000, 0],
      [500, 100_000, 50],
      [500, 100_000, 150],
      [1000, 1000, 300],
    ] as const);
for (const [users, vecLen, dropped] of sizes) {
  const cost = await measureUnmasking(users, vecLen, dropped, [0, cores]);
  report.unmasking.push(cost);
  const [own = NaN, many = NaN] = [cost.seconds[0], cost.seconds[cores]];
  console.log(
    line([
      users,
      vecLen,
      dropped,
      cost.masks,
      ms(cost.cipher),
      ms(own),
      ms(many),
      (own / many).toFixed(2),
      cost.timerLate.toFixed(0),
    ]),
  );
}
const fitted = report.unmasking.filter(({ vecLen }) => vecLen === 100_000);
if (fitted.length >= 3) {
  const { perUnit, fixed, r2 } = linearFit(fitted.map(({ masks, seconds }) => [masks, 1000 * (seconds[0] ?? NaN)]));
  console.log(`own thread: ${fixed.toFixed(0)} ms + ${perUnit.toFixed(3)} ms a mask of 100,000 components, R² ${r2.toFixed(4)}`);
}

console.log('\nbytes that a user sends and receives, over those of its input');
for (const [users, vecLen] of [
  [2 ** 10, 2 ** 20],
  [2 ** 14, 2 ** 24],
] as const) {
  const bits = 16 + Math.log2(users);
  const { up, down } = messageSizes({ users, vecLen, bits });
  const factor = (up + down) / (2 * vecLen);
  report.expansionFactor.push({ users, vecLen, inputBits: 16, bits, factor });
  console.log(
    `${String(users)} users × ${String(vecLen)} components of 16 bits, in a ring of ${String(bits)}: ${factor.toFixed(3)}`,
  );
}
mkdirSync('out', { recursive: true });
writeFileSync('out/bench-masks.json', JSON.stringify(report, null, 2));
console.log('\nwritten to out/bench-masks.json');
