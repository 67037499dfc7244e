// What all parties of a session must agree on. Each holds it itself; none of it is the aggregation server's to choose.
import { createHash } from 'node:crypto';
import type { PublicKeysWrapper } from 'secagg';
import { weightedMean, type Encoding, type ErrorBound, type WeightedMean } from 'secagg/encoding';
import { IMAGES_PER_SHARD } from './data.ts';
import type { Model } from './model.ts';

/** No parameter moves further than this in one training round; what would is cut. It is well above what is seen. */
const LARGEST_CHANGE = 1;

/** Least steps from −LARGEST_CHANGE to LARGEST_CHANGE: with twenty participants, as many as fit into 24 bits. */
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
 * What a session is about. Every party derives this from the model that it holds itself: had the server sent them
 * different models, to tell their updates apart, they would be in different sessions and refuse each other's messages.
 */
export function contextOf({ round, model }: Task): string {
  const hash = createHash('sha256').update(model).digest('hex').slice(0, 16);
  return `mnist-demo, round ${round}, model ${hash}`;
}

/** Updates are floats, and the protocol adds integers: the mean of updates, each weighing as much as it has images behind it. */
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
