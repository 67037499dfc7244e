// What is summed: the aggregate of the task, and the same encoding for the demo, which computes every sum again in the clear.
import { isDeepStrictEqual } from 'node:util';
import { budgetOf, privateMean, worstCostOf, type PrivacyTarget, type ReleaseCost } from 'secagg/dp';
import { weightedMean } from 'secagg/encoding';
import type { Aggregate } from 'secagg/service';
import { IMAGES_PER_SHARD } from './data.ts';
import { modelOf, tensorsOf, type Model, type ModelShapes } from './models/tensors.ts';

/** Largest change of a parameter in one training round. Larger changes are clipped; observed changes are well below. */
const LARGEST_CHANGE = 1;

/** Least number of steps from −LARGEST_CHANGE to LARGEST_CHANGE: with twenty participants, as many as fit into 24 bits. */
const STEPS = 2 ** 19;

/** Participants that may tell the server their noise, so that it does not count. */
export const COLLUDERS = 1;

/** By how much the noise may differ from what is expected. Over some thousand components, it differs by a few percent at most. */
const TOLERANCE = 0.1;

/** What updates are, and among how many. */
export interface Terms {
  readonly shapes: ModelShapes;
  readonly users: number;
  readonly threshold: number;
}

/** Differential privacy for each participant with all its images. */
export interface Privacy {
  /** What the noise of all training rounds together must achieve. */
  readonly target: PrivacyTarget;
  /** The largest L2 norm of an update; longer ones are scaled down. */
  readonly clip: number;
}

/** A sum that was compared with the plain one. */
export interface Checked {
  readonly update: Model;
  /** Images behind the mean; null if the sum does not tell. */
  readonly images: number | null;
  /** Standard deviation of the noise in each component, as it is and as it is expected to be; null if there is none. */
  readonly noise: { readonly is: number; readonly expected: number } | null;
}

/** How updates are summed. */
export interface Summing {
  readonly aggregate: Aggregate;
  readonly colluders: number;
  readonly bits: number;
  /** What a sum costs a participant at worst; null if it has no noise. */
  readonly worst: ReleaseCost | null;
  /** The ledger in which the sums of all training rounds fit; null if they have no noise. */
  readonly budget: ReturnType<typeof budgetOf> | null;
  /** The length (L2 norm) that the noise of a mean over so many users is likely to have. */
  noiseLength(users: number): number;
  /**
   * Compares a result of the service with the mean of the updates that are in it. Only a demo that plays all parties knows them.
   *
   * @throws Error if they differ by more than noise.
   */
  checked(result: unknown, updates: readonly Model[]): Checked;
}

/** The mean is weighted by the number of images of each participant. Rounded to the nearest, it can be computed again exactly. */
export function exactly({ shapes, users: maxUsers }: Terms): Summing {
  const range = { clippingRange: LARGEST_CHANGE, quantizationRange: STEPS, maxWeight: IMAGES_PER_SHARD };
  const plan = { shapes, ...range, rounding: 'nearest', type: 'float64' } as const;
  const encoding = weightedMean({ ...plan, maxUsers });
  return {
    aggregate: { kind: 'weightedMean', ...plan },
    ...{ colluders: 0, bits: encoding.bits, worst: null, budget: null },
    noiseLength: () => 0,
    checked(result, updates) {
      const sum = new Int32Array(encoding.vecLen);
      for (const update of updates) {
        const { vector } = encoding.encode(tensorsOf(update, shapes), IMAGES_PER_SHARD);
        for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? NaN) + Number(vector[i]);
      }
      const plain = encoding.decode(sum, { users: updates.length });
      if (!isDeepStrictEqual(result, plain)) throw new Error('the secure sum differs from the plain one');
      return { update: modelOf(plain.mean, shapes), images: plain.totalWeight, noise: null };
    },
  };
}

/** Every participant counts once: weights would need noise too, and all participants have equally many images. */
export function withNoise({ shapes, users: maxUsers, threshold }: Terms, { target, clip }: Privacy): Summing {
  const plan = { shapes, threshold, colluders: COLLUDERS, l2Clip: clip, target } as const;
  const encoding = privateMean({ ...plan, maxUsers });
  const deviationOf = (users: number): number => encoding.errorBound({ users }).rms;
  return {
    aggregate: { kind: 'privateMean', ...plan },
    ...{ colluders: COLLUDERS, bits: encoding.bits, worst: worstCostOf(encoding), budget: budgetOf(encoding) },
    noiseLength: (users) => deviationOf(users) * Math.sqrt(encoding.vecLen),
    checked(result, updates) {
      const { mean } = result as ReturnType<typeof encoding.decode>;
      const update = modelOf(mean, shapes);
      const plain = new Float64Array(update.length);
      for (const each of updates) {
        const scale = Math.min(1, clip / Math.hypot(...each)) / updates.length;
        each.forEach((value, i) => (plain[i] = (plain[i] ?? NaN) + scale * value));
      }
      const noise = {
        is: Math.sqrt(update.reduce((sum, value, i) => sum + (value - (plain[i] ?? NaN)) ** 2, 0) / update.length),
        expected: deviationOf(updates.length),
      };
      if (!(Math.abs(noise.is / noise.expected - 1) < TOLERANCE)) throw new Error('the secure sum differs by more than noise');
      return { update, images: null, noise };
    },
  };
}
