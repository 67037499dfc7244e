// Work that can be called off from outside and from inside. Leaf.
import type { AbortSignalLike } from './signals.ts';

/** Work that can be called off, by a caller's signal or from inside. What listens to the signal is taken away at the end. */
export class Cancellation {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignalLike | undefined;
  readonly #follow = (): void => this.cancel(reasonOf(this.#outer));

  /** @param outer the caller's signal. It may live long, so `release` must be called. */
  constructor(outer: AbortSignalLike | undefined) {
    this.#outer = outer;
    if (outer?.aborted === true) this.#follow();
    else outer?.addEventListener('abort', this.#follow);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  cancel(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  release(): void {
    try {
      this.#outer?.removeEventListener('abort', this.#follow);
    } catch {
      // The work is done, and a signal of the caller's own making must not take its result away.
    }
  }
}

/** Why a signal was aborted. If it does not tell, what it throws instead. */
function reasonOf(signal: AbortSignalLike | undefined): unknown {
  try {
    return signal?.reason;
  } catch (error) {
    return error;
  }
}
