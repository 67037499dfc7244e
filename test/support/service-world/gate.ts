// Where a process meets the outside: it takes time there, may be told of a failure, and may end, before or after what it asked for.
import type { Draws } from './draws.ts';
import type { Timeline } from './timeline.ts';

/** How likely something is each time a process asks for something. */
export interface Weather {
  /** That it takes time. */
  readonly slow: number;
  /** Milliseconds at most, if it does. */
  readonly latency: number;
  /** That it fails. */
  readonly failure: number;
  /** That the process ends. */
  readonly crash: number;
}

export const CALM: Weather = { slow: 0, latency: 0, failure: 0, crash: 0 };

/** One life of a process, from its start to its end. */
export class Life {
  isOver = false;
  readonly #timeline: Timeline;
  readonly #draws: Draws;
  readonly #weather: Weather;
  readonly #onCrash: () => void;

  constructor(timeline: Timeline, draws: Draws, weather: Weather, onCrash: () => void) {
    this.#timeline = timeline;
    this.#draws = draws;
    this.#weather = weather;
    this.#onCrash = onCrash;
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#onCrash();
  }

  /** The object, as this process reaches it. @param failure makes the error of a failure. */
  reach<T extends object>(target: T, failure: () => Error): T {
    return new Proxy(target, {
      get: (_, name) => {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        return (...given: unknown[]) => this.#call(() => member.apply(target, given) as unknown, failure);
      },
    });
  }

  async #call(act: () => unknown, failure: () => Error): Promise<unknown> {
    await this.#pass(failure);
    const result = await act();
    await this.#pass(failure);
    return result;
  }

  /** Comes back, or throws, or never ends because the process has. */
  async #pass(failure: () => Error): Promise<void> {
    const { slow, latency, failure: failing, crash } = this.#weather;
    if (this.#draws.chance(crash)) this.end();
    if (!this.isOver && this.#draws.chance(slow)) await this.#timeline.sleep(this.#draws.between(1, latency));
    if (this.isOver) await new Promise(() => undefined);
    if (this.#draws.chance(failing)) throw failure();
  }
}
