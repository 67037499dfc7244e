// The request to the planner: checks it, fills in defaults and turns rates into numbers of users.
import { checkInteger, checkNames, checkNumber, checkOneOf } from '../leaves/checks.ts';
import { ADVERSARIES, type Adversary } from '../session/parameters.ts';

/** Most users of a plan. */
export const MAX_PLANNED_USERS = 1_000_000;

/** Which users share keys with which. */
export type GraphKind = 'complete' | 'sparse' | 'cohorts';

/** What to plan. Rates are fractions of all users, rounded down: 0.1 of 25 users are 2. */
export interface PlanRequest {
  /** Most users that take part, 2 to 1,000,000. */
  readonly users: number;
  /** Largest fraction of them that is lost on the way, for whatever reason; in [0, 1). */
  readonly dropout: number;
  /** Components of a user's vector. */
  readonly vecLen: number;
  /** Ring Z_2^bits of every component, 1 to 64; default 32. */
  readonly bits?: number;
  /** Largest fraction of them that works with the server, in [0, 1); default 0.05. */
  readonly corrupt?: number;
  /** Default `'malicious'`. */
  readonly adversary?: Adversary;
  /** The protection fails with probability 2^−security at most; 1 to 200, default 40. */
  readonly security?: number;
  /** If no more users drop out than planned, a session fails with probability 2^−correctness at most; 1 to 200, default 20. */
  readonly correctness?: number;
  /** Least number of honest users in any sum that the server may learn, 2 or more; default 2, in cohorts 100. */
  readonly minHonest?: number;
  /** The only kind of graph to try; by default `plan` chooses it by the adversary and the number of users. */
  readonly graph?: GraphKind;
}

/** A request with defaults filled in, and with rates as numbers of users too. */
export interface ResolvedRequest extends Required<Omit<PlanRequest, 'graph' | 'minHonest'>> {
  /** Null for the default of the graph. */
  readonly minHonest: number | null;
  /** The one kind of graph that was asked for; null if `plan` may choose. */
  readonly graph: GraphKind | null;
  /** Users that may be lost on the way: ⌊users · dropout⌋. */
  readonly dropouts: number;
  /** Users that may work with the server: ⌊users · corrupt⌋. */
  readonly colluders: number;
}

const NAMES = ['users', 'dropout', 'vecLen', 'bits', 'corrupt', 'adversary', 'security', 'correctness', 'minHonest', 'graph'];
const GRAPHS = ['complete', 'sparse', 'cohorts'] as const;

/** @throws TypeError, RangeError that name the argument. */
export function resolveRequest(request: PlanRequest): ResolvedRequest {
  checkNames(request, 'request', NAMES);
  const { minHonest, graph } = request;
  const users = checkInteger(request.users, 'users', 2, MAX_PLANNED_USERS);
  const dropout = checkRate(request.dropout, 'dropout');
  const corrupt = checkRate(request.corrupt ?? 0.05, 'corrupt');
  return {
    users,
    dropout,
    corrupt,
    dropouts: usersAt(dropout, users),
    colluders: usersAt(corrupt, users),
    // Whether so many components fit into memory is checked when the sizes of messages are computed.
    vecLen: checkInteger(request.vecLen, 'vecLen', 1, 2 ** 32 - 1),
    bits: checkInteger(request.bits ?? 32, 'bits', 1, 64),
    adversary: checkOneOf(request.adversary ?? 'malicious', 'adversary', ADVERSARIES),
    security: checkNumber(request.security ?? 40, 'security', 1, 200),
    correctness: checkNumber(request.correctness ?? 20, 'correctness', 1, 200),
    minHonest: minHonest === undefined ? null : checkInteger(minHonest, 'minHonest', 2, MAX_PLANNED_USERS),
    graph: graph === undefined ? null : checkOneOf(graph, 'graph', GRAPHS),
  };
}

/** How many of the users a rate is: 29 of 100 for 0.29, although the product of doubles is less than 29. */
function usersAt(rate: number, users: number): number {
  return Math.floor(users * rate + 1e-9);
}

function checkRate(value: unknown, name: string): number {
  const rate = checkNumber(value, name, 0, 1);
  if (rate === 1) throw new RangeError(`${name}: expected a number below 1, got 1`);
  return rate;
}
