// When each suite of the long run last passed, as a committed record.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Suite } from './suites.ts';

const PATH = 'test/long-record.json';

interface Pass {
  readonly commit: string;
  readonly date: string;
  readonly node: string;
  readonly seconds: number;
  readonly passed: number;
}

type Passes = Readonly<Record<string, Pass>>;

function passes(): Passes {
  return existsSync(PATH) ? (JSON.parse(readFileSync(PATH, 'utf8')) as Passes) : {};
}

function git(...options: string[]): string {
  return execFileSync('git', options, { encoding: 'utf8' }).trim();
}

/** Notes that a suite has passed at the commit that is checked out. Work that is not committed is not recorded. */
export function recordPass(
  { name, node }: Suite,
  { seconds, passed }: { readonly seconds: number; readonly passed: number },
): void {
  if (git('status', '--porcelain', '--', ':!test/long-record.json') !== '') {
    console.log(`${name} is not recorded, because there are changes that are not committed`);
    return;
  }
  const pass: Pass = {
    commit: git('rev-parse', '--short=12', 'HEAD'),
    date: new Date().toISOString().slice(0, 10),
    node: node ?? process.versions.node,
    seconds: Math.round(seconds),
    passed,
  };
  const sorted = Object.entries({ ...passes(), [name]: pass }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(PATH, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
}

/** One line a suite. */
export function lastPasses(suites: readonly Suite[]): string {
  const known = passes();
  return suites
    .map(({ name }) => {
      const pass = known[name];
      const when =
        pass === undefined
          ? 'never'
          : `${pass.date} at ${pass.commit}, Node ${pass.node}, ${pass.passed} tests in ${pass.seconds} s`;
      return `${name.padEnd(14)} ${when}`;
    })
    .join('\n');
}
