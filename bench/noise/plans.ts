// How long private encodings take beside a plain one.
import { mean } from '../../src/encoding/index.ts';
import { privateMean, type VectorPlan } from '../../src/dp/index.ts';
import { median } from '../statistics.ts';

/** Medians in ms for one vector. */
export interface PlanSpeed {
  readonly what: string;
  readonly bits: number;
  readonly encode: number;
  readonly decode: number;
}

const USERS = 100;
const THRESHOLD = 67;
const TARGET = { epsilon: 8, delta: 1e-6, releases: 200 };

interface Coded {
  readonly bits: number;
  encode(data: Float32Array): { readonly vector: Int32Array | BigInt64Array };
  decode(sum: Int32Array | BigInt64Array, terms: { readonly users: number }): { readonly mean: ArrayLike<number> };
}

export function measurePlans(length: number, runs: number): PlanSpeed[] {
  const noised = (options: Partial<VectorPlan>): Coded => {
    const terms = { maxUsers: USERS, threshold: THRESHOLD, colluders: 5, length, l2Clip: 1, target: TARGET, session: 'bench' };
    return privateMean({ ...terms, ...options } as VectorPlan & { readonly length: number });
  };
  const plans: readonly (readonly [string, Coded])[] = [
    ['plain mean', mean({ maxUsers: USERS, length, clippingRange: 1 })],
    ['discrete Gaussian', noised({})],
    ['discrete Gaussian, exact sampler', noised({ sampler: 'exact' })],
    ['discrete Gaussian, not flattened', noised({ flatten: 'none' })],
    ['Skellam', noised({ mechanism: 'skellam' })],
    ['noise from a trusted server', noised({ noiseFrom: 'server' })],
  ];
  const data = Float32Array.from({ length }, (_, i) => Math.sin(i) / Math.sqrt(length));
  return plans.map(([what, plan]) => {
    const [encode, decode]: [number[], number[]] = [[], []];
    for (let i = 0; i <= runs; i++) {
      const started = performance.now();
      const { vector } = plan.encode(data);
      const encoded = performance.now();
      const result = plan.decode(vector, { users: THRESHOLD }).mean;
      decode.push(performance.now() - encoded);
      encode.push(encoded - started);
      check(what, result, data);
    }
    // The first run makes tables.
    return { what, bits: plan.bits, encode: median(encode.slice(1)), decode: median(decode.slice(1)) };
  });
}

/** The data show in the result, in spite of the noise: the part of it in their direction is their length, within many deviations. */
function check(what: string, result: ArrayLike<number>, data: Float32Array): void {
  let [along, length] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    along += THRESHOLD * (result[i] ?? NaN) * (data[i] ?? 0);
    length += (data[i] ?? 0) ** 2;
  }
  // Noise in one direction has a deviation of a few times the length of the data.
  if (!(Math.abs(along / length - 1) < 60)) throw new Error(`${what}: the data are not in the result: ${along / length}`);
}
