// Divides long work into pieces. The event loop runs between them, and the caller can abort the work.
import { platform } from '#platform';
import { throwIfAborted, type AbortSignalLike } from '../leaves/signals.ts';

/** How long a piece of work takes before a pause, which costs some microseconds. Timers and sockets wait about this long at most. */
const PIECE_MILLISECONDS = 15;

export class Pace {
  #resumed: number = performance.now();
  readonly #signal: AbortSignalLike | undefined;

  constructor(signal?: AbortSignalLike) {
    this.#signal = signal;
  }

  /**
   * Lets the event loop run if the last pause was long enough ago.
   *
   * @throws the signal's reason if it is aborted.
   */
  async maybePause(): Promise<void> {
    if (performance.now() - this.#resumed >= PIECE_MILLISECONDS) {
      await platform.pause();
      this.#resumed = performance.now();
    }
    throwIfAborted(this.#signal);
  }
}
