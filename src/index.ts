/**
 * Secure aggregation in five rounds: the users, the server, and the errors of all entry points.
 *
 * @packageDocumentation
 * @module secagg
 */
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
export { round0Msg } from './user/start.ts';
export { UserWrapper } from './user/user-wrapper.ts';
export type { DescribedUserOptions, UserLocalOptions, UserOptions } from './user/options.ts';
export { ServerWrapper } from './server/server-wrapper.ts';
export type { ServerLocalOptions, ServerOptions } from './server/options.ts';
export { ServerOutputWrapper, type MessagesOutput, type ServerOutput, type SumOutput } from './server/output.ts';
export type { DescribedParameters, SessionDescriptor } from './session/descriptor.ts';
export type { Adversary, Graph, SessionOptions, SparseGraph } from './session/parameters.ts';
export { messageSizes, type MessageSizes, type MessageSizesInput, type RoundSizes } from './wire/message-sizes.ts';
export type { InputVector, SumVector, VectorOptions } from './masking/vector.ts';
export type { DroppedUser, DropReason, ServerEvent, ServerProgress, UserEvent, UserProgress } from './leaves/progress.ts';
export type { Listener } from './leaves/events.ts';
export type { AbortSignalLike, RoundOptions } from './leaves/signals.ts';
export type { UrlLike } from './leaves/urls.ts';
export {
  AuthenticationError,
  DecodeError,
  DisputeError,
  ERROR_CODES,
  ProtocolError,
  SecAggError,
  StateError,
  StoreError,
  ThresholdError,
  UsageError,
  type AnySecAggError,
  type CodesOf,
  type DisputedDeal,
  type DisputeErrorDetails,
  type ProtocolErrorCode,
  type ProtocolErrorDetails,
  type SecAggErrorCode,
  type SecAggErrorName,
  type SecAggErrorOptions,
  type StoreErrorDetails,
  type ThresholdErrorDetails,
} from './leaves/errors.ts';
