// How a session ends for a party that found an error: the state keeps what the error was, and later calls report it.
import {
  AuthenticationError,
  DecodeError,
  DisputeError,
  ProtocolError,
  SecAggError,
  ThresholdError,
  UsageError,
  type DisputedDeal,
  type SecAggErrorCode,
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
  | (Described & { readonly kind: 'decode' })
  | (Attributed & { readonly kind: 'protocol'; readonly code: SecAggErrorCode })
  | (Attributed & { readonly kind: 'authentication' })
  | (Attributed & { readonly kind: 'dispute'; readonly disputes: readonly DisputedDeal[] })
  | (Described & {
      readonly kind: 'threshold';
      readonly have: number;
      readonly need: number;
      readonly round: number;
      readonly userIds: readonly number[];
    })
  | (Described & { readonly kind: 'unexpected' });

export function failureOf(error: unknown): Failed {
  return { phase: 'failed', error: recordOf(error) };
}

function recordOf(error: unknown): ErrorRecord {
  if (error instanceof ProtocolError) {
    const { code, message, round, userIds } = error;
    if (error instanceof DisputeError) return { kind: 'dispute', message, round, userIds, disputes: error.disputes };
    if (error instanceof AuthenticationError) return { kind: 'authentication', message, round, userIds };
    return { kind: 'protocol', code, message, round, userIds };
  }
  if (error instanceof ThresholdError) {
    const { message, have, need, round, userIds } = error;
    return { kind: 'threshold', message, have, need, round, userIds };
  }
  if (error instanceof DecodeError) return { kind: 'decode', message: error.message };
  // A bug, or an engine that fails. Its text might quote anything, so it is not kept.
  return { kind: 'unexpected', message: 'an unexpected error' };
}

function errorOf(record: ErrorRecord): SecAggError {
  switch (record.kind) {
    case 'decode':
      return new DecodeError(record.message);
    case 'protocol':
      return new ProtocolError(record.code, record.message, record);
    case 'authentication':
      return new AuthenticationError(record.message, record);
    case 'dispute':
      return new DisputeError(record.message, record);
    case 'threshold':
      return new ThresholdError(record.message, record);
    case 'unexpected':
      return new SecAggError('ERR_SECAGG_FAILED', record.message);
  }
}

/** What later calls report; its cause is the error that ended the session. */
export function failedError({ error }: Failed): UsageError {
  return new UsageError('ERR_SECAGG_FAILED', `the session has failed: ${error.message}`, { cause: errorOf(error) });
}

/** The code of what ended the session. */
export function codeOf({ error }: Failed): SecAggErrorCode {
  return errorOf(error).code;
}
