// The sum of users' real vectors, with noise.
import type { Encoding } from '../encoding/encoding.ts';
import type { FloatArrayOf } from '../encoding/floats.ts';
import type { ValuesOf } from '../encoding/tensors.ts';
import { privateEncoding, type PrivateErrorBound, type ResultNoise } from './private-part.ts';
import {
  boundedVector,
  noiseAndClipping,
  restored,
  VECTOR_NAMES,
  vectorParts,
  type ClippingResult,
  type VectorPlan,
} from './vector-plan.ts';

/** A decoded private sum. */
export interface PrivateSum<Values> {
  /** The sum over the users, value by value, with noise. */
  readonly sum: Values;
  /** The noise in each value. */
  readonly noise: ResultNoise;
}

/**
 * Plans the sum of real vectors with differential privacy for each user.
 *
 * A user's vector is scaled down to the L2 norm `l2Clip`, flattened, rounded to integers and given noise; then it is masked like any
 * other. A user with nothing to add gives `null`, which is zeros and noise.
 *
 * @throws TypeError, RangeError that name the parameter; PrivacyError ERR_SECAGG_PRIVACY_TARGET if no noise meets the target;
 * EncodingError ERR_SECAGG_RING_SIZE if no ring of up to 64 bits is wide enough.
 * @example
 * ```js
 * import { privateSum, receiptOf } from 'secagg/dp';
 *
 * const target = { epsilon: 2, delta: 1e-6 };
 * const kwh = privateSum({ maxUsers: 100, threshold: 67, colluders: 5, length: 24, l2Clip: 10, target });
 * const { vector } = kwh.encode(new Array(24).fill(0.5));
 * console.log(vector.length, receiptOf(kwh, { included: [80] }).epsilon < 2); // prints: 24 true
 * ```
 */
export function privateSum<const Plan extends VectorPlan>(
  plan: Plan,
): Encoding<
  ValuesOf<Plan, ArrayLike<number>> | null,
  PrivateSum<ValuesOf<Plan, FloatArrayOf<Plan>>> & ClippingResult<Plan>,
  PrivateErrorBound
> {
  const parts = vectorParts(plan, VECTOR_NAMES);
  const { release, flat, description } = parts;
  return privateEncoding({
    description: ['privateSum', description],
    release,
    flat,
    weighted: false,
    bound: (data, _weight, path) => boundedVector(parts, data, path),
    read: (values, users, noise) => ({
      result: {
        sum: restored<Plan>(parts, values, 1) as ValuesOf<Plan, FloatArrayOf<Plan>>,
        ...noiseAndClipping<Plan>(parts, values, { users, noise, divisor: 1 }),
      },
    }),
    divisor: () => 1,
  });
}
