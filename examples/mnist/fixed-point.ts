// Updates are floats, and the protocol adds integers modulo 2^bits: how the one becomes the other.
import type { Model } from './model.ts';

/** Each component takes as many bits on the wire. */
export const BITS = 24;

/** No parameter moves further than this in one training round; what would is cut. It is well above what is seen. */
const LARGEST_CHANGE = 1;

export class FixedPoint {
  /** What LARGEST_CHANGE becomes: the largest integer of which `participants` add up without a wrap, as secagg demands. */
  readonly #limit: number;

  constructor(participants: number) {
    this.#limit = Math.floor((2 ** (BITS - 1) - 1) / participants);
  }

  encode(update: Float32Array): Int32Array {
    return Int32Array.from(update, (change) => {
      const cut = Math.max(-LARGEST_CHANGE, Math.min(LARGEST_CHANGE, change));
      return Math.round((cut / LARGEST_CHANGE) * this.#limit);
    });
  }

  /** The model moved by the mean of the updates that are in the sum. */
  moved(model: Model, sum: Int32Array, count: number): Model {
    return model.map((parameter, i) => parameter + ((sum[i] ?? NaN) / count / this.#limit) * LARGEST_CHANGE);
  }
}
