// The entry point `secagg`: the rounds.
import { generateSignKeyPair, type SignPublicKey, type SignSecretKey } from './crypto/sign.ts';
import { systemRandom } from './crypto/random.ts';

/**
 * A fresh Ed25519 key pair: a user's long-term identity.
 *
 * @returns public and secret key, 32 bytes each.
 * @example
 * ```js
 * import { genKeypair } from 'secagg';
 *
 * const [publicKey, secretKey] = genKeypair();
 * console.log(publicKey.length, secretKey.length); // prints: 32 32
 * ```
 */
export function genKeypair(): [SignPublicKey, SignSecretKey] {
  return generateSignKeyPair(systemRandom);
}

export type { SignPublicKey, SignSecretKey };
export { PublicKeysWrapper } from './session/public-keys.ts';
export { UserWrapper, round0Msg, type UserOptions } from './user/user-wrapper.ts';
export { ServerWrapper, type RoundOptions, type ServerOptions } from './server/server-wrapper.ts';
export { ServerOutputWrapper } from './server/output.ts';
export type { Adversary, Graph, SessionOptions, SparseGraph } from './session/parameters.ts';
export { messageSizes, type MessageSizes, type MessageSizesInput, type RoundSizes } from './wire/message-sizes.ts';
export type { InputVector } from './masking/vector.ts';
export type { DroppedUser, DropReason, ServerEvent, ServerProgress, UserEvent, UserProgress } from './leaves/progress.ts';
export type { Listener } from './leaves/events.ts';
export {
  AuthenticationError,
  DecodeError,
  DisputeError,
  ProtocolError,
  SecAggError,
  StateError,
  StoreError,
  ThresholdError,
  UsageError,
  type DisputedDeal,
  type SecAggErrorCode,
} from './leaves/errors.ts';
