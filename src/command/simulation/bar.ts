// How far a simulation is, on a terminal.
import { setImmediate } from 'node:timers/promises';
import { Presets, SingleBar } from 'cli-progress';

/** Draws nothing where the stream is no terminal. */
export class Bar {
  readonly #bar: SingleBar;
  #total = 0;
  #yielded = 0;

  constructor(stream: NodeJS.WritableStream) {
    this.#bar = new SingleBar(
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
  }

  /** Also lets timers and signals have their turn now and then. */
  async at(what: string, done: number, total: number): Promise<void> {
    if (this.#total === 0) this.#bar.start((this.#total = total), done, { what });
    this.#bar.update(done, { what });
    const now = performance.now();
    if (now - this.#yielded < 20) return;
    await setImmediate();
    this.#yielded = performance.now();
  }

  /** Takes the bar away. */
  close(): void {
    this.#bar.stop();
  }
}
