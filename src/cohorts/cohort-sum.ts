// One run over all cohorts: which cohorts are open, done and failed, which users are in the sum, and the sum. It has no
// networking: whoever runs a cohort's session reports how it ended.
import { equalBytes } from '../leaves/bytes.ts';
import { checkInteger, checkNames, checkString, kindOf } from '../leaves/checks.ts';
import { UsageError } from '../leaves/errors.ts';
import { at } from '../leaves/lists.ts';
import { positions } from '../leaves/members.ts';
import { resolveParameters, sessionContext } from '../session/parameters.ts';
import { Cohorts, type Cohort } from './cohorts.ts';
import { broken, checkResult, type CohortResult } from './result.ts';
import { RunningTotal } from './running-total.ts';
import { cohortSumDocument, type CohortSumSnapshot, type Standing } from './state.ts';

/** The options of a run. */
export interface CohortSumOptions {
  /** The application's context of the run: what is summed, and which run of it. All parties are given the same. */
  readonly session: string | Uint8Array;
  /** Components of a vector. */
  readonly vecLen: number;
}

/** A cohort without a sum. */
export interface FailedCohort {
  /** The cohort's index, from 0 on. */
  readonly index: number;
  /** The attempt that failed, from 0 on. */
  readonly attempt: number;
  /** Why it failed, as `fail` was told. */
  readonly reason: string;
}

/** The progress of a run. Its lists are fresh and ascend. */
export interface CohortSumProgress {
  /** Grows with every change: of two states of one run, the one with the larger revision is newer. */
  readonly revision: number;
  /** Cohorts whose present attempt has neither a sum nor failed. */
  readonly open: readonly number[];
  /** Cohorts whose sums are in the total. */
  readonly done: readonly number[];
  /** Cohorts whose present attempt has failed. */
  readonly failed: readonly FailedCohort[];
  /** Users whose vectors are in the total. */
  readonly included: readonly number[];
}

/**
 * The sum over all cohorts of one run.
 *
 * Run each cohort's session as any other, wherever you like, and report how it ended under the session's name. This object
 * counts each cohort once, refuses results of other runs, cohorts and attempts, and keeps one vector for any number of
 * cohorts.
 *
 * @example
 * ```js
 * import { assignCohorts, CohortSum } from 'secagg/cohorts';
 *
 * const sessions = [{ count: 2, users: 3, threshold: 2 }];
 * const cohorts = assignCohorts({ userIds: [1, 2, 3, 4, 5, 6], sessions, seed: new Uint8Array(32) });
 * const run = new CohortSum(cohorts, { session: 'week 7', vecLen: 1 });
 * const [first, second] = run.progress().open.map((index) => run.cohort(index));
 * // new ServerWrapper(first.threshold, 1, { ...first.options, publicKeys: keysOf(first.userIds) }) … until it has a sum:
 * run.record(first.options.session, { included: first.userIds, vector: Int32Array.of(2 ** 31 - 1) });
 * run.record(second.options.session, { included: second.userIds.slice(1), vector: Int32Array.of(5) });
 * console.log(run.total(), run.progress().included.length); // prints: BigInt64Array(1) [ 2147483652n ] 5
 * ```
 */
export class CohortSum {
  #snapshot: CohortSumSnapshot;
  /** The cohorts by the name of their present session. */
  #present: Map<string, number>;

  /**
   * @param cohorts as all parties have assigned them.
   * @param options what is summed.
   * @throws TypeError, RangeError that name the argument.
   */
  constructor(cohorts: Cohorts, options: CohortSumOptions) {
    this.#snapshot = newRun(cohorts, options);
    this.#present = this.#presentSessions();
  }

  /** The assignment of the run. */
  get cohorts(): Cohorts {
    return this.#snapshot.cohorts;
  }

  /** The present session of a cohort. */
  cohort(index: number): Cohort {
    const { cohorts, session, standings } = this.#snapshot;
    checkInteger(index, 'index', 0, cohorts.count - 1);
    return cohorts.cohort(index, { session, attempt: at(standings, index).attempt });
  }

  /**
   * Adds the sum of a cohort. The same result again changes nothing.
   *
   * @param session of the cohort: `cohort(index).options.session`.
   * @throws ProtocolError ERR_SECAGG_SESSION if this is not the present session of a cohort of this run;
   * ERR_SECAGG_EQUIVOCATION if it has ended with another sum; ERR_SECAGG_LATE if it has been given up;
   * ERR_SECAGG_UNKNOWN_USER, ERR_SECAGG_DUPLICATE_USER if a user in the sum is not in the cohort, or is named twice; ThresholdError
   * if they are fewer than its threshold. TypeError, RangeError for a vector that is no sum of this ring. An error changes
   * nothing.
   */
  record(session: string, result: CohortResult): void {
    const index = this.#indexOf(session);
    const { cohorts, vecLen, standings, total } = this.#snapshot;
    const { digest, included, vector } = checkResult(this.cohort(index), { bits: cohorts.bits, vecLen }, result);
    const standing = at(standings, index);
    switch (standing.status) {
      case 'done':
        if (equalBytes(standing.digest, digest) && equalBytes(standing.included, included)) return;
        throw broken('ERR_SECAGG_EQUIVOCATION', `cohort ${index} has ended with another sum; the first one counts`);
      case 'failed':
        throw broken('ERR_SECAGG_LATE', `cohort ${index} was given up: ${standing.reason}`);
      case 'open':
        total.add(vector);
        this.#change(index, { status: 'done', attempt: standing.attempt, digest, included });
    }
  }

