// Every error that the library raises, by who must act on it. Leaf: imports nothing. docs/errors.md explains each code.

/**
 * The stable codes, by the class that carries them: one code belongs to one class. Applications branch on codes.
 *
 * @example
 * ```js
 * import { ERROR_CODES } from 'secagg';
 *
 * console.log(ERROR_CODES.ThresholdError); // prints: [ 'ERR_SECAGG_THRESHOLD' ]
 * ```
 */
export const ERROR_CODES = {
  /** The caller must act. */
  UsageError: [
    'ERR_SECAGG_USAGE',
    'ERR_SECAGG_BUSY',
    'ERR_SECAGG_FAILED',
    'ERR_SECAGG_ABANDONED',
    'ERR_SECAGG_ANSWERED',
    'ERR_SECAGG_NO_VECTOR',
    'ERR_SECAGG_NO_PUBLIC_KEYS',
    'ERR_SECAGG_VECTOR_USED',
    'ERR_SECAGG_KEY_CONFLICT',
    'ERR_SECAGG_UNSAFE',
    'ERR_SECAGG_TOTAL_RANGE',
    'ERR_SECAGG_UNKNOWN_SESSION',
    'ERR_SECAGG_ABORTED',
    'ERR_SECAGG_EXPIRED',
    'ERR_SECAGG_ENGINE',
    'ERR_SECAGG_WORKER',
  ],
  /** The bytes are not a message. */
  DecodeError: ['ERR_SECAGG_DECODE'],
  /** A peer broke the rules, or a network delivered a message where it does not belong. */
  ProtocolError: [
    'ERR_SECAGG_SESSION',
    'ERR_SECAGG_SENDER',
    'ERR_SECAGG_RECIPIENT',
    'ERR_SECAGG_UNKNOWN_USER',
    'ERR_SECAGG_DUPLICATE_USER',
    'ERR_SECAGG_TOO_MANY_USERS',
    'ERR_SECAGG_EARLY',
    'ERR_SECAGG_LATE',
    'ERR_SECAGG_EQUIVOCATION',
    'ERR_SECAGG_KEYS',
    'ERR_SECAGG_OWN_KEYS',
    'ERR_SECAGG_POLICY',
    'ERR_SECAGG_DIRECTORY',
    'ERR_SECAGG_NOT_INCLUDED',
    'ERR_SECAGG_SUBSET',
    'ERR_SECAGG_COUNT',
    'ERR_SECAGG_SELF_REPORT',
    'ERR_SECAGG_VIEW',
    'ERR_SECAGG_INCONSISTENT_DEAL',
  ],
  /** A signature does not verify. */
  AuthenticationError: ['ERR_SECAGG_SIGNATURE'],
  /** A dealer and those who report it contradict each other. */
  DisputeError: ['ERR_SECAGG_DISPUTED_DEAL'],
  /** There are fewer users than the protocol needs. */
  ThresholdError: ['ERR_SECAGG_THRESHOLD'],
  /** A state cannot be recovered, or cannot be serialized. */
  StateError: [
    'ERR_SECAGG_STATE',
    'ERR_SECAGG_STATE_VERSION',
    'ERR_SECAGG_STATE_ROLE',
    'ERR_SECAGG_STATE_OLD',
    'ERR_SECAGG_STATE_SIZE',
  ],
  /** The database must be looked at. */
  StoreError: ['ERR_SECAGG_STORE', 'ERR_SECAGG_MIGRATION', 'ERR_SECAGG_SCHEMA_NEWER'],
  /** Data cannot be encoded, or a sum cannot be decoded; raised by `secagg/encoding`. */
  EncodingError: [
    'ERR_SECAGG_NO_VALUES',
    'ERR_SECAGG_VECTOR_SIZE',
    'ERR_SECAGG_RING_SIZE',
    'ERR_SECAGG_VALUE',
    'ERR_SECAGG_WEIGHT',
    'ERR_SECAGG_ZERO_WEIGHT',
    'ERR_SECAGG_SUM_RANGE',
    'ERR_SECAGG_EXACT_PART',
  ],
  /** No parameters give what was asked for; raised by `secagg/planner`. */
  PlanError: ['ERR_SECAGG_PLAN'],
  /** No noise gives what was asked for, or a ledger of privacy refuses an entry; raised by `secagg/dp`. */
  PrivacyError: [
    'ERR_SECAGG_PRIVACY_TARGET',
    'ERR_SECAGG_PRIVACY_BUDGET',
    'ERR_SECAGG_PRIVACY_ENTRY',
    'ERR_SECAGG_PRIVACY_RECEIPT',
  ],
  /** A service refuses a party, or a party refuses the service; raised by `secagg/service`, `secagg/coordinator` and `secagg/agent`. */
  ServiceError: [
    'ERR_SECAGG_CERTIFICATE',
    'ERR_SECAGG_TASK',
    'ERR_SECAGG_RETIRED',
    'ERR_SECAGG_CLIENT_VERSION',
    'ERR_SECAGG_ANNOUNCEMENT',
    'ERR_SECAGG_RUN',
    'ERR_SECAGG_REQUEST',
    'ERR_SECAGG_RESPONSE',
    'ERR_SECAGG_SEED',
    'ERR_SECAGG_TOKEN',
    'ERR_SECAGG_SEQUENCE',
    'ERR_SECAGG_PART',
    'ERR_SECAGG_OVERLOAD',
    'ERR_SECAGG_FLOOR',
    'ERR_SECAGG_SPENT',
  ],
  /** Something does not belong to the round of the PET protocol that it was given to; raised by `secagg/pet`. */
  PetError: [
    'ERR_SECAGG_PET_MODEL',
    'ERR_SECAGG_PET_MISMATCH',
    'ERR_SECAGG_PET_TOO_MANY',
    'ERR_SECAGG_PET_UNMASK',
    'ERR_SECAGG_PET_ZERO_WEIGHT',
    'ERR_SECAGG_PET_PARAMETERS',
    'ERR_SECAGG_PET_PHASE',
    'ERR_SECAGG_PET_ROUND',
    'ERR_SECAGG_PET_PART',
    'ERR_SECAGG_PET_TASK',
    'ERR_SECAGG_PET_REPEATED',
    'ERR_SECAGG_PET_PARTICIPANTS',
    'ERR_SECAGG_PET_FULL',
    'ERR_SECAGG_PET_PENDING',
    'ERR_SECAGG_PET_TOO_FEW',
    'ERR_SECAGG_PET_MASKS',
  ],
} as const;

