// Work that can be called off from outside and from inside. Leaf.
import type { AbortSignalLike } from './signals.ts';

/** Work that can be called off, by a caller's signal or from inside. What listens to the signal is taken away at the end. */
export class Cancellation {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignalLike | undefined;
  readonly #follow = (): void => this.cancel(this.#outer?.reason);

  /** @param outer the caller's signal. It may live long, so `release` must be called. */
  constructor(outer: AbortSignalLike | undefined) {
    this.#outer = outer;
    outer?.addEventListener('abort', this.#follow);
    if (outer?.aborted === true) this.#follow();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  cancel(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  release(): void {
    this.#outer?.removeEventListener('abort', this.#follow);
  }
}
