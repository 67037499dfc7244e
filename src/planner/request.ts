// What a planner is asked for: checked, with defaults filled in, rates turned into numbers of users.
import type { Adversary } from '../session/parameters.ts';

/** Most users of a plan. */
export const MAX_PLANNED_USERS = 1_000_000;

/** How users may be tied to each other. */
export type GraphKind = 'complete' | 'sparse' | 'cohorts';

/** What to plan. Rates are of all users; 0.1 of 25 users are 2. */
export interface PlanRequest {
  /** Most users that take part, 2 to 1,000,000. */
  readonly users: number;
  /** At most this part of them is lost on the way, for whatever reason; in [0, 1). */
  readonly dropout: number;
  /** Components of a user's vector. */
  readonly vecLen: number;
  /** Ring Z_2^bits of every component, 1 to 64; default 32. */
  readonly bits?: number;
  /** At most this part works with the server, in [0, 1); default 0.05. */
  readonly corrupt?: number;
  /** Default `'malicious'`. */
  readonly adversary?: Adversary;
  /** A session fails to protect with probability 2^−security at most; 1 to 200, default 40. */
  readonly security?: number;
  /** With no more dropouts than planned, a session fails with probability 2^−correctness at most; 1 to 200, default 20. */
  readonly correctness?: number;
  /** Least number of honest users in any sum that the server may learn, 2 or more; default 2, in cohorts 100. */
  readonly minHonest?: number;
  /** One kind of graph only; default: the one that `plan` documents for the model and the number of users. */
  readonly graph?: GraphKind;
}

/** The same with defaults filled in, and in numbers of users. */
export interface ResolvedRequest extends Required<Omit<PlanRequest, 'graph' | 'minHonest'>> {
  /** Null where the default of the graph holds. */
  readonly minHonest: number | null;
  /** The one kind of graph that was asked for; null if `plan` may choose. */
  readonly graph: GraphKind | null;
  /** Users that may be lost on the way: ⌊users · dropout⌋. */
  readonly dropouts: number;
  /** Users that may work with the server: ⌊users · corrupt⌋. */
  readonly colluders: number;
}

const NAMES = ['users', 'dropout', 'vecLen', 'bits', 'corrupt', 'adversary', 'security', 'correctness', 'minHonest', 'graph'];
const ADVERSARIES = ['malicious', 'semi-malicious', 'semi-honest'] as const;
const GRAPHS = ['complete', 'sparse', 'cohorts'] as const;

/** @throws TypeError, RangeError that name the argument. */
export function resolveRequest(request: PlanRequest): ResolvedRequest {
  if (typeof request !== 'object' || (request as unknown) === null) throw new TypeError('request: expected an object');
  for (const name of Object.keys(request)) if (!NAMES.includes(name)) throw new TypeError(`request: unknown name '${name}'`);
  const integer = (value: unknown, name: string, least: number, most: number): number => {
    const number = within(value, name, least, most);
    if (!Number.isInteger(number)) throw new RangeError(`${name}: expected an integer, got ${number}`);
    return number;
  };
  const users = integer(request.users, 'users', 2, MAX_PLANNED_USERS);
  const dropout = rate(request.dropout, 'dropout');
  const corrupt = rate(request.corrupt ?? 0.05, 'corrupt');
  return {
    users,
    dropout,
    corrupt,
    dropouts: part(users, dropout),
    colluders: part(users, corrupt),
    // How many bytes of them fit into memory is checked where sizes are computed.
    vecLen: integer(request.vecLen, 'vecLen', 1, 2 ** 32 - 1),
    bits: integer(request.bits ?? 32, 'bits', 1, 64),
    adversary: oneOf(request.adversary ?? 'malicious', 'adversary', ADVERSARIES),
    security: within(request.security ?? 40, 'security', 1, 200),
    correctness: within(request.correctness ?? 20, 'correctness', 1, 200),
    minHonest: request.minHonest === undefined ? null : integer(request.minHonest, 'minHonest', 2, MAX_PLANNED_USERS),
    graph: request.graph === undefined ? null : oneOf(request.graph, 'graph', GRAPHS),
  };
}

/** The part of n that a rate is: 0.29 of 100 are 29, whatever their product is in doubles. */
function part(n: number, rate: number): number {
  return Math.floor(n * rate + 1e-9);
}

function within(value: unknown, name: string, least: number, most: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected a number, got ${typeof value}`);
  if (!(value >= least && value <= most)) {
    throw new RangeError(`${name}: expected a number in [${least}, ${most}], got ${value}`);
  }
  return value;
}

function rate(value: unknown, name: string): number {
  const number = within(value, name, 0, 1);
  if (number === 1) throw new RangeError(`${name}: expected a number below 1`);
  return number;
}

function oneOf<T extends string>(value: unknown, name: string, known: readonly T[]): T {
  const found = known.find((item) => item === value);
  if (found === undefined) throw new RangeError(`${name}: expected one of ${known.join(', ')}, got ${String(value)}`);
  return found;
}
