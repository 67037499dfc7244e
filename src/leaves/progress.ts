// What a session can tell about itself at any time, and the events that it reports. Types only. Leaf.
import type { AnySecAggError, SecAggErrorCode } from './errors.ts';

/**
 * Why a user is out, or is named:
 * - `no-shares`: it advertised keys, and no shares of it were accepted (round 1).
 * - `no-masked-input`: it dealt shares, and no masked input of it was accepted; it is not in the sum (round 2).
 * - `no-signature`: it sent its input, and no signature of it was accepted; it is in the sum (round 3).
 * - `no-answer`: it signed, and no answer of it was accepted; it is in the sum (round 4).
 *
 *   In these, nothing came in time, or what came was refused: `recv` has thrown why, and the event `message-refused` told it.
 * - `wrong-share`: it revealed a share that is not the one dealt to it; its other shares count (round 4).
 * - `inconsistent-deal`: shares that it committed to do not give its secret; found in round 4, done in round 1.
 */
export type DropReason = 'no-shares' | 'no-masked-input' | 'no-signature' | 'no-answer' | 'wrong-share' | 'inconsistent-deal';

/** A user that is out, or named, since when and why. */
export interface DroppedUser {
  readonly userId: number;
  readonly round: number;
  readonly reason: DropReason;
}

/** Where the server stands. Lists are fresh; those of ids ascend. */
export interface ServerProgress {
  /** The round being collected, 0 to 4; 5 when the sum is known; null after an error. */
  readonly round: number | null;
  /** Grows with every change of the state; of two states of one session, the one with more is the newer. */
  readonly revision: number;
  /** Users whose message of this round has been accepted. */
  readonly heard: readonly number[];
  /** Users that may still send one; in round 0 the registered users not yet heard, or none where none are registered. */
  readonly missing: readonly number[];
  /** Messages that this round needs at least: the threshold. */
  readonly needed: number;
  /**
   * Whether `round()` would succeed now, as far as can be told without the work: in round 4 a dealer whose deal is
   * inconsistent shows only in the reconstruction.
   */
  readonly ready: boolean;
  /** In the order in which it was found out. */
  readonly dropped: readonly DroppedUser[];
  /** Users in the sum, from the end of round 2 on; null before. */
  readonly included: readonly number[] | null;
  /** How many users may work with the server, or lie, before the guarantees end; null until U1 is fixed. */
  readonly colludersBorne: number | null;
  /** The error that ended the session, with its class, code and details; null if it goes on or has its sum. */
  readonly error: AnySecAggError | null;
}

/** Where a user stands. */
export interface UserProgress {
  /** The round whose message it waits for, 0 to 4; 5 when it has answered all; null after an error. */
  readonly round: number | null;
  /** Grows with every change of the state; of two states of one user in one session, the one with more is the newer. */
  readonly revision: number;
  /** Whether the vector is still to be given before round 2 can be answered. */
  readonly needsVector: boolean;
  /** How many users are in U1, U2 and U3, in this order, as far as it knows. */
  readonly users: readonly number[];
  /** Users whose shares it could not use and has reported, or will; from round 2 to the answer of round 4. */
  readonly unusableDeals: readonly number[];
  /** How many users may work with the server, or lie, before the guarantees end; null until U1 is known. */
  readonly colludersBorne: number | null;
  /** The error that ended the session for this user, with its class, code and details; else null. */
  readonly error: AnySecAggError | null;
}

/** What happens in a session, for an application's metrics and logs. Times are in milliseconds, sizes in bytes. */
export type ServerEvent =
  | {
      readonly type: 'message-accepted';
      readonly userId: number;
      readonly round: number;
      readonly bytes: number;
      /** 32 bytes that tell this message from any other. */
      readonly digest: Uint8Array;
      readonly milliseconds: number;
    }
  | { readonly type: 'message-repeated'; readonly userId: number; readonly bytes: number }
  | { readonly type: 'message-refused'; readonly userId: number; readonly bytes: number; readonly code: SecAggErrorCode }
  | ({ readonly type: 'user-dropped' } & DroppedUser)
  | {
      readonly type: 'round-closed';
      readonly round: number;
      readonly users: number;
      readonly bytes: number;
      readonly milliseconds: number;
    }
  /** While masks are removed, now and then: how many are gone, of how many, and how many worker threads are at it. */
  | { readonly type: 'unmasking'; readonly done: number; readonly total: number; readonly threads: number }
  | { readonly type: 'finished'; readonly included: readonly number[] }
  | { readonly type: 'failed'; readonly round: number; readonly code: SecAggErrorCode };

/** What happens to one user in a session. Times are in milliseconds, sizes in bytes. */
export type UserEvent =
  | {
      readonly type: 'round-answered';
      readonly round: number;
      readonly bytesIn: number;
      readonly bytesOut: number;
      readonly milliseconds: number;
    }
  | { readonly type: 'message-repeated'; readonly round: number; readonly bytesIn: number }
  | { readonly type: 'failed'; readonly code: SecAggErrorCode };
