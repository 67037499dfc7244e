// The process that runs tests on mutated sources. It loads the test files once, tells which tests reach which mutants, and then runs the
// tests that it is asked for with one mutant at a time.
import Mocha from 'mocha';
import { timesLoad } from './load.ts';
import type { Asked, Reached, Told } from './messages.ts';

const { files, count, fixed } = JSON.parse(process.argv[2] ?? '') as {
  readonly files: readonly string[];
  readonly count: number;
  /** The mutant that is there from the start, while modules are loaded; −1 for none. */
  readonly fixed: number;
};

const evaluated = new Uint32Array(count);
let active = fixed;
let limit = Infinity;

const isMutant = (id: number): boolean => {
  evaluated[id] = (evaluated[id] ?? 0) + 1;
  if (id !== active) return false;
  // A loop that does not end evaluates its condition again and again.
  if ((evaluated[id] ?? 0) > limit) throw new Error('the mutant does not end');
  return true;
};
Object.assign(globalThis, { $isMutant: isMutant });
// What a test that failed has left running fails later.
process.on('unhandledRejection', () => undefined);
process.on('uncaughtException', () => undefined);

/** Chooses tests by their full titles. */
class Titles extends RegExp {
  readonly #titles: ReadonlySet<string>;

  constructor(titles: readonly string[]) {
    super('');
    this.#titles = new Set(titles);
  }

  override test(title: string): boolean {
    return this.#titles.has(title);
  }
}

const mocha = new Mocha({ timeout: timesLoad(5_000), bail: true, reporter: Mocha.reporters.Base });
mocha.cleanReferencesAfterRun(false);
for (const file of files) mocha.addFile(file);

function tell(message: Told): void {
  process.send?.(message);
}

/** Ids of the mutants that have been evaluated since the last call. */
function takeEvaluated(): number[] {
  const ids: number[] = [];
  evaluated.forEach((times, id) => {
    if (times > 0) ids.push(id);
  });
  evaluated.fill(0);
  return ids;
}

function topOf(test: Mocha.Runnable): Mocha.Suite | undefined {
  let suite = test.parent;
  while (suite?.parent !== undefined && !suite.parent.root) suite = suite.parent;
  return suite;
}

function setBail(suite: Mocha.Suite, bail: boolean): void {
  suite.bail(bail);
  for (const inner of suite.suites) setBail(inner, bail);
}

/** Runs all tests without a mutant, and notes what each reaches. */
function baseline(loaded: number[]): Promise<Reached> {
  const tests: Reached['tests'][number][] = [];
  const inHooks = new Map<Mocha.Suite | undefined, Set<number>>();
  const most = new Uint32Array(count);
  const take = (): number[] => {
    evaluated.forEach((times, id) => (most[id] = Math.max(most[id] ?? 0, times)));
    return takeEvaluated();
  };
  const failed = new Set<string>();
  setBail(mocha.suite, false);
  return new Promise((resolve) => {
    const runner = mocha.run(() => {
      setBail(mocha.suite, true);
      const all = tests.map((test) => ({ ...test, failed: failed.has(test.title) }));
      resolve({ loaded, tests: all, most: [...most] });
    });
    runner.on('test', (test) => {
      const top = topOf(test);
      inHooks.set(top, new Set([...(inHooks.get(top) ?? []), ...take()]));
    });
    runner.on('fail', (test) => void failed.add(test.fullTitle()));
    runner.on('test end', (test) => {
      const ids = [...new Set([...take(), ...(inHooks.get(topOf(test)) ?? [])])];
      tests.push({ title: test.fullTitle(), file: test.file ?? '', milliseconds: test.duration ?? 0, ids, failed: false });
    });
  });
}

/** Runs tests, quickest file first, until one fails. Returns the title of that test, or null. */
async function run(titles: readonly string[]): Promise<string | null> {
  const rank = new Map(titles.map((title, i) => [title, i]));
  const first = (suite: Mocha.Suite): number => {
    let least = Infinity;
    suite.eachTest((test) => void (least = Math.min(least, rank.get(test.fullTitle()) ?? Infinity)));
    return least;
  };
  const order = new Map(mocha.suite.suites.map((suite) => [suite, first(suite)]));
  mocha.suite.suites.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  mocha.grep(new Titles(titles));
  let failing: string | null = null;
  await new Promise((resolve) => {
    mocha.run(resolve).on('fail', (test: Mocha.Test | Mocha.Hook) => {
      failing ??= (test.type === 'hook' ? test.ctx?.currentTest : test)?.fullTitle() ?? titles[0] ?? '';
    });
  });
  return failing;
}

async function answer({ id, titles, most }: Asked): Promise<void> {
  active = id;
  limit = 100 * most + 10_000;
  evaluated.fill(0);
  const failing = await run(titles);
  const times = evaluated[id] ?? 0;
  // A test that fails without the mutant too was spoilt by what an earlier mutant has left in the process.
  active = fixed;
  limit = Infinity;
  const isSpoilt = failing !== null && fixed === -1 && (await run([failing])) !== null;
  tell({ type: 'outcome', failing, evaluated: times, isSpoilt });
}

process.on('message', (asked: Asked | 'baseline') => {
  if (asked === 'baseline') void baseline(takeEvaluated()).then((reached) => tell({ type: 'reached', reached }));
  else void answer(asked);
});
await mocha.loadFilesAsync().then(
  () => tell({ type: 'loaded' }),
  (error: unknown) => tell({ type: 'not-loaded', why: String(error) }),
);