/** The name of a class of errors. */
export type SecAggErrorName = keyof typeof ERROR_CODES;

/** The codes that one class carries. */
export type CodesOf<Name extends SecAggErrorName> = (typeof ERROR_CODES)[Name][number];

/** One of the stable codes of this library's errors. */
export type SecAggErrorCode = CodesOf<SecAggErrorName>;

/** The class of each code. Not `new.target.name`: minifiers rename classes, and each bundle of an application otherwise. */
const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(ERROR_CODES).flatMap(([name, codes]) => codes.map((code) => [code, name] as const)),
);

/** What an error of this library may be given beside its message. */
export interface SecAggErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * Base of all errors of this library. Messages hold no secret and no payload.
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
  /** The stable code, which says what happened; docs/errors.md explains each. Texts of messages may change, codes do not. */
  readonly code: SecAggErrorCode;

  constructor(code: SecAggErrorCode, message: string, options?: SecAggErrorOptions) {
    super(message, options);
    this.name = NAMES.get(code) ?? 'SecAggError';
    this.code = code;
  }
}

/** The caller must act: a call came at the wrong time, or it is one that the session cannot take. */
export class UsageError extends SecAggError {
  /** The stable code; docs/errors.md explains it. */
  declare readonly code: CodesOf<'UsageError'>;

  constructor(code: CodesOf<'UsageError'>, message: string, options?: SecAggErrorOptions) {
    super(code, message, options);
  }
}

/** The bytes are not a message of this protocol. */
export class DecodeError extends SecAggError {
  /** The stable code; docs/errors.md explains it. */
  declare readonly code: CodesOf<'DecodeError'>;

  constructor(message: string) {
    super('ERR_SECAGG_DECODE', message);
  }
}

/** The codes of {@link ProtocolError} and of the classes that extend it. */
export type ProtocolErrorCode = CodesOf<'ProtocolError' | 'AuthenticationError' | 'DisputeError'>;

/** In which round a rule was broken, and who is known to have broken it. */
export interface ProtocolErrorDetails {
  /** The round, 0 to 4, whose rule was broken; null if no round can be told. */
  readonly round: number | null;
  /** Users that broke the rule, ascending; empty if the message cannot be pinned on a user. */
  readonly userIds?: readonly number[];
}

/** A peer broke a rule of the protocol, or a network delivered a message where it does not belong. */
export class ProtocolError extends SecAggError {
  /** The stable code; docs/errors.md explains it. */
  declare readonly code: ProtocolErrorCode;
  /** The round, 0 to 4, whose rule was broken; null if no round can be told. */
  readonly round: number | null;
  /**
   * Users whose messages broke the rule, ascending. Nobody is listed who follows the protocol, keeps its state, and whose
   * messages arrive as they were sent, unless t users or more lie about it (on a sparse graph, s of its neighbors).
   */
  readonly userIds: readonly number[];

  constructor(code: ProtocolErrorCode, message: string, details: ProtocolErrorDetails) {
    super(code, message);
    this.round = details.round;
    this.userIds = details.userIds ?? [];
  }

  /** The user that broke the rule, if exactly one is known; else null. */
  get userId(): number | null {
    return this.userIds.length === 1 ? (this.userIds[0] ?? null) : null;
  }
}