  /**
   * Gives up a cohort's session, which has ended in an error or takes too long. A second call changes nothing: the first reason
   * stays.
   *
   * @param session as for {@link record}.
   * @param reason is shown by {@link progress}; for example the `code` of an error.
   * @throws ProtocolError ERR_SECAGG_SESSION as {@link record}; ERR_SECAGG_EQUIVOCATION if it has ended with a sum.
   */
  fail(session: string, reason: string): void {
    const index = this.#indexOf(session);
    checkString(reason, 'reason');
    const { status, attempt } = at(this.#snapshot.standings, index);
    if (status === 'failed') return;
    if (status === 'done') throw broken('ERR_SECAGG_EQUIVOCATION', `cohort ${index} has ended with a sum`);
    this.#change(index, { status: 'failed', attempt, reason });
  }

  /**
   * Begins a failed cohort anew, as another session with the same users and another name.
   *
   * A user that has sent its masked input in an earlier attempt must not take part with the same vector. A server that lies may
   * have the sum of that attempt, and the difference of two sums may be one user's vector (docs/cohorts.md).
   *
   * @throws UsageError ERR_SECAGG_USAGE if the cohort has not failed.
   */
  retry(index: number): Cohort {
    const failed = this.cohort(index);
    if (at(this.#snapshot.standings, index).status !== 'failed') {
      throw new UsageError('ERR_SECAGG_USAGE', `retry: cohort ${index} has not failed`);
    }
    this.#change(index, { status: 'open', attempt: failed.attempt + 1 });
    const next = this.cohort(index);
    this.#present.delete(failed.options.session);
    this.#present.set(next.options.session, index);
    return next;
  }

  /** The progress of the run. */
  progress(): CohortSumProgress {
    const { revision, standings } = this.#snapshot;
    const of = (status: Standing['status']): number[] =>
      standings.flatMap((each, index) => (each.status === status ? [index] : []));
    const failed = standings.flatMap((each, index) =>
      each.status === 'failed' ? [{ index, attempt: each.attempt, reason: each.reason }] : [],
    );
    const included = standings.flatMap((each, index) => {
      if (each.status !== 'done') return [];
      const { userIds } = this.cohort(index);
      return positions(each.included).map((position) => at(userIds, position));
    });
    return { revision, open: of('open'), done: of('done'), failed, included: included.sort((a, b) => a - b) };
  }

  /**
   * The sum over all cohorts that are done. Failed cohorts are left out, and {@link progress} shows which users are in it.
   *
   * @returns `vecLen` fresh components of 64 bits for any ring, because many sums need more bits than one.
   * @throws UsageError ERR_SECAGG_USAGE if a cohort is still open, or none is done. ERR_SECAGG_TOTAL_RANGE if a
   * component needs more than 64 bits, which cannot happen in rings of up to 32 bits.
   */
  total(): BigInt64Array {
    const { standings, total } = this.#snapshot;
    const open = standings.filter(({ status }) => status === 'open').length;
    if (open > 0)
      throw new UsageError('ERR_SECAGG_USAGE', `total: expected no open cohort, got ${open}; record or fail each of them`);
    if (!standings.some(({ status }) => status === 'done'))
      throw new UsageError('ERR_SECAGG_USAGE', 'total: all cohorts have failed');
    return total.toVector();
  }

  /** Serializes the whole run as JSON, with users, seed and total. It holds no secret. */
  serializeState(): string {
    return cohortSumDocument.serialize(this.#snapshot);
  }

  /**
   * Recovers a run from its serialized state alone.
   *
   * @throws StateError if the text is no state of a run of this version.
   */
  static fromState(state: string): CohortSum {
    const snapshot = cohortSumDocument.parse(state);
    const { cohorts, session, vecLen } = snapshot;
    const run = new CohortSum(cohorts, { session, vecLen });
    run.#snapshot = snapshot;
    run.#present = run.#presentSessions();
    return run;
  }

  #presentSessions(): Map<string, number> {
    return new Map(this.#snapshot.standings.map((_, index) => [this.cohort(index).options.session, index]));
  }

  #indexOf(session: string): number {
    const index = this.#present.get(checkString(session, 'session'));
    if (index !== undefined) return index;
    throw broken('ERR_SECAGG_SESSION', 'session: expected the present session of a cohort of this run, got another one');
  }

  #change(index: number, standing: Standing): void {
    const { revision, standings } = this.#snapshot;
    this.#snapshot = {
      ...this.#snapshot,
      revision: revision + 1,
      standings: standings.map((each, i) => (i === index ? standing : each)),
    };
  }
}

function newRun(cohorts: Cohorts, options: CohortSumOptions): CohortSumSnapshot {
  if (!(cohorts instanceof Cohorts)) throw new TypeError(`cohorts: expected what assignCohorts gives, got ${kindOf(cohorts)}`);
  checkNames(options, 'options', ['session', 'vecLen']);
  const session = sessionContext(options.session);
  const { bits } = cohorts;
  const { vecLen } = resolveParameters(2, options.vecLen, { bits });
  const standings = Array.from({ length: cohorts.count }, (): Standing => ({ status: 'open', attempt: 0 }));
  return { revision: 0, cohorts, session, vecLen, standings, total: RunningTotal.zero({ bits, vecLen }) };
}
