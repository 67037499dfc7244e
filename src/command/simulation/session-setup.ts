// Everything that one simulated session is given: its users and their keys, its parameters, and who is lost.
import type { PublicKeysWrapper, SignPublicKey, SignSecretKey } from '../../index.ts';
import type { VectorShape } from './inputs.ts';
import type { Loss } from './losses.ts';
import type { SessionParameters } from './scenario.ts';

export interface SessionSetup {
  readonly seed: number;
  readonly run: number;
  /** Number of the session in its run. */
  readonly session: number;
  /** Probability of a fault in one user's messages of one round. */
  readonly faults: number;
  readonly parameters: SessionParameters;
  readonly shape: VectorShape;
  /** Ascending. */
  readonly userIds: readonly number[];
  /** Key pairs by user id. */
  readonly keys: readonly (readonly [SignPublicKey, SignSecretKey])[];
  readonly publicKeys: PublicKeysWrapper;
  /** Users to be lost, by id; those of other sessions too. */
  readonly losses: ReadonlyMap<number, Loss>;
}
