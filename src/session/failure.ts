// How a session ends for a party: the state keeps the error that ended it, and later calls report it.
import {
  AuthenticationError,
  DecodeError,
  DisputeError,
  ProtocolError,
  ThresholdError,
  UsageError,
  type AnySecAggError,
  type CodesOf,
  type DisputedDeal,
} from '../leaves/errors.ts';

/** An error ended the session for this party; what it was is all that is kept. */
export interface Failed {
  readonly phase: 'failed';
  readonly error: ErrorRecord;
}

interface Described {
  readonly message: string;
}

interface Attributed extends Described {
  readonly round: number | null;
  readonly userIds: readonly number[];
}

/** An error by its class, with all that the class tells. */
export type ErrorRecord =
  | (Described & { readonly kind: 'abandoned' })
  | (Described & { readonly kind: 'decode' })
  | (Attributed & { readonly kind: 'protocol'; readonly code: CodesOf<'ProtocolError'> })
  | (Attributed & { readonly kind: 'authentication' })
  | (Attributed & { readonly kind: 'dispute'; readonly disputes: readonly DisputedDeal[] })
  | (Described & {
      readonly kind: 'threshold';
      readonly have: number;
      readonly need: number;
      readonly round: number;
      readonly userIds: readonly number[];
    });

/**
 * What an error leaves behind if it is a decision of the protocol, which ends the session; null for any other error, after
 * which the session goes on as it was.
 */
export function failureOf(error: unknown): Failed | null {
  const record = recordOf(error);
  return record === null ? null : { phase: 'failed', error: record };
}

function recordOf(error: unknown): ErrorRecord | null {
  if (error instanceof DisputeError) {
    const { message, round, userIds, disputes } = error;
    return { kind: 'dispute', message, round, userIds, disputes };
  }
  if (error instanceof AuthenticationError) {
    const { message, round, userIds } = error;
    return { kind: 'authentication', message, round, userIds };
  }
  if (error instanceof ProtocolError) {
    const { message, round, userIds } = error;
    const code = error.code as CodesOf<'ProtocolError'>; // the two classes above carry the other codes
    return { kind: 'protocol', code, message, round, userIds };
  }
  if (error instanceof ThresholdError) {
    const { message, have, need, round, userIds } = error;
    return { kind: 'threshold', message, have, need, round, userIds };
  }
  if (error instanceof DecodeError) return { kind: 'decode', message: error.message };
  return null;
}

/** A session that a user has given up. */
export const ABANDONED: Failed = { phase: 'failed', error: { kind: 'abandoned', message: 'the user was abandoned' } };

/** The error that ended the session, made again. */
export function errorOf({ error: record }: Failed): AnySecAggError {
  switch (record.kind) {
    case 'abandoned':
      return new UsageError('ERR_SECAGG_ABANDONED', record.message);
    case 'decode':
      return new DecodeError(record.message);
    case 'protocol':
      return new ProtocolError(record.code, record.message, record) as AnySecAggError;
    case 'authentication':
      return new AuthenticationError(record.message, record);
    case 'dispute':
      return new DisputeError(record.message, record);
    case 'threshold':
      return new ThresholdError(record.message, record);
  }
}

/** What later calls report; its cause is the error that ended the session. */
export function failedError(failed: Failed): UsageError {
  return new UsageError('ERR_SECAGG_FAILED', `the session has failed: ${failed.error.message}`, { cause: errorOf(failed) });
}
