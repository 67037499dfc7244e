// The terms of a session, on which all parties must agree. Each party has its own copy, and the aggregation server chooses none of it.
import { createHash } from 'node:crypto';
import type { PublicKeysWrapper } from 'secagg';
import { weightedMean, type Encoding, type ErrorBound, type WeightedMean } from 'secagg/encoding';
import { IMAGES_PER_SHARD } from './data.ts';
import type { Model } from './model.ts';

/** Largest change of a parameter in one training round. Larger ones are clipped; it is well above the changes that occur. */
const LARGEST_CHANGE = 1;

/** Least number of steps from −LARGEST_CHANGE to LARGEST_CHANGE. With twenty participants these take 24 bits. */
const STEPS = 2 ** 19;

/** The terms that the application fixes for the whole training. */
export interface Terms {
  readonly threshold: number;
  /** The application's registry of the participants' public keys. */
  readonly publicKeys: PublicKeysWrapper;
}

/** The purpose of one session: an update of this model in this training round. */
export interface Task {
  readonly round: number;
  readonly model: Model;
}

/**
 * Names the purpose of a session. Each party derives the name from its own copy of the model. If the server sends them different
 * models to tell their updates apart, they are in different sessions and refuse each other's messages.
 */
export function contextOf({ round, model }: Task): string {
  const hash = createHash('sha256').update(model).digest('hex').slice(0, 16);
  return `mnist-demo, round ${round}, model ${hash}`;
}

/** Encodes updates, which are floats, as integers, for a mean in which each update is weighted by its number of images. */
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
