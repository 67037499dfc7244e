// What requests and responses have in common.
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { DIGEST_BYTES } from '../leaves/sizes.ts';

/** Bytes of an epoch token: the epoch's number and a code that only the coordinator can make. */
export const EPOCH_TOKEN_BYTES: number = 8 + DIGEST_BYTES;

/** What a request or response is about. All zero: nothing yet. */
export interface Place {
  readonly run: number;
  readonly attempt: number;
  /** Protocol round, 0 to 4. */
  readonly round: number;
}

export const NOWHERE: Place = { run: 0, attempt: 0, round: 0 };

/**
 * The one thing that an application brings to an agent: it carries a request to `Coordinator.answer` and gives back what that
 * returned, over any transport.
 *
 * @throws anything if the transport fails; the agent tries again later.
 */
export type Exchange = (request: Uint8Array<ArrayBuffer>, options: { readonly signal?: PlatformSignal }) => Promise<Uint8Array>;
