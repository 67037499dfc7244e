// The weighted mean as Flower's SecAgg encodes it (flwr 1.42, secaggplus_mod.py and secaggplus_workflow.py), in doubles:
// what secagg/encoding is measured against. Weights are rounded to a multiple of maxWeight/range, values are multiplied
// with the rounded weight, then clipped, shifted to be positive and rounded at random.
import { randomFillSync } from 'node:crypto';

export interface FlowerPlan {
  readonly clippingRange: number;
  readonly maxWeight: number;
  /** Flower's `quantization_range`. */
  readonly range: number;
}

/** Adds up the vectors of the users, and decodes the sum. */
export class FlowerSum {
  readonly #plan: FlowerPlan;
  readonly #sum: Float64Array;
  readonly #uniform: Uint32Array<ArrayBuffer>;
  #weight = 0;
  #users = 0;

  constructor(plan: FlowerPlan, length: number) {
    this.#plan = plan;
    this.#sum = new Float64Array(length);
    this.#uniform = new Uint32Array(length);
  }

  add(values: Float32Array, weight: number): void {
    const { clippingRange: c, maxWeight, range } = this.#plan;
    const q = Math.round((weight / maxWeight) * range);
    randomFillSync(this.#uniform);
    for (let i = 0; i < values.length; i++) {
      const v = (values[i] ?? NaN) * (q / range);
      const x = ((Math.max(-c, Math.min(c, v)) + c) * range) / (2 * c);
      const up = Math.ceil(x);
      this.#sum[i] = (this.#sum[i] ?? NaN) + up - ((this.#uniform[i] ?? NaN) / 2 ** 32 < up - x ? 1 : 0);
    }
    this.#weight += q;
    this.#users++;
  }

  /** The weighted mean; not finite if all weights were rounded to zero. */
  mean(): Float64Array {
    const { clippingRange: c, range } = this.#plan;
    return this.#sum.map((y) => (((y * 2 * c) / range - this.#users * c) * range) / this.#weight);
  }
}
