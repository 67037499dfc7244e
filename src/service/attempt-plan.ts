// Plans and names of the sessions of an attempt: one session of all its participants, or one for each cohort.
import { cohortSession } from '../cohorts/cohorts.ts';
import type { AggregatePlan } from './aggregate-plan.ts';
import { attemptSession } from './certified-users.ts';
import { NOBODY, type RosterDigest } from './roster.ts';
import type { Task } from './task.ts';

/** Which cohort of which draw. */
export interface Draw {
  /** Digest of the participants and of the sizes of their cohorts, 32 bytes: `enrolmentDigest` of `secagg/cohorts`. */
  readonly enrolment: Uint8Array;
  /** The seed, 32 bytes. */
  readonly seed: Uint8Array;
  /** The cohort, from 0. */
  readonly index: number;
}

/** An attempt of a run. */
interface AttemptOfRun {
  /** As the publisher has signed it. */
  readonly announcement: Uint8Array;
  /** From 1. */
  readonly attempt: number;
}

/** A session: its name, which its host knows it by and parties agree on, and its plan. */
interface SessionPlan {
  readonly name: string;
  readonly plan: AggregatePlan;
}

/** The name of an attempt with cohorts, from which the plan follows that decodes their total. */
export function drawnAttempt(task: Task, { announcement, attempt }: AttemptOfRun): string {
  return attemptSession({ task: task.digest, announcement, attempt, roster: NOBODY });
}

/**
 * The session of a cohort. Its context stands for the draw, for the plan that all cohorts share, and for the certificates of its
 * participants.
 *
 * @param base the plan for {@link drawnAttempt}.
 */
export function cohortPlan(
  base: AggregatePlan,
  about: AttemptOfRun & { readonly task: Uint8Array; readonly roster: RosterDigest },
  { enrolment, seed, index }: Draw,
): SessionPlan {
  const context = `${base.options.session} ${attemptSession(about)}`;
  const name = cohortSession({ enrolment, seed, index, attempt: 0, session: context });
  return { name, plan: base.forCohort(name) };
}

/** A session of an attempt, for a party that has one. @param draw null if the task has no cohorts. */
export function sessionPlan(task: Task, about: AttemptOfRun & { readonly roster: RosterDigest }, draw: Draw | null): SessionPlan {
  if (draw === null) {
    const name = attemptSession({ ...about, task: task.digest });
    return { name, plan: task.planFor(name) };
  }
  return cohortPlan(task.planFor(drawnAttempt(task, about)), { ...about, task: task.digest }, draw);
}
