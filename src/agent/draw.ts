// Cohorts: the participant hears who is enrolled before anybody can know the seed, takes the seed from its own source, and finds its
// cohort by itself. So the coordinator has no say in who is in it.
import { SecAggError } from '../leaves/errors.ts';
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import type { Certificate } from '../service/certificate.ts';
import type { Draw } from '../service/attempt-plan.ts';
import { cohortSessions, drawCohorts, readEnrolment, type Enrolment } from '../service/enrolment.ts';
import { seedOf, type SeedSource } from '../service/seeds.ts';
import { COMPLETE, type Transition } from '../participation/stepper.ts';
import type { Enrolled, Preparing } from './agent-state.ts';
import type { Answer } from './connection.ts';
import type { AgentContext } from './context.ts';
import { belowFloors, requireDraw } from './floors.ts';
import { requireAttempt } from './limits.ts';
import { outOfAttempt, refuseAttempt } from './transitions.ts';

/** Takes part in the draw of an attempt: from now on there is one enrolment for it. */
export async function acceptEnrolment(
  context: AgentContext,
  work: Preparing,
  answer: Answer,
  signal?: PlatformSignal,
): Promise<Transition> {
  const { task, floors, seeds, id, memory } = context;
  const { history } = memory.state;
  const { announcement, run } = work;
  const { attempt } = answer.place;
  let enrolment: Enrolment;
  try {
    requireAttempt(context, work, attempt);
    enrolment = readEnrolment(answer.body);
    const { seedAt, userIds } = enrolment;
    if (!userIds.includes(id)) return await outOfAttempt(context, { announcement, run, attempt, spent: false }, null);
    const sessions = cohortSessions(task, userIds.length);
    if (sessions === null) throw belowFloors(`a draw of ${userIds.length} participants`);
    requireDraw(floors, task, { enrolled: userIds.length, sessions, draws: history.draws });
    // Whoever knew the seed could try one enrolment after the other. The participant's clock may be slow, and its source is not.
    const isLate = seedAt <= context.now() || (seeds !== null && (await askedSeed(seeds, seedAt, signal)) !== null);
    if (isLate) throw belowFloors('an enrolment that came after the time of its seed');
  } catch (error) {
    if (!(error instanceof SecAggError)) throw error;
    const last = Math.min(Math.max(attempt, work.attempt), task.definition.attempts);
    return refuseAttempt(context, { announcement, run, attempt: last }, error);
  }
  await memory.update({
    work: { phase: 'enrolled', announcement, run, attempt: work.attempt, drawn: attempt, enrolment: answer.body },
    history: { ...history, draws: history.draws + 1 },
  });
  context.tell({ type: 'awaiting-draw', run, attempt, enrolled: enrolment.userIds.length, seedAt: enrolment.seedAt });
  return COMPLETE;
}

/**
 * The participant's place in the draw that it is enrolled in.
 *
 * @param certificates of the session that the coordinator would have it take part in.
 * @returns null if the task has no cohorts; `'early'` if its own source has no seed yet.
 * @throws ServiceError ERR_SECAGG_FLOOR unless the session is that of its cohort.
 */
export async function drawOf(
  context: AgentContext,
  work: Preparing | Enrolled,
  { certificates, attempt }: { readonly certificates: readonly Certificate[]; readonly attempt: number },
  signal?: PlatformSignal,
): Promise<Draw | 'early' | null> {
  const { task, seeds, id } = context;
  if (task.definition.group.cohorts === null || seeds === null) return null;
  if (work.phase !== 'enrolled' || work.drawn !== attempt) throw belowFloors('a cohort without an enrolment before its seed');
  const enrolment = readEnrolment(work.enrolment);
  const seed = await askedSeed(seeds, enrolment.seedAt, signal);
  if (seed === null) return 'early';
  const cohorts = drawCohorts(task, enrolment, seed);
  const index = cohorts.indexOf(id);
  const { userIds } = cohorts.cohort(index, { session: '' });
  const isOurs = userIds.length === certificates.length && certificates.every((each, i) => each.id === userIds[i]);
  if (!isOurs) throw belowFloors('another cohort than the draw has given the participant');
  return { enrolment: cohorts.enrolmentDigest, seed, index };
}

/** Whatever a source throws is no refusal: it may be reached over a network that anybody spoils, and the step is tried again. */
async function askedSeed(seeds: SeedSource, time: number, signal?: PlatformSignal): Promise<Uint8Array | null> {
  try {
    return await seedOf(seeds, time, signal);
  } catch (cause) {
    throw new Error('seeds: the source has failed', { cause });
  }
}
