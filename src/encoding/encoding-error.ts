// The coded errors of encodings: data that have no encoding, sums that cannot be decoded, and plans that no session can hold.
// Arguments of a wrong kind are TypeErrors and RangeErrors, as everywhere.
import { SecAggError, type CodesOf } from '../leaves/errors.ts';

/** The least and the largest value that would have been accepted. */
export type Limits = readonly [least: number | bigint, most: number | bigint];

/** What an {@link EncodingError} tells. */
export interface EncodingErrorDetails {
  /** What was refused, as the message names it, such as `data.kernel.data[3]`, `weight.head`, `sum[7]` or `plan`. */
  readonly element: string;
  /** The index of the element in its array; null if it is in no array. */
  readonly index?: number | null;
  /** What came. */
  readonly value: unknown;
  /** What would have been accepted; null if that is no range. */
  readonly limits?: Limits | null;
}

/** A plan that no session can hold, data that cannot be encoded, or a sum that cannot be decoded. */
export class EncodingError extends SecAggError {
  /** The stable code; docs/errors.md explains it. */
  declare readonly code: CodesOf<'EncodingError'>;
  /** What was refused, as the message names it, such as `data.kernel.data[3]`, `weight.head`, `sum[7]` or `plan`. */
  readonly element: string;
  /** The index of the element in its array; null if it is in no array. */
  readonly index: number | null;
  /** The least and the largest value that would have been accepted; null if that is no range. */
  readonly limits: Limits | null;
  readonly #value: unknown;

  constructor(code: CodesOf<'EncodingError'>, message: string, details: EncodingErrorDetails) {
    super(code, `${details.element}: ${message}`);
    this.element = details.element;
    this.index = details.index ?? null;
    this.limits = details.limits ?? null;
    this.#value = details.value;
  }

  /**
   * What came. A value or a weight of a user is in here only: it is neither in the message nor printed with the error, because
   * it is part of the user's input.
   */
  get value(): unknown {
    return this.#value;
  }
}

/** The error for a sum that honest users cannot make, because a user sent what `encode` never gives. */
export function outOfRange(element: string, value: number | bigint, limits: Limits, index: number | null = null): EncodingError {
  const message = `expected what the users in the sum can add up to, ${limits[0]} to ${limits[1]}, got ${value}`;
  return new EncodingError('ERR_SECAGG_SUM_RANGE', message, { element, index, value, limits });
}
