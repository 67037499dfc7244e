// The assignment of users to cohorts: a random partition that follows from the enrolment and a seed, and the parameters of each
// cohort's session.
import { leastHolding } from '../leaves/bisection.ts';
import { copyOf, hex, u32 } from '../leaves/bytes.ts';
import { checkBytes, checkInteger, checkNames } from '../leaves/checks.ts';
import { digest } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import { userId } from '../leaves/ids.ts';
import { at } from '../leaves/lists.ts';
import { sessionContext, type Adversary } from '../session/parameters.ts';
import { enrol, type CohortKind, type Enrolment, type EnrolmentTerms } from './enrolment.ts';
import { randomOrder, wordsOf } from './order.ts';

export const SEED_BYTES = 32;
export const MAX_ATTEMPT = 0xffff_ffff;

/** What an assignment follows from. */
export interface AssignmentTerms extends EnrolmentTerms {
  /** 32 bytes that nobody knew when the enrolment was closed. They are copied. */
  readonly seed: Uint8Array;
}

/** What an assignment follows from, in the form in which it is serialized. @internal */
export interface WrittenAssignment {
  readonly userIds: readonly number[];
  readonly sessions: readonly {
    readonly count: number;
    readonly users: number;
    readonly threshold: number;
    readonly options: { readonly bits: number; readonly adversary: Adversary; readonly colluders: number };
  }[];
  readonly seed: Uint8Array;
}

/** Which session of a cohort: of which run, and which attempt. */
export interface CohortRun {
  /** The application's context of the run. It is the same for all cohorts. */
  readonly session: string | Uint8Array;
  /** 0, and one more for each time that the cohort begins anew in this run. */
  readonly attempt?: number;
}

/** One session of one cohort. */
export interface Cohort {
  /** The cohort's index, from 0 on. */
  readonly index: number;
  /** Which attempt of the run this session is, from 0 on. */
  readonly attempt: number;
  /** Its users, ascending. The parties are given the public keys of these. */
  readonly userIds: readonly number[];
  /** t: the least number of users in each round. */
  readonly threshold: number;
  /** What the session's server and its users are given as options. */
  readonly options: CohortOptions;
}

/** The `SessionOptions` of one session of one cohort. */
export interface CohortOptions {
  /** 64 hexadecimal digits over enrolment, seed, cohort, attempt and the context of the run. No other session has the same. */
  readonly session: string;
  /** Ring Z_2^bits of every component. */
  readonly bits: number;
  /** Users of the cohort. */
  readonly maxUsers: number;
  /** What the threshold withstands besides dropouts. */
  readonly adversary: Adversary;
  /** Users of the cohort that may work with the server. */
  readonly colluders: number;
}

/**
 * Divides users into cohorts: a uniformly random partition, which follows from the users, the sizes and the seed, so that
 * server and users each draw it for themselves.
 *
 * Against a server that lies it protects only if nobody could choose the seed, and nobody could change users or sizes once the
 * seed was known. docs/cohorts.md says who may give the seed.
 *
 * Cost: one pass over the users; a million take about a second.
 *
 * @throws TypeError, RangeError that name the argument, also if `sessions` are for another number of users or if their thresholds
 * do not withstand their `adversary`.
 * @example
 * ```js
 * import { assignCohorts, enrolmentDigest } from 'secagg/cohorts';
 *
 * const sessions = [
 *   { count: 1, users: 4, threshold: 3 },
 *   { count: 1, users: 3, threshold: 2 },
 * ]; // or those of a plan
 * const enrolment = { userIds: [1, 2, 3, 5, 8, 13, 21], sessions };
 * const told = enrolmentDigest(enrolment); // first this is published …
 * const seed = new Uint8Array(32).fill(7); // … and then this
 *
 * const cohorts = assignCohorts({ ...enrolment, seed });
 * console.log(cohorts.enrolment === told, cohorts.count); // prints: true 2
 * const { index, userIds, threshold, options } = cohorts.cohort(cohorts.indexOf(8), { session: 'week 7' });
 * console.log(index, userIds, threshold, options.maxUsers); // prints: 0 [ 1, 3, 8, 21 ] 3 4
 * ```
 */
export function assignCohorts(terms: AssignmentTerms): Cohorts {
  checkNames(terms, 'terms', ['userIds', 'sessions', 'seed']);
  const { seed: given, ...enrolment } = terms;
  const seed = checkBytes(given, 'seed');
  if (seed.length !== SEED_BYTES) throw new RangeError(`seed: expected ${SEED_BYTES} bytes, got ${seed.length}`);
  return new Cohorts(enrol(enrolment), copyOf(seed));
}