/** A signature does not verify: the bytes were changed, or somebody else sent them. */
export class AuthenticationError extends ProtocolError {
  /** The stable code; docs/errors.md explains it. */
  declare readonly code: CodesOf<'AuthenticationError'>;

  constructor(message: string, details: ProtocolErrorDetails) {
    super('ERR_SECAGG_SIGNATURE', message, details);
  }
}

/** One dealer whose shares some receivers say they could not use. Either the dealer or these receivers are at fault. */
export interface DisputedDeal {
  /** The id of the user that dealt the shares. */
  readonly owner: number;
  /** Ids of the users that say they could not use them, ascending. */
  readonly accusers: readonly number[];
}

/** What a {@link DisputeError} tells. */
export interface DisputeErrorDetails extends ProtocolErrorDetails {
  /** The dealers in question, each with its accusers. */
  readonly disputes: readonly DisputedDeal[];
}

/**
 * Too few shares of some users' secrets can be used, because receivers reported what these users dealt. For each of them,
 * either the dealer or its accusers are at fault; fewer than t of them accuse, so all accusers may be lying.
 */
export class DisputeError extends ProtocolError {
  /** The stable code; docs/errors.md explains it. */
  declare readonly code: CodesOf<'DisputeError'>;
  /** The dealers in question, each with its accusers. */
  readonly disputes: readonly DisputedDeal[];

  constructor(message: string, details: DisputeErrorDetails) {
    super('ERR_SECAGG_DISPUTED_DEAL', message, details);
    this.disputes = details.disputes;
  }
}

/** How many users there are, how many are needed, and of whom. */
export interface ThresholdErrorDetails {
  /** Users, or shares of a secret, that are there. */
  readonly have: number;
  /** Users, or shares of a secret, that are needed. */
  readonly need: number;
  /** The round, 0 to 4. */
  readonly round: number;
  /** On a sparse graph, users of whose neighbors too few are left, ascending. */
  readonly userIds?: readonly number[];
}

/** There are fewer users than the protocol needs to go on. */
export class ThresholdError extends SecAggError {
  /** The stable code; docs/errors.md explains it. */
  declare readonly code: CodesOf<'ThresholdError'>;
  /** Users, or shares of a secret, that are there. */
  readonly have: number;
  /** Users, or shares of a secret, that are needed. */
  readonly need: number;
  /** The round, 0 to 4. */
  readonly round: number;
  /**
   * On a sparse graph: users of whose neighbors too few are left, ascending; none of them need have done anything wrong.
   * Empty if too few users are left in all.
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

/** A state cannot be recovered, or cannot be serialized; the object is as it was. */
export class StateError extends SecAggError {
  /** The stable code; docs/errors.md explains it. */
  declare readonly code: CodesOf<'StateError'>;

  constructor(message: string, code: CodesOf<'StateError'> = 'ERR_SECAGG_STATE') {
    super(code, message);
  }
}

/** What a {@link StoreError} tells. */
export interface StoreErrorDetails extends SecAggErrorOptions {
  /** SQLSTATE, or null if the database could not be reached. */
  readonly sqlState?: string | null;
  /** Whether the same call may succeed later. Default: true for ERR_SECAGG_STORE, false for the other codes. */
  readonly retryable?: boolean;
}

/**
 * The database could not do what it was asked. Nothing was acknowledged and the session is intact. The same call again is
 * harmless, even if it cannot be known whether the first one took effect; `retryable` says whether it may succeed.
 */
export class StoreError extends SecAggError {
  /** The stable code; docs/errors.md explains it. */
  declare readonly code: CodesOf<'StoreError'>;
  /** SQLSTATE, or null if the database could not be reached. */
  readonly sqlState: string | null;
  /**
   * Whether the same call may succeed later although nobody has acted, for example after a broken connection. False if the
   * database refuses it for a reason that stays: a missing right, a wrong password, an older schema.
   */
  readonly retryable: boolean;

  constructor(code: CodesOf<'StoreError'>, message: string, details: StoreErrorDetails = {}) {
    super(code, message, 'cause' in details ? { cause: details.cause } : undefined);
    this.sqlState = details.sqlState ?? null;
    this.retryable = details.retryable ?? code === 'ERR_SECAGG_STORE';
  }
}

/**
 * Any error of the rounds and of the store, as a union that its `code` tells apart: after `case 'ERR_SECAGG_THRESHOLD'`,
 * `have` and `need` are there. Encodings, the planner and differential privacy add `EncodingError`, `PlanError` and `PrivacyError`.
 */
export type AnySecAggError =
  | UsageError
  | DecodeError
  | (ProtocolError & {
      /** A code of this class and of none that extends it. */
      readonly code: CodesOf<'ProtocolError'>;
    })
  | AuthenticationError
  | DisputeError
  | ThresholdError
  | StateError
  | StoreError;
