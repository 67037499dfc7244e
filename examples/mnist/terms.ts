// What all parties of a session must agree on. Each party holds it itself, and the aggregation server chooses none of it.
import { createHash } from 'node:crypto';
import type { PublicKeysWrapper } from 'secagg';
import type { PrivacyTarget } from 'secagg/dp';
import type { Model, ModelShapes } from './models/tensors.ts';

/** Fixed by the application for the whole training. */
export interface Terms {
  readonly threshold: number;
  /** The application's registry: which key speaks for which participant. */
  readonly publicKeys: PublicKeysWrapper;
  readonly shapes: ModelShapes;
  /** Null if sums are exact. */
  readonly privacy: Privacy | null;
}

/** Differential privacy for each participant with all its images. */
export interface Privacy {
  /** What the noise of all training rounds together must achieve. */
  readonly target: PrivacyTarget;
  /** The largest L2 norm of an update; longer ones are scaled down. */
  readonly clip: number;
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
