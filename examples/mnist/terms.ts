// What all parties of a session must agree on. Each holds it itself; none of it is the aggregation server's to choose.
import { createHash } from 'node:crypto';
import type { PublicKeysWrapper, SessionOptions } from 'secagg';
import { BITS } from './fixed-point.ts';
import type { Model } from './model.ts';

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
 * Binds a session to its task. Every party derives this from the model that it holds itself: had the server sent them
 * different models, to tell their updates apart, they would be in different sessions and refuse each other's messages.
 */
export function sessionOptions({ round, model }: Task): SessionOptions & { readonly session: string } {
  const hash = createHash('sha256').update(model).digest('hex').slice(0, 16);
  return { session: `mnist-demo, round ${String(round)}, model ${hash}`, bits: BITS };
}
