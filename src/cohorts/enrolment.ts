// The enrolment: which users take part, and the sizes of their cohorts. Both are settled before anybody knows the seed.
import { hex, u32, u64 } from '../leaves/bytes.ts';
import { checkInteger, checkNames, checkObject, checkOneOf, kindOf } from '../leaves/checks.ts';
import { digest } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import { userId } from '../leaves/ids.ts';
import { largestDirectory } from '../graph/policy.ts';
import { MAX_HOLDERS, resolveParameters, resolvePolicy, type Adversary, type Policy } from '../session/parameters.ts';

/** Most cohorts, such that their sums of 32 bits add up to less than 2^53. */
const MAX_COHORTS = 2 ** 20;

/** Cohorts of one size, as `plan` of `secagg/planner` gives them. */
export interface CohortSessions {
  /** Number of these cohorts. */
  readonly count: number;
  /** Number of users of each. */
  readonly users: number;
  /** Least number of users of U1 to U5 in each. */
  readonly threshold: number;
  /** Options of the sessions and their parties. If `maxUsers` is given, it is `users`. */
  readonly options?: {
    /** Ring Z_2^bits of every component, the same in all cohorts; default 32. */
    readonly bits?: number;
    /** Cohorts are sessions on the complete graph. */
    readonly graph?: 'complete';
    /** Users of each cohort. */
    readonly maxUsers?: number;
    /** Default `'malicious'`. */
    readonly adversary?: Adversary;
    /** Users of a cohort that may work with the server; default 0. */
    readonly colluders?: number;
  };
}

/** The users and the sizes of their cohorts. */
export interface EnrolmentTerms {
  /** The users that take part, in any order. */
  readonly userIds: Iterable<number>;
  /** Cohorts for exactly as many users. */
  readonly sessions: readonly CohortSessions[];
}

/** Cohorts of one size, checked and with defaults filled in. */
export interface CohortKind {
  readonly count: number;
  readonly users: number;
  readonly threshold: number;
  readonly policy: Policy;
}

export interface Enrolment {
  /** Ascending. A user's rank is its index here. */
  readonly userIds: Float64Array;
  readonly kinds: readonly CohortKind[];
  /** Bits of the ring, which is the same for all sessions, because their sums are added. */
  readonly bits: number;
  /** The digest over the users and the sizes, 32 bytes. */
  readonly digest: Uint8Array;
}

/**
 * The digest of an enrolment: the users, and the sizes of their cohorts.
 *
 * Users must learn it before the seed is known. Whoever could change users or sizes afterwards could try one change after the
 * other until the cohorts suit it.
 *
 * @returns 64 hexadecimal digits, the same for the same users and sizes. Compare it with `Cohorts.enrolment`.
 * @throws as {@link assignCohorts}.
 * @example
 * ```js
 * import { enrolmentDigest } from 'secagg/cohorts';
 *
 * const sessions = [{ count: 2, users: 3, threshold: 2 }];
 * const digest = enrolmentDigest({ userIds: [6, 5, 4, 3, 2, 1], sessions });
 * console.log(digest.slice(0, 16)); // prints: 414238f80b08b88a
 * ```
 */
export function enrolmentDigest(terms: EnrolmentTerms): string {
  checkNames(terms, 'terms', ['userIds', 'sessions']);
  return hex(enrol(terms).digest);
}

/** @throws TypeError, RangeError that name the argument. */
export function enrol({ userIds: given, sessions }: EnrolmentTerms): Enrolment {
  const userIds = ascending(given);
  if (!Array.isArray(sessions)) throw new TypeError(`sessions: expected a list, got ${kindOf(sessions)}`);
  const resolved = Array.from(sessions as readonly CohortSessions[], (each, i) => kindOfCohorts(each, `sessions[${i}]`));
  const bits = resolved[0]?.bits ?? 0;
  const other = resolved.find((each) => each.bits !== bits);
  if (other !== undefined) {
    throw new RangeError(`sessions: expected the same bits in all, so that sums can be added, got ${bits} and ${other.bits}`);
  }
  const cohorts = resolved.reduce((sum, { kind }) => sum + kind.count, 0);
  if (cohorts > MAX_COHORTS) throw new RangeError(`sessions: expected at most ${MAX_COHORTS} cohorts, got ${cohorts}`);
  const users = resolved.reduce((sum, { kind }) => sum + kind.count * kind.users, 0);
  if (users !== userIds.length || users === 0) {
    const text = `sessions: expected cohorts for the ${userIds.length} enrolled users, got cohorts for ${users}`;
    throw new RangeError(`${text}; plan again for as many users as have enrolled`);
  }
  const kinds = resolved.map(({ kind }) => kind);
  return { userIds, kinds, bits, digest: digestOf(userIds, kinds) };
}

function ascending(given: unknown): Float64Array {
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given)) {
    throw new TypeError(`userIds: expected a list, got ${kindOf(given)}`);
  }
  const userIds = Float64Array.from(given as Iterable<number>, (id, i) => userId(id, `userIds[${i}]`)).sort();
  const twice = userIds.find((id, i) => id === userIds[i - 1]);
  if (twice !== undefined) throw new RangeError(`userIds: expected each user once, got ${twice} twice`);
  return userIds;
}

function kindOfCohorts(sessions: CohortSessions, name: string): { readonly kind: CohortKind; readonly bits: number } {
  checkObject(sessions, name); // the sessions of a plan have more names than these
  const { options = {} } = sessions;
  checkNames(options, `${name}.options`, ['bits', 'graph', 'maxUsers', 'adversary', 'colluders', 'security']);
  const { graph = 'complete', ...given } = options;
  checkOneOf(graph, `${name}.options.graph`, ['complete']);
  const count = checkInteger(sessions.count, `${name}.count`, 1, MAX_COHORTS);
  const users = checkInteger(sessions.users, `${name}.users`, 2, MAX_HOLDERS);
  const parameters = resolveParameters(sessions.threshold, 1, given);
  const { threshold, bits } = parameters;
  const policy = resolvePolicy(given, parameters.graph, users);
  const { maxUsers, adversary, colluders } = policy;
  if (maxUsers !== users) {
    throw new RangeError(`${name}.options.maxUsers: expected ${users}, as many as a cohort has, got ${maxUsers}`);
  }
  if (threshold > users || largestDirectory(parameters, policy) < users) {
    const text = `${threshold} of ${users} users with ${colluders} colluders does not protect`;
    throw new RangeError(`${name}.threshold: ${text} against a ${adversary} server`);
  }
  return { kind: { count, users, threshold, policy }, bits };
}

function digestOf(userIds: Float64Array, kinds: readonly CohortKind[]): Uint8Array {
  const sizes = kinds.flatMap(({ count, users }) => new Array<number>(count).fill(users));
  return digest(LABELS.enrolment, [u32(userIds.length), joined(userIds, u64), u32(sizes.length), joined(sizes, u32)]);
}

/** Integers of a fixed width in one byte string, because hashing one long string is much faster than hashing a million short ones. */
function joined(values: ArrayLike<number>, encode: (value: number) => Uint8Array): Uint8Array {
  const width = encode(0).length;
  const out = new Uint8Array(width * values.length);
  for (let i = 0; i < values.length; i++) out.set(encode(values[i] ?? 0), width * i);
  return out;
}
