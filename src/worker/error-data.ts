// Errors as data that a message can carry, and back. A message that carries an Error itself loses its class and its fields.
import {
  AuthenticationError,
  DecodeError,
  DisputeError,
  ProtocolError,
  SecAggError,
  StateError,
  ThresholdError,
  UsageError,
  type CodesOf,
  type DisputedDeal,
  type ProtocolErrorCode,
  type SecAggErrorCode,
} from '../leaves/errors.ts';

/** An error with all its fields. */
export interface ErrorData {
  /** The name of its class. */
  readonly name: string;
  readonly message: string;
  /** Null if it is none of this library. */
  readonly code: SecAggErrorCode | null;
  /** Those fields of its class that are data. */
  readonly details: {
    readonly round?: number | null;
    readonly userIds?: readonly number[];
    readonly disputes?: readonly DisputedDeal[];
    readonly have?: number;
    readonly need?: number;
  };
  readonly cause: ErrorData | null;
}

/** Data that stands for an error. Of what is no error, only the type is told. */
export function dataOf(error: unknown): ErrorData {
  if (!(error instanceof Error)) {
    return { name: 'Error', message: `thrown: a value of type ${typeof error}`, code: null, details: {}, cause: null };
  }
  const { name, message, cause } = error;
  const { round, userIds, disputes, have, need } = error as ErrorData['details'];
  const details = Object.fromEntries(
    Object.entries({ round, userIds, disputes, have, need }).filter(([, value]) => value !== undefined),
  );
  const code = error instanceof SecAggError ? error.code : null;
  return { name, message, code, details: code === null ? {} : details, cause: cause === undefined ? null : dataOf(cause) };
}

/** The error that data stand for. */
export function errorOfData({ name, message, code, details, cause }: ErrorData): Error {
  const { round = null, userIds = [], disputes = [], have = 0, need = 0 } = details;
  const options = cause === null ? {} : { cause: errorOfData(cause) };
  switch (code === null ? '' : name) {
    case 'UsageError':
      return new UsageError(code as CodesOf<'UsageError'>, message, options);
    case 'DecodeError':
      return new DecodeError(message);
    case 'ProtocolError':
      return new ProtocolError(code as ProtocolErrorCode, message, { round, userIds });
    case 'AuthenticationError':
      return new AuthenticationError(message, { round, userIds });
    case 'DisputeError':
      return new DisputeError(message, { round, userIds, disputes });
    case 'ThresholdError':
      return new ThresholdError(message, { have, need, round: round ?? 0, userIds });
    case 'StateError':
      return new StateError(message, code as CodesOf<'StateError'>);
    default:
      return plainError(name, message, options);
  }
}

function plainError(name: string, message: string, options: { readonly cause?: Error }): Error {
  if (name === 'TypeError') return new TypeError(message, options);
  if (name === 'RangeError') return new RangeError(message, options);
  return Object.assign(new Error(message, options), { name });
}
