// The error of the weighted mean of an encoding, by the bits of a component on the wire. All encodings get the same data and weights,
// within the clipping range. Errors are root mean squares over the components.
import { weightedMean, type Rounding } from '../../src/encoding/index.ts';
import { FlowerSum } from './flower.ts';

const CLIPPING_RANGE = 8;
const MAX_WEIGHT = 1000;
const FLOWER_RANGE = 2 ** 22;

export interface Case {
  readonly bits: number;
  readonly users: number;
  /** Weights are spread evenly, on a logarithmic scale, from maxWeight/spread to maxWeight. */
  readonly spread: number;
}

/** Root mean square errors; null if the sum does not fit, or if all weights are rounded to 0. */
export interface Errors extends Case {
  readonly components: number;
  /** Flower at its default quantization range, 2^22. */
  readonly flower: number | null;
  /** Flower at the largest quantization range whose sums fit into the bits. */
  readonly flowerBest: number | null;
  readonly stochastic: number;
  readonly correlated: number;
  readonly nearest: number;
  /** Steps of Flower's best grid over those of secagg/encoding. It has at most one step more. */
  readonly finer: number;
}

interface Person {
  readonly values: Float32Array;
  readonly weight: number;
}

function* peopleOf({ users, spread }: Case, components: number): Generator<Person> {
  for (let i = 0; i < users; i++) {
    // Irrational steps, so that the data are not aligned with any grid.
    const phase = i * Math.SQRT2;
    const values = Float32Array.from({ length: components }, (_, j) => {
      const [x, y] = [(phase + j * 0.754877666) % 1, (phase * Math.E + j * 0.569840291) % 1];
      return (x + y - 1) * CLIPPING_RANGE;
    });
    yield { values, weight: Math.max(1, Math.round(MAX_WEIGHT / spread ** ((i + 0.5) / users))) };
  }
}

export function measure(each: Case, components: number): Errors {
  const { bits, users } = each;
  const range = Math.floor((2 ** bits - 1) / users);
  const steps = 2 * Math.floor((2 ** (bits - 1) - 1) / users);
  const ours = (['stochastic', 'correlated', 'nearest'] as const).map(
    (rounding) => new OurSum(each, steps, components, rounding),
  );
  const flowers = [FLOWER_RANGE <= range ? FLOWER_RANGE : null, range].map((each) =>
    each === null ? null : new FlowerSum({ clippingRange: CLIPPING_RANGE, maxWeight: MAX_WEIGHT, range: each }, components),
  );
  const exact = new Float64Array(components);
  let totalWeight = 0;
  for (const { values, weight } of peopleOf(each, components)) {
    for (const sum of [...ours, ...flowers]) sum?.add(values, weight);
    for (let j = 0; j < components; j++) exact[j] = (exact[j] ?? NaN) + weight * (values[j] ?? NaN);
    totalWeight += weight;
  }
  const errorOf = (mean: Float64Array): number => {
    const squares = mean.reduce((sum, x, j) => sum + (x - (exact[j] ?? NaN) / totalWeight) ** 2, 0);
    return Math.sqrt(squares / components);
  };
  const [stochastic = NaN, correlated = NaN, nearest = NaN] = ours.map((sum) => errorOf(sum.mean()));
  const [flower = null, flowerBest = null] = flowers.map((sum) => {
    const error = sum === null ? NaN : errorOf(sum.mean());
    return Number.isFinite(error) ? error : null;
  });
  return { ...each, components, flower, flowerBest, stochastic, correlated, nearest, finer: range / steps };
}

/** Sums and decodes what secagg/encoding encodes in a ring of up to 32 bits. */
class OurSum {
  readonly #encoding;
  readonly #sum: Int32Array;
  readonly #correlated: boolean;
  #users = 0;

  constructor({ bits, users }: Case, steps: number, components: number, rounding: Rounding) {
    this.#encoding = weightedMean({
      maxUsers: users,
      length: components,
      clippingRange: CLIPPING_RANGE,
      maxWeight: MAX_WEIGHT,
      quantizationRange: steps,
      type: 'float64',
      rounding,
    });
    if (this.#encoding.bits !== bits) throw new Error(`planned ${this.#encoding.bits} bits, not ${bits}`);
    this.#sum = new Int32Array(this.#encoding.vecLen);
    this.#correlated = rounding === 'correlated';
  }

  add(values: Float32Array, weight: number): void {
    const place = this.#correlated ? { slot: this.#users, seed: 'bench' } : undefined;
    const { vector } = this.#encoding.encode(values, weight, place);
    for (let j = 0; j < vector.length; j++) this.#sum[j] = (this.#sum[j] ?? NaN) + Number(vector[j]);
    this.#users++;
  }

  mean(): Float64Array {
    return this.#encoding.decode(this.#sum, { users: this.#users }).mean;
  }
}

/**
 * Throws unless our error is never larger than the smaller one of Flower, and smaller if weights differ.
 *
 * On a grid of fewer than a hundred steps Flower rounds small weights to nothing and with them the noise of rounding
 * their values, which is a bias, and yet a little less of an error than that noise; there, correlated rounding alone is
 * better in every case.
 */
export function check({ flower, flowerBest, stochastic, correlated, finer, components, ...each }: Errors): void {
  const best = Math.min(flower ?? Infinity, flowerBest ?? Infinity) * finer * (1 + 4 / Math.sqrt(components));
  const steps = 2 ** each.bits / each.users;
  const holds = [
    stochastic < best * (steps < 100 ? 1.06 : 1),
    correlated < best / (steps < 100 ? 1.05 : 1.2),
    // Flower rounds weights to a multiple of maxWeight/range, which shows if that is not small beside the weights.
    each.spread < 1000 || steps < 80 || steps > 200 || stochastic < best / 1.1,
  ];
  if (holds.includes(false)) {
    throw new Error(`not better than Flower: ${JSON.stringify({ ...each, flower, flowerBest, stochastic, correlated, holds })}`);
  }
}
