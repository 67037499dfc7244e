// Server processes that can be killed at any time and are started again.
import { fork, type ChildProcess } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';
import type { Answer, Call } from './server-process.ts';

/** The sources, whether the package is built or not. */
const ALIASES = { '#platform': './src/platform/node.ts', 'secagg/pet': './src/pet/index.ts' };

/** Bundles a program into one file of JavaScript, because a process that is killed all the time must start fast. */
export async function bundled(source: URL): Promise<string> {
  const entry = fileURLToPath(source);
  const outfile = fileURLToPath(new URL(`../../out/${basename(entry, '.ts')}-${process.pid}.mjs`, import.meta.url));
  const options = {
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    conditions: ['secagg-source'],
  } satisfies BuildOptions;
  await build({ ...options, entryPoints: [entry], outfile, alias: ALIASES });
  return outfile;
}

/** An error that a process has sent. */
export class RemoteError extends Error {
  readonly code: string | null;

  constructor({ name, code, message }: { name: string; code: string | null; message: string }) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

/** A process died before it answered: nobody knows what it has done. */
export class Died extends Error {}

class ServerProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #calls = 0;
  alive = true;

  constructor(program: string, env: Readonly<Record<string, string>>, onExit: () => void) {
    this.#child = fork(program, {
      execArgv: [],
      serialization: 'advanced',
      env: { ...process.env, ...env, NODE_V8_COVERAGE: '' },
    });
    this.#child.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.call);
      this.#waiting.delete(answer.call);
      if ('error' in answer) waiting?.reject(new RemoteError(answer.error));
      else waiting?.resolve(answer.value);
    });
    this.#child.once('exit', () => {
      this.alive = false;
      for (const { reject } of this.#waiting.values()) reject(new Died('the process died'));
      this.#waiting.clear();
      onExit();
    });
    this.#child.on('error', () => undefined);
  }

  call(method: Call['method'], args: readonly unknown[]): Promise<unknown> {
    if (!this.alive) return Promise.reject(new Died('the process is dead'));
    return new Promise((resolve, reject) => {
      const call = this.#calls++;
      this.#waiting.set(call, { resolve, reject });
      this.#child.send({ call, method, args } satisfies Call, (error) => {
        if (error) reject(new Died('the channel is closed'));
      });
    });
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#child.kill(signal);
  }
}

export class Fleet {
  readonly #program: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #crashAfter: () => number | null;
  #processes: ServerProcess[] = [];
  #ended = false;
  deaths = 0;

  /** @param crashAfter gives the number of statements after which a new process kills itself; null for never. */
  static async start(size: number, env: Readonly<Record<string, string>>, crashAfter?: () => number | null): Promise<Fleet> {
    return new Fleet(await bundled(new URL('server-process.ts', import.meta.url)), size, env, crashAfter ?? ((): null => null));
  }

  private constructor(program: string, size: number, env: Readonly<Record<string, string>>, crashAfter: () => number | null) {
    this.#program = program;
    this.#env = env;
    this.#crashAfter = crashAfter;
    this.#processes = Array.from({ length: size }, (_, i) => this.#start(i));
  }

  #start(i: number): ServerProcess {
    const after = this.#crashAfter();
    return new ServerProcess(this.#program, { ...this.#env, ...(after === null ? {} : { CRASH_AFTER: String(after) }) }, () => {
      this.deaths++;
      if (!this.#ended) this.#processes[i] = this.#start(i);
    });
  }

  get size(): number {
    return this.#processes.length;
  }

  /** Calls the i-th process. */
  call(i: number, method: Call['method'], ...args: readonly unknown[]): Promise<unknown> {
    return this.#processes[i % this.#processes.length]!.call(method, args);
  }

  kill(i: number, signal?: NodeJS.Signals): void {
    this.#processes[i % this.#processes.length]!.kill(signal);
  }

  end(): void {
    this.#ended = true;
    for (const process of this.#processes) process.kill();
  }
}
