// The process with the tests, which is started again when a mutant has brought it down.
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { timesLoad } from './load.ts';
import type { Asked, Outcome, Reached, Told } from './messages.ts';

const RUNNER = fileURLToPath(new URL('runner.ts', import.meta.url));

export interface TestProcessOptions {
  /** The folder with the mutated copy of the package. */
  readonly root: string;
  readonly files: readonly string[];
  /** Number of mutants. */
  readonly count: number;
  readonly env: Readonly<Record<string, string>>;
}

/** What became of a mutant in one run of tests; `over` if the process did not answer or could not load the tests. */
export type Ending = Outcome | { readonly type: 'over' };

export class TestProcess {
  readonly #options: TestProcessOptions;
  readonly #fixed: number;
  #child: ChildProcess | null = null;

  /** @param fixed the mutant that is there while modules are loaded; −1 for none. */
  constructor(options: TestProcessOptions, fixed = -1) {
    this.#options = options;
    this.#fixed = fixed;
  }

  async baseline(): Promise<Reached> {
    const told = await this.#ask('baseline', 1_800_000);
    if (told?.type !== 'reached') throw new Error('the tests did not end without a mutant');
    return told.reached;
  }

  /** @param milliseconds after which the process is ended. */
  async run(asked: Asked, milliseconds: number): Promise<Ending> {
    const told = await this.#ask(asked, milliseconds);
    if (told?.type === 'outcome') return told;
    this.end();
    return { type: 'over' };
  }

  end(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }

  async #ask(message: Asked | 'baseline', milliseconds: number): Promise<Told | null> {
    if (this.#child === null) {
      const { root, files, count, env } = this.#options;
      const child = fork(RUNNER, [JSON.stringify({ files, count, fixed: this.#fixed })], {
        cwd: root,
        execArgv: ['--import', 'tsx', '--conditions', 'secagg-source'],
        env: { ...process.env, ...env },
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      this.#child = child;
      const loaded = await told(child, timesLoad(60_000));
      if (loaded?.type === 'not-loaded' && this.#fixed === -1) throw new Error(`the tests cannot be loaded: ${loaded.why}`);
      if (loaded === null && this.#fixed === -1) throw new Error('loading the tests takes too long');
      if (loaded?.type !== 'loaded') return null;
    }
    const answer = told(this.#child, milliseconds);
    this.#child.send(message);
    return answer;
  }
}

/** The next message of a process; null if it ends, or says nothing in this time. */
function told(child: ChildProcess, milliseconds: number): Promise<Told | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds, null);
    const settle = (message: Told | null): void => {
      clearTimeout(timer);
      child.off('message', settle);
      child.off('exit', onExit);
      resolve(message);
    };
    const onExit = (): void => settle(null);
    child.on('message', settle);
    child.on('exit', onExit);
  });
}
