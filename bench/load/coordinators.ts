// Several processes of one coordinator, which may be killed and started while they serve.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundled } from '../../scripts/bundled.ts';
import { post } from '../../examples/service/exchange.ts';
import type { Report, Setup } from './coordinator-process.ts';

const PROGRAM = new URL('coordinator-process.ts', import.meta.url);

interface CoordinatorProcess {
  readonly child: ChildProcess;
  readonly url: Promise<string>;
  isUp: boolean;
}

export class Coordinators {
  readonly #program: string;
  readonly #setup: Setup;
  readonly #processes: CoordinatorProcess[];
  #requests = 0;
  #answered = 0;
  /** How often a process was killed. */
  kills = 0;

  static async start(count: number, setup: Setup): Promise<Coordinators> {
    const coordinators = new Coordinators(count, await bundled(PROGRAM), setup);
    await Promise.all(coordinators.#processes.map(({ url }) => url));
    return coordinators;
  }

  private constructor(count: number, program: string, setup: Setup) {
    this.#program = program;
    this.#setup = setup;
    this.#processes = Array.from({ length: count }, () => this.#process());
  }

  #process(): CoordinatorProcess {
    const child = spawn(process.execPath, ['--input-type=module', '-'], {
      cwd: new URL('.', PROGRAM), // where it finds its packages
      stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    child.stdin?.on('error', () => undefined).end(this.#program); // it may be killed before it has read
    child.send(this.#setup, () => undefined);
    const dead = once(child, 'exit').then(() => Promise.reject(new Error('a process has ended')));
    const url = Promise.race([once(child, 'message').then(([port]) => `http://127.0.0.1:${port}`), dead]);
    const started: CoordinatorProcess = { child, url, isUp: false };
    url.then(
      () => (started.isUp = true),
      () => undefined,
    );
    return started;
  }

  /** Asks one process after the other, except those that start. @throws if it is killed before it answers; an agent then tries again. */
  async ask(path: string, body: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    const up = this.#processes.filter(({ isUp }) => isUp);
    const { url } = up[this.#requests++ % up.length] ?? {};
    const answer = await post(`${await url}${path}`, body, signal);
    this.#answered++;
    return answer;
  }

  /** As `ask`, until somebody has answered. */
  async insist(path: string, text: string | Uint8Array): Promise<unknown> {
    const body = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    for (;;) {
      const answer = await this.ask(path, body).catch(() => null);
      if (answer !== null) return JSON.parse(new TextDecoder().decode(answer));
      await sleep(100);
    }
  }

  /**
   * Kills the processes one after the other, and starts another one in the place of each, until the signal is aborted.
   *
   * @param every so many requests are answered from one kill to the next.
   */
  async disturb(every: number, signal: AbortSignal): Promise<void> {
    for (let index = 0, next = every; ; index = (index + 1) % this.#processes.length, next = this.#answered + every) {
      while (this.#answered < next && !signal.aborted) await sleep(50);
      if (signal.aborted) return;
      this.kills++;
      this.#processes[index]?.child.kill('SIGKILL');
      const successor = (this.#processes[index] = this.#process());
      await successor.url;
    }
  }

  /** Of the processes that are there now. */
  async reports(): Promise<Report[]> {
    return Promise.all(
      this.#processes.map(async ({ url }) => {
        const report = await post(`${await url}/report`, new Uint8Array());
        return JSON.parse(new TextDecoder().decode(report)) as Report;
      }),
    );
  }

  end(): void {
    for (const { child } of this.#processes) child.kill('SIGKILL');
  }
}
