// Tries one mutant after the other: the tests that reach a mutant run, the quickest first, until one fails.
import type { Mutant } from './instrument.ts';
import type { Asked, Reached } from './messages.ts';
import { timesLoad } from './load.ts';
import { TestProcess, type TestProcessOptions } from './tests.ts';

/** What became of a mutant. `undecided`: it survived, but some tests that reach it take too long. `unreached`: no test evaluates it. */
export type Verdict = 'killed' | 'survived' | 'undecided' | 'unreached';

type Test = Reached['tests'][number];

export class Trial {
  readonly #options: TestProcessOptions;
  readonly #reached: Reached;
  readonly #tests: readonly Test[];
  readonly #loaded: ReadonlySet<number>;
  readonly #seconds: number;
  #process: TestProcess;

  /** @param seconds of tests that a mutant is tried on, as long as they take without it. */
  static async start(options: TestProcessOptions, seconds: number): Promise<Trial> {
    const process = new TestProcess(options);
    return new Trial(options, { process, reached: await process.baseline(), seconds });
  }

  private constructor(
    options: TestProcessOptions,
    given: { readonly process: TestProcess; readonly reached: Reached; readonly seconds: number },
  ) {
    this.#options = options;
    this.#process = given.process;
    this.#reached = given.reached;
    this.#seconds = given.seconds;
    this.#tests = given.reached.tests.filter(({ failed }) => !failed).sort((a, b) => a.milliseconds - b.milliseconds);
    this.#loaded = new Set(given.reached.loaded);
  }

  /** Titles of the tests that fail without a mutant. No mutant is tried on them. */
  get failing(): string[] {
    return this.#reached.tests.filter(({ failed }) => failed).map(({ title }) => title);
  }

  end(): void {
    this.#process.end();
  }

  async judge({ id, file }: Mutant): Promise<Verdict> {
    const tests = this.#tests.filter(({ ids }) => ids.includes(id));
    let isEvaluated = false;
    const batches = inBatches(tests, this.#seconds);
    for (const batch of batches) {
      const ending = await this.#run(this.#process, id, batch);
      if (ending === 'killed') return 'killed';
      isEvaluated ||= ending === 'evaluated';
    }
    if (isEvaluated) return batches.flat().length < tests.length ? 'undecided' : 'survived';
    if (tests.length === 0 && !this.#loaded.has(id)) return 'unreached';
    // Evaluated once in a process, while it loads or when a table is made: it must be there from the start.
    const rest = inBatches(tests.length === 0 ? this.#besides(file) : tests, this.#seconds);
    const files = new Set(rest.flat().map((test) => test.file));
    const fresh = new TestProcess({ ...this.#options, files: [...files] }, id);
    try {
      for (const batch of rest) {
        if ((await this.#run(fresh, id, batch)) === 'killed') return 'killed';
      }
      return 'survived';
    } finally {
      fresh.end();
    }
  }

  /**
   * The tests of the folder that a source file is in, also those that only look at what was made while they were loaded; and those with
   * vectors, whose results depend on all constants.
   */
  #besides(file: string): readonly Test[] {
    const [, folder = ''] = file.split('/');
    const some = this.#tests.filter((test) => test.file.includes(`/test/${folder}/`) || test.file.includes('/test/vectors/'));
    return some.length === 0 ? this.#tests.filter(({ ids }) => ids.length > 0) : some;
  }

  async #run(process: TestProcess, id: number, tests: readonly Test[]): Promise<'killed' | 'evaluated' | 'not evaluated'> {
    const most = this.#reached.most[id] ?? 0;
    const asked: Asked = { id, titles: tests.map(({ title }) => title), most };
    const milliseconds = timesLoad(10_000 + 5 * durationOf(tests));
    for (let attempt = 1; ; attempt++) {
      const ending = await process.run(asked, milliseconds);
      if (ending.type === 'over') return 'killed';
      if (ending.failing === null) return ending.evaluated > 0 ? 'evaluated' : 'not evaluated';
      if (!ending.isSpoilt) return 'killed';
      process.end();
      // In a process of its own nothing but this mutant can have spoilt the test.
      if (attempt === 2) return 'killed';
    }
  }
}

function durationOf(tests: readonly Test[]): number {
  return tests.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
}

/**
 * First the tests that take a second together, then the others up to a number of seconds; the quickest alone if it takes longer. On a
 * machine that does other work, all tests take longer, and as many of them are tried.
 */
function inBatches(tests: readonly Test[], seconds: number): (readonly Test[])[] {
  const batches: [Test[], Test[]] = [[], []];
  let milliseconds = 0;
  for (const test of tests) {
    milliseconds += test.milliseconds;
    if (milliseconds <= 1000) batches[0].push(test);
    else if (milliseconds <= timesLoad(1000 * seconds) || test === tests[0]) batches[1].push(test);
  }
  return batches.filter((batch) => batch.length > 0);
}
