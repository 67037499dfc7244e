// How a session ends for a party that found an error: the state keeps what the error was, and later calls report it.
import { ProtocolError, SecAggError, ThresholdError, UsageError, type SecAggErrorCode } from '../errors.ts';

/** An error ended the session for this party; what it was is all that is kept. */
export interface Failed {
  readonly phase: 'failed';
  readonly code: SecAggErrorCode;
  readonly message: string;
  /** The round whose rule was broken, where one can be told. */
  readonly round: number | null;
  /** Users known to have broken it. */
  readonly userIds: readonly number[];
}

export function failureOf(error: unknown): Failed {
  const { code, message } =
    error instanceof SecAggError ? error : { code: 'ERR_SECAGG_FAILED' as const, message: 'an unexpected error' };
  const round = error instanceof ProtocolError || error instanceof ThresholdError ? error.round : null;
  return { phase: 'failed', code, message, round, userIds: error instanceof ProtocolError ? error.userIds : [] };
}

/** What later calls report; its cause is the error that ended the session. */
export function failedError(failed: Failed): UsageError {
  const cause = new ProtocolError(failed.code, failed.message, failed);
  return new UsageError('ERR_SECAGG_FAILED', `the session has failed: ${failed.message}`, { cause });
}
