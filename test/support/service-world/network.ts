// The way between agents and coordinator: late, lossy, repeating, and with somebody on it who records and replays.
import type { Exchange } from '../../../src/service/exchange.ts';
import type { Draws } from './draws.ts';
import type { Timeline } from './timeline.ts';

export interface NetworkWeather {
  /** Milliseconds one way, at most. */
  readonly latency: number;
  /** That a request or a response is lost. */
  readonly lost: number;
  /** That a request comes twice. */
  readonly duplicated: number;
  /** That somebody replays an old request after this one. */
  readonly replayed: number;
  /** That a response is another one, or has a bit flipped. */
  readonly garbled: number;
}

export const GOOD_NETWORK: NetworkWeather = { latency: 50, lost: 0, duplicated: 0, replayed: 0, garbled: 0 };

/** What the network tells whoever waits for a response that does not come. */
export class NetworkDown extends Error {}

const TIMEOUT = 5000;
/** A request that took this long is not waited for any more. */
const VERY_LATE = 60_000;

export class Network {
  readonly #timeline: Timeline;
  readonly #draws: Draws;
  readonly #weather: NetworkWeather;
  readonly #answer: (request: Uint8Array) => Promise<Uint8Array>;
  readonly #requests: Uint8Array[] = [];
  #lastResponse: Uint8Array = new Uint8Array();

  /** @param answer what the coordinator's side does with a request. */
  constructor(timeline: Timeline, draws: Draws, weather: NetworkWeather, answer: (request: Uint8Array) => Promise<Uint8Array>) {
    this.#timeline = timeline;
    this.#draws = draws;
    this.#weather = weather;
    this.#answer = answer;
  }

  readonly exchange: Exchange = (request) => {
    const { lost, duplicated, replayed } = this.#weather;
    this.#requests.push(request);
    if (this.#draws.chance(duplicated)) this.#unheard(request, this.#draws.between(1, 10 * TIMEOUT));
    if (this.#draws.chance(replayed)) this.#unheard(this.#draws.pick(this.#requests), this.#draws.between(1, VERY_LATE));
    return new Promise((resolve, reject) => {
      this.#timeline.after(TIMEOUT, () => {
        reject(new NetworkDown('no response in time'));
      });
      if (this.#draws.chance(lost)) {
        if (this.#draws.chance(0.5)) this.#unheard(request, this.#draws.between(TIMEOUT, VERY_LATE));
        return;
      }
      this.#timeline.after(this.#travel(), () => {
        this.#answer(request).then(
          (response) => {
            if (this.#draws.chance(lost)) return;
            const arriving = this.#garbled(response);
            this.#timeline.after(this.#travel(), () => {
              resolve(arriving);
            });
          },
          (error: unknown) => {
            reject(new NetworkDown('the coordinator gives no response', { cause: error }));
          },
        );
      });
    });
  };

  #travel(): number {
    return this.#draws.between(1, this.#weather.latency);
  }

  #garbled(response: Uint8Array): Uint8Array {
    const before = this.#lastResponse;
    this.#lastResponse = response;
    if (!this.#draws.chance(this.#weather.garbled)) return response;
    if (this.#draws.chance(0.3)) return before;
    const changed = response.slice(0, this.#draws.chance(0.3) ? this.#draws.between(0, response.length) : response.length);
    if (changed.length > 0) changed[this.#draws.between(0, changed.length - 1)]! ^= 1 << this.#draws.between(0, 7);
    return changed;
  }

  /** A request whose response nobody gets. */
  #unheard(request: Uint8Array, delay: number): void {
    this.#timeline.after(delay, () => {
      this.#answer(request).catch(() => undefined);
    });
  }
}
