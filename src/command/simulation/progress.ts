// How far a simulation is: a bar on a terminal if cli-progress is installed, else a line for each tenth.
import type * as cliProgress from 'cli-progress';
import { setImmediate } from 'node:timers/promises';

/** Where progress is shown: a terminal, or a file or pipe, which gets lines. */
export interface Terminal extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
}

type CliProgress = typeof cliProgress;

/** Draws one state of the simulation. */
interface Display {
  show(what: string, done: number, total: number): void;
  close(): void;
}

export class Progress {
  readonly #display: Display;
  #yielded = 0;

  constructor(display: Display) {
    this.#display = display;
  }

  /** Shows what is being done. Also lets timers and signals have their turn now and then. */
  async at(what: string, done: number, total: number): Promise<void> {
    this.#display.show(what, done, total);
    const now = performance.now();
    if (now - this.#yielded < 20) return;
    await setImmediate();
    this.#yielded = performance.now();
  }

  /** Takes a bar away; lines stay. */
  close(): void {
    this.#display.close();
  }
}

/** @param load imports cli-progress, which is an optional peer dependency. */
export async function progressOn(
  terminal: Terminal,
  load: () => Promise<CliProgress> = () => import('cli-progress'),
): Promise<Progress> {
  if (terminal.isTTY !== true) return new Progress(linesOn(terminal));
  const library = await load().catch(nullIfMissing);
  return new Progress(library === null ? linesOn(terminal) : barOn(terminal, library));
}

function nullIfMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return null;
  throw error;
}

function barOn(stream: Terminal, { Presets, SingleBar }: CliProgress): Display {
  const bar = new SingleBar(
    {
      stream,
      format: '{bar} {percentage} %  {what}',
      barsize: 30,
      clearOnComplete: true,
      // What is changed of the terminal would stay so after Ctrl-C.
      linewrap: true,
      hideCursor: false,
    },
    Presets.shades_classic,
  );
  let started = false;
  return {
    show(what, done, total): void {
      if (!started) bar.start(total, done, { what });
      started = true;
      bar.update(done, { what });
    },
    close: () => bar.stop(),
  };
}

function linesOn(stream: Terminal): Display {
  let tenths = -1;
  return {
    show(what, done, total): void {
      const now = Math.floor((10 * done) / total);
      if (now === tenths) return;
      tenths = now;
      stream.write(`${10 * tenths} %  ${what}\n`);
    },
    close: () => undefined,
  };
}
