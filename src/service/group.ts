// Who is in a session of a task, and what it withstands.
import { checkReachable, largestDirectory } from '../graph/policy.ts';
import { StateError, UsageError } from '../leaves/errors.ts';
import { integer, nullable, oneOf, record, require, type Codec } from '../session/codec.ts';
import {
  ADVERSARIES,
  MAX_HOLDERS,
  MAX_USERS,
  mostUsers,
  resolveParameters,
  resolvePolicy,
  type Adversary,
  type SparseGraph,
} from '../session/parameters.ts';
import { windowCodec, type Window } from './window.ts';

/** Many participants in many sessions: chance decides who is in which, and the sums are added. */
export interface CohortTerms {
  /** Least cohorts of an attempt, 1 or more. */
  readonly least: number;
  /** Most cohorts of an attempt. */
  readonly most: number;
  /**
   * For the seed: enrolment closes at least `min` seconds before the time that the seed is of, so that participants have heard by then
   * who is enrolled; by `max` seconds after the closing the seed must be there, or `grace` seconds later.
   */
  readonly seed: Window;
}

/**
 * Many participants in one session, each of whom shares keys with a few: the coordinator decides by chance who is whose neighbor, and the
 * participants trust it to do so.
 */
export interface SparseTerms extends SparseGraph {
  /** In one session the guarantees may fail with probability 2^−security at most; 1 to 200. */
  readonly security: number;
}

/** The group of a session. */
export interface Group {
  /** t: the least number of users in each round. */
  readonly threshold: number;
  /** Most participants of a session: 65,535, and on a sparse graph 1,000,000. */
  readonly maxUsers: number;
  /** What the threshold withstands besides dropouts. */
  readonly adversary: Adversary;
  /** Participants of a session that may work with the server. */
  readonly colluders: number;
  /** How many sessions an attempt has; null for one, of all its participants. */
  readonly cohorts: CohortTerms | null;
  /** Who shares keys with whom; null for the complete graph, on which each participant does with every other. */
  readonly graph: SparseTerms | null;
}

/** As many as `secagg/cohorts` can add. */
const MAX_COHORTS = 2 ** 20;
/** Participants of an attempt, whose ids each of them is told. */
const MOST_ENROLLED = 2 ** 20;

export const groupCodec: Codec<Group> = record<Group>({
  threshold: integer(2, MAX_USERS),
  maxUsers: integer(2, MAX_USERS),
  adversary: oneOf(...ADVERSARIES),
  colluders: integer(0, MAX_USERS),
  cohorts: nullable(record<CohortTerms>({ least: integer(1, MAX_COHORTS), most: integer(1, MAX_COHORTS), seed: windowCodec })),
  graph: nullable(
    record<SparseTerms>({
      neighbors: integer(2, MAX_HOLDERS),
      shareThreshold: integer(2, MAX_HOLDERS),
      security: integer(1, 200),
    }),
  ),
});

/** The options of a session on the graph of a group. */
export function graphOptions({ graph }: Pick<Group, 'graph'>): { readonly graph?: SparseGraph; readonly security?: number } {
  if (graph === null) return {};
  const { neighbors, shareThreshold, security } = graph;
  return { graph: { neighbors, shareThreshold }, security };
}

/** Whether chance decides who is in whose cohort, or who is whose neighbor. */
export function isDrawn({ cohorts, graph }: Group): boolean {
  return cohorts !== null || graph !== null;
}

/** Participants of an attempt at most. */
export function mostInAttempt({ cohorts, maxUsers }: Group): number {
  return maxUsers * (cohorts?.most ?? 1);
}

/** What spans several fields. @throws StateError that names the field. */
export function checkGroup(group: Group): void {
  const { threshold, maxUsers, adversary, colluders, cohorts, graph } = group;
  require(cohorts === null || cohorts.least <= cohorts.most, 'task.group.cohorts', 'least up to most');
  require(cohorts === null || cohorts.seed.min <= cohorts.seed.max, 'task.group.cohorts.seed', 'min up to max');
  require(cohorts === null || graph === null, 'task.group.graph', 'null if there are cohorts');
  require(mostInAttempt(group) <= MOST_ENROLLED, 'task.group.cohorts.most', `at most ${MOST_ENROLLED} participants in all`);
  if (graph !== null) {
    const fault = sparseFault({ ...group, graph }, graph.security);
    if (fault !== null) throw new StateError(`task.group: ${fault}`);
    return;
  }
  const most = mostUsers('complete');
  require(maxUsers <= most, 'task.group.maxUsers', `at most ${most} users on the complete graph`);
  const parameters = resolveParameters(threshold, 1, {});
  const policy = resolvePolicy({ adversary, colluders, maxUsers }, 'complete', maxUsers);
  const least = adversary === 'semi-honest' ? colluders + 1 : Math.floor((maxUsers + colluders) / 2) + 1; // t > c, or 2t > n + c
  require(largestDirectory(parameters, policy) >=
    maxUsers, 'task.group.threshold', `at least ${least} for ${maxUsers} users with ${colluders} colluders against a ${adversary} server, got ${threshold}`);
}

/** Why a party that asks for this security takes part in no session on a sparse graph; null if it does. */
export function sparseFault(group: Group & { readonly graph: SparseTerms }, security: number): string | null {
  const { threshold, maxUsers, adversary, colluders } = group;
  const options = { ...graphOptions(group), adversary, colluders, maxUsers, security };
  try {
    const parameters = resolveParameters(threshold, 1, options);
    checkReachable(parameters, resolvePolicy(options, parameters.graph, maxUsers));
    return null;
  } catch (error) {
    if (error instanceof RangeError || error instanceof UsageError) return error.message;
    throw error;
  }
}
