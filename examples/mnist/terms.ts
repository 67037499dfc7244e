// What all parties of a session must agree on. Each party holds it itself, and the aggregation server chooses none of it.
import { createHash } from 'node:crypto';
import type { PublicKeysWrapper } from 'secagg';
import { weightedMean, type Encoding, type ErrorBound, type WeightedMean } from 'secagg/encoding';
import { IMAGES_PER_SHARD } from './data.ts';
import type { Model } from './model.ts';

/** Largest change of a parameter in one training round. Larger changes are clipped; observed changes are well below. */
const LARGEST_CHANGE = 1;

/** Least number of steps from −LARGEST_CHANGE to LARGEST_CHANGE: with twenty participants, as many as fit into 24 bits. */
const STEPS = 2 ** 19;

/** Fixed by the application for the whole training. */
export interface Terms {
  readonly threshold: number;
  /** The application's registry: which key speaks for which participant. */
  readonly publicKeys: PublicKeysWrapper;
}

/** What one session is for: an update of this model, in this training round. */
export interface Task {
  readonly round: number;
  readonly model: Model;
}

/**
 * The context of a session. Every party derives it from the model that it holds itself. If the server sent different models to
 * tell the updates apart, the parties would be in different sessions and would refuse each other's messages.
 */
export function contextOf({ round, model }: Task): string {
  const hash = createHash('sha256').update(model).digest('hex').slice(0, 16);
  return `mnist-demo, round ${round}, model ${hash}`;
}

/** Encodes updates (floats) as integers. The sum gives their mean, weighted by the number of images of each participant. */
export type UpdateEncoding = Encoding<ArrayLike<number>, WeightedMean<Float32Array>, ErrorBound>;

/** How a session's updates are encoded. Its options bind the session to the encoding and to the task. */
export function encodingOf({ publicKeys }: Terms, task: Task): UpdateEncoding {
  return weightedMean({
    maxUsers: publicKeys.size,
    length: task.model.length,
    clippingRange: LARGEST_CHANGE,
    quantizationRange: STEPS,
    maxWeight: IMAGES_PER_SHARD,
    session: contextOf(task),
  });
}
