// Runs suites, two at a time, each within its budget of time:
//   npm test                  the suites of the library itself, or those that are named: npm test -- units package
//   npm run test:gate         all suites of the gate: also the package, documents, commands and servers, from outside
//   npm run coverage          the same, and what they cover of src/
//   npm run test:long         the long run's suites, or those that are named; -- --list shows when each last passed
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { lastPasses, recordPass } from './record.ts';
import { GATE, LONG, type Suite } from './suites.ts';

interface Outcome {
  readonly suite: Suite;
  readonly output: string;
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why the suite failed, if no test says so. */
  readonly problem: string | null;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    gate: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});

/** All test files, by their paths below test/. */
const TESTS = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.test.ts'))
  .sort();

const all = values.long ? LONG : GATE;
const unknown = positionals.filter((name) => !all.some((suite) => suite.name === name));
if (unknown.length > 0) fail(`no suite is called ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`);
if (values.list) {
  console.log(lastPasses(LONG));
  process.exit();
}
const orphans = TESTS.filter((test) => ![...GATE, ...LONG].some((suite) => filesOf(suite).includes(test)));
if (orphans.length > 0) fail(`no suite runs ${orphans.join(', ')}`);

const isChosen = ({ name, outside }: Suite): boolean =>
  positionals.length > 0 ? positionals.includes(name) : values.gate || outside !== true;
const queue = all.filter(isChosen);
const outcomes: Outcome[] = [];
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));

// The end of a long log is what is read first, and sometimes all that is kept of it.
for (const { suite, output } of outcomes.filter((outcome) => !isGood(outcome))) {
  const failures = /^ +\d+ failing\n[^]*/m.exec(output)?.[0] ?? output;
  console.log(`\n=== ${suite.name} failed\n${failures.slice(-8000)}`);
}
console.log(`\n${outcomes.map(lineOf).join('\n')}`);
const total = (count: 'passed' | 'failed' | 'skipped'): number => outcomes.reduce((sum, outcome) => sum + outcome[count], 0);
console.log(`\n${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);
process.exitCode = outcomes.every(isGood) ? 0 : 1;

async function work(): Promise<void> {
  for (let suite = queue.shift(); suite !== undefined; suite = queue.shift()) {
    const outcome = await run(suite);
    outcomes.push(outcome);
    console.log(`\n=== ${suite.name}\n${outcome.output}`);
    if (values.long && isGood(outcome) && outcome.passed > 0) recordPass(suite, outcome);
  }
}

function run(suite: Suite): Promise<Outcome> {
  const web = suite.web === true ? ['-n', 'conditions=secagg-web'] : [];
  const quickKeys = suite.quickKeys === true ? ['--require', './test/support/quick-keys.ts'] : [];
  const mocha = ['node_modules/mocha/bin/mocha.js', ...web, ...quickKeys];
  const [command, first] = suite.node === undefined ? [process.execPath, []] : ['npx', ['--yes', `node@${suite.node}`]];
  const started = performance.now();
  return new Promise((resolve) => {
    // A group of its own, so that nothing that the tests have started is left when its time is over.
    const child = spawn(command, [...first, ...mocha, ...filesOf(suite).map((file) => `test/${file}`)], {
      env: { ...process.env, ...suite.env, FORCE_COLOR: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    let overdue = false;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
    const timer = setTimeout(() => {
      overdue = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, suite.budget * 1000);
    child.on('close', (code) => {
      clearTimeout(timer);
      const count = (word: string): number => Number(new RegExp(`^ +(\\d+) ${word}`, 'm').exec(output)?.[1] ?? 0);
      const [passed, failed, skipped] = [count('passing'), count('failing'), count('pending')];
      const ended = code === 0 || failed > 0 ? null : `it ended with ${String(code)}`;
      const problem = overdue ? `it took longer than its ${suite.budget} s` : passed + skipped === 0 ? 'it ran no test' : ended;
      resolve({ suite, output, seconds: (performance.now() - started) / 1000, passed, failed, skipped, problem });
    });
  });
}

function filesOf({ files }: Pick<Suite, 'files'>): string[] {
  return TESTS.filter((test) => files.some((file) => test === file || test.startsWith(`${file}/`)));
}

function isGood({ failed, problem }: Outcome): boolean {
  return failed === 0 && problem === null;
}

function lineOf({ suite, seconds, passed, failed, skipped, problem }: Outcome): string {
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  return `${suite.name.padEnd(14)} ${seconds.toFixed(0).padStart(5)} s of ${suite.budget} s  ${problem ?? counts}`;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
