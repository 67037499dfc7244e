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
  /** The user's id. */
  readonly userId: number;
  /** The round, 1 to 4, in which it was found out. */
  readonly round: number;
  /** Why the user is out, or is named. */
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

/** How far the round of a session is, without the lists of who has spoken. */
export interface Attendance {
  /** The round being collected, 0 to 4; 5 when the sum is known; null after an error. */
  readonly round: number | null;
  /** How many users' messages of this round have been accepted. */
  readonly heard: number;
  /** How many users may still send one; in round 0 of the registered users. */
  readonly missing: number;
}

/** Where a user stands. */
export interface UserProgress {
  /** The round whose message it waits for, 0 to 4; 5 when it has answered all; null after an error. */
  readonly round: number | null;
  /** Grows with every change of the state; of two states of one user in one session, the one with more is the newer. */
  readonly revision: number;
  /** Whether the vector is still to be given before round 2 can be answered. */
  readonly needsVector: boolean;
  /** Whether the public keys are still to be given before round 1 can be answered. */
  readonly needsPublicKeys: boolean;
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
      /** A user's message was new, and was accepted. */
      readonly type: 'message-accepted';
      /** The sender's id. */
      readonly userId: number;
      /** The round of the message, 0 to 4. */
      readonly round: number;
      /** Size of the message, in bytes. */
      readonly bytes: number;
      /** Digest of the message, 32 bytes: no other message has the same. */
      readonly digest: Uint8Array;
      /** Time that `recv` took, in milliseconds. */
      readonly milliseconds: number;
    }
  | {
      /** A message came again that had been accepted before. */
      readonly type: 'message-repeated';
      /** The sender's id. */
      readonly userId: number;
      /** Size of the message, in bytes. */
      readonly bytes: number;
    }
  | {
      /** A message was refused; `recv` has thrown why. */
      readonly type: 'message-refused';
      /** The id of the user that the transport takes for the sender. */
      readonly userId: number;
      /** Size of the message, in bytes. */
      readonly bytes: number;
      /** The code of the error that `recv` has thrown. */
      readonly code: SecAggErrorCode;
    }
  | ({
      /** A user is out, or is named. */
      readonly type: 'user-dropped';
    } & DroppedUser)
  | {
      /** `round` has closed a round. */
      readonly type: 'round-closed';
      /** The round that was closed, 0 to 4. */
      readonly round: number;
      /** Users that go on; 0 after round 4. */
      readonly users: number;
      /** Size of all messages that go to users now, in bytes; 0 after round 4. */
      readonly bytes: number;
      /** Time that `round` took, in milliseconds. */
      readonly milliseconds: number;
    }
  | {
      /** The server removes masks from the sum; it tells now and then how far it is. */
      readonly type: 'unmasking';
      /** Masks that were removed. */
      readonly done: number;
      /** Masks to be removed in all. */
      readonly total: number;
      /** Worker threads that take part; 0 if the caller's thread does all. */
      readonly threads: number;
    }
  | {
      /** The session has its sum. */
      readonly type: 'finished';
      /** Ids of the users in the sum, ascending. */
      readonly included: readonly number[];
    }
  | {
      /** An error has ended the session. */
      readonly type: 'failed';
      /** The round that was being closed, 0 to 4. */
      readonly round: number;
      /** The code of the error. */
      readonly code: SecAggErrorCode;
    };

/** What happens to one user in a session. Times are in milliseconds, sizes in bytes. */
export type UserEvent =
  | {
      /** The user has answered a message of the server. */
      readonly type: 'round-answered';
      /** The round of the message, 0 to 4. */
      readonly round: number;
      /** Size of the server's message, in bytes. */
      readonly bytesIn: number;
      /** Size of the answer, in bytes. */
      readonly bytesOut: number;
      /** Time that `round` took, in milliseconds. */
      readonly milliseconds: number;
    }
  | {
      /** The server's last message came again, and the user gave the same answer. */
      readonly type: 'message-repeated';
      /** The round of the message, 0 to 4. */
      readonly round: number;
      /** Size of the server's message, in bytes. */
      readonly bytesIn: number;
    }
  | {
      /** An error has ended the session for this user. */
      readonly type: 'failed';
      /** The code of the error. */
      readonly code: SecAggErrorCode;
    };