/** An assignment of users to cohorts, as {@link assignCohorts} draws it. */
export class Cohorts {
  readonly #enrolment: Enrolment;
  readonly #seed: Uint8Array;
  /** Ranks of users in random order. Cohort k has those from index starts[k] to before starts[k + 1]. */
  readonly #order: Uint32Array;
  readonly #starts: readonly number[];
  /** The cohort of each user, by rank. */
  readonly #cohortOf: Uint32Array;
  /** Size and parameters of each cohort, by its index. @internal */
  readonly kinds: readonly CohortKind[];

  /** @internal */
  constructor(enrolment: Enrolment, seed: Uint8Array) {
    this.#enrolment = enrolment;
    this.#seed = seed;
    const { userIds, kinds } = enrolment;
    this.kinds = kinds.flatMap((kind) => new Array<CohortKind>(kind.count).fill(kind));
    this.#order = randomOrder(userIds.length, wordsOf(enrolment.digest, seed));
    this.#cohortOf = new Uint32Array(userIds.length);
    const starts = [0];
    for (const [index, { users }] of this.kinds.entries()) {
      const start = at(starts, index);
      for (const rank of this.#order.subarray(start, start + users)) this.#cohortOf[rank] = index;
      starts.push(start + users);
    }
    this.#starts = starts;
  }

  /** What it follows from. @internal */
  get written(): WrittenAssignment {
    const { userIds, kinds, bits } = this.#enrolment;
    const sessions = kinds.map(({ count, users, threshold, policy: { adversary, colluders } }) => {
      return { count, users, threshold, options: { bits, adversary, colluders } };
    });
    return { userIds: [...userIds], sessions, seed: this.#seed };
  }

  /** Number of cohorts. */
  get count(): number {
    return this.kinds.length;
  }

  /** Bits of the ring of every session. */
  get bits(): number {
    return this.#enrolment.bits;
  }

  /** The digest of users and sizes, 32 bytes. @internal */
  get enrolmentDigest(): Uint8Array {
    return this.#enrolment.digest;
  }

  /** The digest that `enrolmentDigest` gives for the same users and sizes. */
  get enrolment(): string {
    return hex(this.#enrolment.digest);
  }

  /**
   * The cohort that a user is in.
   *
   * @throws RangeError if the user is not enrolled.
   */
  indexOf(id: number): number {
    const { userIds } = this.#enrolment;
    const wanted = userId(id, 'id');
    const rank = rankOf(userIds, wanted);
    if (userIds[rank] !== wanted) throw new RangeError(`id: expected an enrolled user, got ${wanted}`);
    return this.#cohortOf[rank] ?? 0;
  }

  /**
   * One session of one cohort: its users, and the parameters of server and users.
   *
   * Its context binds enrolment, seed, cohort, attempt and run. A party with another enrolment, seed, cohort, attempt or run has
   * another session tag, and its messages are refused.
   *
   * @param index of the cohort, from 0.
   * @throws TypeError, RangeError that name the argument.
   */
  cohort(index: number, run: CohortRun): Cohort {
    checkInteger(index, 'index', 0, this.count - 1);
    checkNames(run, 'run', ['session', 'attempt']);
    const attempt = checkInteger(run.attempt ?? 0, 'run.attempt', 0, MAX_ATTEMPT);
    const { threshold, policy } = at(this.kinds, index);
    const { userIds, digest: enrolment, bits } = this.#enrolment;
    const ranks = this.#order.slice(at(this.#starts, index), at(this.#starts, index + 1)).sort();
    const session = cohortSession({ enrolment, seed: this.#seed, index, attempt, session: run.session });
    return {
      index,
      attempt,
      userIds: Array.from(ranks, (rank) => userIds[rank] ?? 0),
      threshold,
      options: { session, bits, ...policy },
    };
  }
}

/** The name of a cohort's session. */
export function cohortSession({
  enrolment,
  seed,
  index,
  attempt,
  session,
}: Required<CohortRun> & { readonly enrolment: Uint8Array; readonly seed: Uint8Array; readonly index: number }): string {
  const context = sessionContext(session);
  return hex(digest(LABELS.cohortSession, [enrolment, seed, u32(index), u32(attempt), u32(context.length), context]));
}

/** The index of the first of these ascending ids that is not below `id`. */
function rankOf(userIds: Float64Array, id: number): number {
  return leastHolding(-1, userIds.length, (rank) => (userIds[rank] ?? 0) >= id);
}
