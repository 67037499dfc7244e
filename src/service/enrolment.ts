// Who is enrolled in an attempt with cohorts, and the cohorts that follow from it and from the seed.
import { assignCohorts, type Cohorts } from '../cohorts/cohorts.ts';
import type { CohortSessions } from '../cohorts/enrolment.ts';
import { lnUpperTail } from '../graph/hypergeometric.ts';
import { concat, u32, u64, u64s } from '../leaves/bytes.ts';
import { DecodeError } from '../leaves/errors.ts';
import { FixedFields } from '../leaves/fixed-fields.ts';
import type { Task } from './task.ts';

/** An enrolment, as participants are told. */
export interface Enrolment {
  /** The time that the seed is of, in seconds since 1970. */
  readonly seedAt: number;
  /** Ids of all participants of the attempt, ascending. */
  readonly userIds: readonly number[];
}

/**
 * The sizes of the cohorts of so many participants: as few cohorts as their most users allow, as equal as possible, the larger ones
 * first. Null if there are none: too few participants, too many, or a number between those of g and of g + 1 cohorts.
 */
export function cohortSessions(task: Task, enrolled: number): CohortSessions[] | null {
  const { group, minUsers } = task.definition;
  const { threshold, adversary, colluders, maxUsers, cohorts } = group;
  if (cohorts === null) return null;
  const count = Math.max(cohorts.least, Math.ceil(enrolled / maxUsers));
  const size = Math.floor(enrolled / count);
  if (count > cohorts.most || size < minUsers) return null;
  const larger = enrolled % count;
  const { bits } = task.shape.options;
  const of = (users: number, many: number): CohortSessions[] =>
    many === 0 ? [] : [{ count: many, users, threshold, options: { bits, adversary, colluders } }];
  return [...of(size + 1, larger), ...of(size, count - larger)];
}

/** The most participants, of so many, of whom cohorts can be made; 0 if of none. */
export function enrollable(task: Task, ready: number): number {
  const { group, minUsers } = task.definition;
  const { maxUsers, cohorts } = group;
  if (cohorts === null || ready < minUsers * cohorts.least) return 0;
  const enrolled = Math.min(ready, maxUsers * cohorts.most);
  if (cohortSessions(task, enrolled) !== null) return enrolled;
  // One cohort less, and all of them full.
  return maxUsers * (Math.ceil(enrolled / maxUsers) - 1);
}

/**
 * ln of the probability that in any cohort more users are corrupt than its session withstands, if the corrupt ones were chosen before
 * the draw.
 */
export function lnExposed(sessions: readonly CohortSessions[], enrolled: number, corrupt: number, colluders: number): number {
  const tails = sessions.map(
    ({ count, users }) => Math.log(count) + lnUpperTail({ population: enrolled, marked: corrupt, draws: users }, colluders + 1),
  );
  const most = Math.max(...tails);
  return most === -Infinity ? most : most + Math.log(tails.reduce((sum, tail) => sum + Math.exp(tail - most), 0));
}

export function enrolmentBytes({ seedAt, userIds }: Enrolment): Uint8Array {
  return concat([u64(seedAt), u32(userIds.length), u64s(userIds)]);
}

/** @throws DecodeError */
export function readEnrolment(bytes: Uint8Array): Enrolment {
  const fields = new FixedFields('enrolment', bytes);
  const [seedAt, count] = [fields.integer(8), fields.integer(4)];
  if (fields.left !== 8 * count) throw new DecodeError(`enrolment: expected the ${count} ids that it announces`);
  const userIds = Array.from({ length: count }, () => fields.integer(8));
  if (userIds.some((id, i) => i > 0 && id <= (userIds[i - 1] ?? id))) throw new DecodeError('enrolment: expected ascending ids');
  return { seedAt, userIds };
}

/** The cohorts that all parties draw for themselves. @throws DecodeError if none can be made of so many participants. */
export function drawCohorts(task: Task, { userIds }: Enrolment, seed: Uint8Array): Cohorts {
  const sessions = cohortSessions(task, userIds.length);
  if (sessions === null) throw new DecodeError(`enrolment: no cohorts can be made of ${userIds.length} participants`);
  return assignCohorts({ userIds, sessions, seed });
}
