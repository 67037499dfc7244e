// Who plays in one session, and what is in store for them.
import type { PublicKeysWrapper, SignPublicKey, SignSecretKey } from '../../index.ts';
import type { Shape } from './inputs.ts';
import type { Loss } from './losses.ts';
import type { Terms } from './scenario.ts';

export interface Cast {
  readonly seed: number;
  readonly run: number;
  /** Number of the session in its run. */
  readonly session: number;
  /** Probability that something goes wrong with a user's messages in one round. */
  readonly faults: number;
  readonly terms: Terms;
  readonly shape: Shape;
  /** Ascending. */
  readonly userIds: readonly number[];
  readonly keys: readonly (readonly [SignPublicKey, SignSecretKey])[];
  readonly publicKeys: PublicKeysWrapper;
  readonly losses: ReadonlyMap<number, Loss>;
}
