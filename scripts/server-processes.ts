// Several processes of one server, behind HTTP, which may be killed at any time: another one takes the place of each. For the demo and for
// the bench of load.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { post } from '../examples/service/exchange.ts';
import { bundled } from './bundled.ts';

/** Milliseconds for which a request is repeated. */
const PATIENCE = 60_000;

interface ServerProcess {
  readonly child: ChildProcess;
  /** Once it listens. */
  readonly url: Promise<string>;
  isUp: boolean;
}

export class ServerProcesses {
  readonly #program: string;
  readonly #setup: () => unknown;
  readonly #folder: URL;
  readonly #processes: ServerProcess[];
  #isOver = false;
  #asked = 0;
  /** How many requests were answered. */
  answered = 0;
  /** How often a process was killed. */
  kills = 0;

  /**
   * @param program is sent what `setup` gives, as its first message. It sends the port on which it listens, and ends when it is disconnected.
   * @throws Error if a process ends before it listens.
   */
  static async start(program: URL, count: number, setup: () => unknown): Promise<ServerProcesses> {
    const processes = new ServerProcesses(program, await bundled(program), setup, count);
    await Promise.all(processes.#processes.map(({ url }) => url));
    return processes;
  }

  private constructor(program: URL, text: string, setup: () => unknown, count: number) {
    this.#program = text;
    this.#setup = setup;
    this.#folder = new URL('.', program); // where it finds its packages
    this.#processes = Array.from({ length: count }, (_, index) => this.#process(index));
  }

  get count(): number {
    return this.#processes.length;
  }

  #process(index: number): ServerProcess {
    const child = spawn(process.execPath, ['--input-type=module', '-'], {
      cwd: this.#folder,
      stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    child.stdin?.on('error', () => undefined).end(this.#program); // it may be killed before it has read
    child.send(this.#setup() as object, () => undefined);
    const dead = once(child, 'exit').then(() => Promise.reject(new Error('a server process has ended')));
    const url = Promise.race([once(child, 'message').then(([port]) => `http://127.0.0.1:${port}`), dead]);
    const started: ServerProcess = { child, url, isUp: false };
    url.then(
      () => (started.isUp = true),
      () => undefined,
    );
    dead.catch(() => {
      started.isUp = false;
      if (!this.#isOver && this.#processes[index] === started) this.#processes[index] = this.#process(index);
    });
    return started;
  }

  /** Asks one process after the other, except those that start, as a load balancer does. @throws if it is killed before it answers. */
  async ask(
    path: string,
    body: Uint8Array<ArrayBuffer>,
    { only, signal }: { only?: number; signal?: AbortSignal | undefined } = {},
  ) {
    const up = this.#processes.filter(({ isUp }) => isUp);
    const among = up.length === 0 ? this.#processes : up;
    const chosen = only === undefined ? among[this.#asked++ % among.length] : this.#processes[only];
    const answer = await post(`${await chosen?.url}${path}`, body, signal);
    this.answered++;
    return answer;
  }

  /** As `ask`, again and again until somebody has answered. */
  async insist(path: string, body: Uint8Array<ArrayBuffer>, only?: number): Promise<Uint8Array> {
    for (const began = Date.now(); ;) {
      try {
        return await this.ask(path, body, only === undefined ? {} : { only });
      } catch (error) {
        if (this.#isOver || Date.now() - began > PATIENCE) throw error;
        await sleep(50);
      }
    }
  }

  /** Kills a process. Fulfilled once its successor listens, or was killed as well. */
  async kill(index: number): Promise<void> {
    const killed = this.#processes[index];
    this.kills++;
    killed?.child.kill('SIGKILL');
    if (killed !== undefined) await once(killed.child, 'exit');
    await this.#processes[index]?.url.catch(() => undefined);
  }

  end(): void {
    this.#isOver = true;
    for (const { child } of this.#processes) child.kill('SIGKILL');
  }
}
