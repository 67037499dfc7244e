// Every error that the protocol raises, by who must act on it. Leaf: imports nothing.

/** Stable codes: applications branch on these, never on message texts. */
export const SEC_AGG_ERROR_CODES = [
  // UsageError: the caller
  'ERR_SECAGG_USAGE',
  'ERR_SECAGG_BUSY',
  'ERR_SECAGG_FAILED',
  'ERR_SECAGG_ANSWERED',
  'ERR_SECAGG_NO_VECTOR',
  'ERR_SECAGG_KEY_CONFLICT',
  'ERR_SECAGG_UNKNOWN_SESSION',
  'ERR_SECAGG_ABORTED',
  'ERR_SECAGG_EXPIRED',
  // DecodeError: the bytes
  'ERR_SECAGG_DECODE',
  // ProtocolError: a peer broke the rules, or a network delivered a message where it does not belong
  'ERR_SECAGG_SESSION',
  'ERR_SECAGG_SENDER',
  'ERR_SECAGG_RECIPIENT',
  'ERR_SECAGG_UNKNOWN_USER',
  'ERR_SECAGG_EARLY',
  'ERR_SECAGG_LATE',
  'ERR_SECAGG_EQUIVOCATION',
  'ERR_SECAGG_KEYS',
  'ERR_SECAGG_OWN_KEYS',
  'ERR_SECAGG_TOO_MANY_USERS',
  'ERR_SECAGG_POLICY', // a UsageError where one's own parameters do not bear the adversary that one asks for
  'ERR_SECAGG_SET',
  'ERR_SECAGG_VIEW',
  'ERR_SECAGG_INCONSISTENT_DEAL',
  'ERR_SECAGG_DISPUTED_DEAL',
  // ThresholdError, AuthenticationError, StateError
  'ERR_SECAGG_THRESHOLD',
  'ERR_SECAGG_SIGNATURE',
  'ERR_SECAGG_STATE',
  'ERR_SECAGG_STATE_VERSION',
  'ERR_SECAGG_STATE_ROLE',
  'ERR_SECAGG_STATE_OLD',
  // StoreError: the database
  'ERR_SECAGG_STORE',
  'ERR_SECAGG_MIGRATION',
  'ERR_SECAGG_SCHEMA_NEWER',
  // EncodingError: a sum that cannot be decoded
  'ERR_SECAGG_ZERO_WEIGHT',
  'ERR_SECAGG_SUM_RANGE',
  // PlanError: no parameters give what was asked for
  'ERR_SECAGG_PLAN',
] as const;

/** One of the codes. */
export type SecAggErrorCode = (typeof SEC_AGG_ERROR_CODES)[number];

/**
 * Base of all errors of the protocol. Messages hold no secret and no payload.
 *
 * @example
 * ```js
 * import { SecAggError, ServerWrapper } from 'secagg';
 *
 * try {
 *   new ServerWrapper(2, 1).recv(7, Uint8Array.of(1, 2, 3));
 * } catch (error) {
 *   if (!(error instanceof SecAggError)) throw error;
 *   console.log(error.name, error.code); // prints: DecodeError ERR_SECAGG_DECODE
 * }
 * ```
 */
export class SecAggError extends Error {
  readonly code: SecAggErrorCode;

  constructor(code: SecAggErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The caller must act: a call at the wrong time, or one that the session cannot take. */
export class UsageError extends SecAggError {}

/** The bytes are not a message of this protocol. */
export class DecodeError extends SecAggError {
  constructor(message: string) {
    super('ERR_SECAGG_DECODE', message);
  }
}

/** Where a protocol error happened and who is known to have caused it. */
export interface ProtocolErrorDetails {
  /** The round, 0 to 4, whose rule was broken; null where no round can be told. */
  readonly round: number | null;
  /** Users that broke the rule, ascending; empty where the other side's message cannot be pinned on a user. */
  readonly userIds?: readonly number[];
}

/** A peer broke a rule of the protocol. */
export class ProtocolError extends SecAggError {
  readonly round: number | null;
  /**
   * Users whose messages broke the rule, ascending. Nobody is listed who follows the protocol, keeps its state, and whose
   * messages arrive as they were sent, unless t users or more lie about it.
   */
  readonly userIds: readonly number[];

  constructor(code: SecAggErrorCode, message: string, details: ProtocolErrorDetails) {
    super(code, message);
    this.round = details.round;
    this.userIds = details.userIds ?? [];
  }

  /** The user that broke the rule, where exactly one is known; else null. */
  get userId(): number | null {
    return this.userIds.length === 1 ? (this.userIds[0] ?? null) : null;
  }
}

/** A signature does not verify: the bytes were changed, or come from somebody else. */
export class AuthenticationError extends ProtocolError {
  constructor(message: string, details: ProtocolErrorDetails) {
    super('ERR_SECAGG_SIGNATURE', message, details);
  }
}

/** One dealer whose shares some receivers say they could not use. Either the dealer or these receivers are at fault. */
export interface DisputedDeal {
  readonly owner: number;
  readonly accusers: readonly number[];
}

/**
 * Too few usable shares of some users' secrets, because receivers reported their deals: for each, either the dealer or
 * its accusers are at fault, and fewer than t of them accuse, so that all of them may be lying.
 */
export class DisputeError extends ProtocolError {
  readonly disputes: readonly DisputedDeal[];

  constructor(message: string, details: ProtocolErrorDetails & { readonly disputes: readonly DisputedDeal[] }) {
    super('ERR_SECAGG_DISPUTED_DEAL', message, details);
    this.disputes = details.disputes;
  }
}

/** How many there are, how many are needed, and of whom. */
export interface ThresholdErrorDetails {
  readonly have: number;
  readonly need: number;
  readonly round: number;
  readonly userIds?: readonly number[];
}

/** Fewer users than the protocol needs to go on. */
export class ThresholdError extends SecAggError {
  readonly have: number;
  readonly need: number;
  readonly round: number;
  /**
   * On a sparse graph: users of whose neighbors too few are left, ascending; none of them need have done anything wrong. Empty where
   * too few are left of all.
   */
  readonly userIds: readonly number[];

  constructor(message: string, details: ThresholdErrorDetails) {
    super('ERR_SECAGG_THRESHOLD', message);
    this.have = details.have;
    this.need = details.need;
    this.round = details.round;
    this.userIds = details.userIds ?? [];
  }
}

/** A serialised state cannot be recovered; the object is as it was. */
export class StateError extends SecAggError {
  constructor(message: string, code: SecAggErrorCode = 'ERR_SECAGG_STATE') {
    super(code, message);
  }
}

/**
 * The database could not do what it was asked. Nothing was acknowledged, the session is intact, and the same call again
 * is harmless, also where it cannot be known whether the first one took effect.
 */
export class StoreError extends SecAggError {
  /** The five characters by which the database says why; null where it said nothing, as when it cannot be reached. */
  readonly sqlState: string | null;

  constructor(
    code: SecAggErrorCode,
    message: string,
    details: { readonly sqlState?: string | null; readonly cause?: unknown } = {},
  ) {
    super(code, message, 'cause' in details ? { cause: details.cause } : undefined);
    this.sqlState = details.sqlState ?? null;
  }
}
