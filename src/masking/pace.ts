// Long work in pieces: the event loop runs in between, and who waits for the work can call it off.
import { platform } from '#platform';
import { throwIfAborted, type AbortSignalLike } from '../leaves/signals.ts';

/** A pause costs some microseconds; timers and sockets wait at most about this long, and one piece of work. */
const PIECE_MILLISECONDS = 15;

export class Pace {
  #resumed: number = performance.now();
  readonly #signal: AbortSignalLike | undefined;

  constructor(signal?: AbortSignalLike) {
    this.#signal = signal;
  }

  /**
   * Gives way where it is time to.
   *
   * @throws the signal's reason where it is aborted.
   */
  async maybePause(): Promise<void> {
    if (performance.now() - this.#resumed >= PIECE_MILLISECONDS) {
      await platform.pause();
      this.#resumed = performance.now();
    }
    throwIfAborted(this.#signal);
  }
}
