// What an agent does next: one step for each phase, with one exchange at most that changes anything.
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { copyOf, equalBytes } from '../leaves/bytes.ts';
import { checkBytes } from '../leaves/checks.ts';
import { fingerprint } from '../crypto/digest.ts';
import { isAnnouncementOf, readAnnouncement, type Announcement } from '../service/announcement.ts';
import { checkInBytes } from '../service/check-in.ts';
import { ServiceError } from '../service/service-error.ts';
import { COMPLETE, type Transition } from '../participation/stepper.ts';
import type { Awaiting, Enrolled, Preparing, SelectedRun } from './agent-state.ts';
import type { AgentContext } from './context.ts';
import { acceptEnrolment } from './draw.ts';
import { enrol } from './enrol.ts';
import { checkInput } from './inputs.ts';
import { hasDrawsLeft, requireDrawsLeft, requireParticipationsLeft, requireRun, secondsToRest } from './floors.ts';
import { requireBudget, requireUnspent } from './limits.ts';
import { done, forget, outOfAttempt, passive, rest, SHORT, tellLeaving, waitAfterRefusal, waitFor } from './transitions.ts';

/** Milliseconds between two looks at the input store. */
const INPUT_PAUSE = 2000;
/** Milliseconds between two looks at whether the participant may begin. */
const ELIGIBILITY_PAUSE = 60_000;
/** Milliseconds after which a participant that has used up what it allows says so again. */
const LIMIT_PAUSE = 3_600_000;

/** No run: the participant checks in for the next one. */
export async function checkIn(context: AgentContext, signal?: PlatformSignal): Promise<Transition> {
  const aside = standAside(context);
  if (aside !== null) return aside;
  if (!(await context.isEligible())) return { status: 'pending', wait: ELIGIBILITY_PAUSE };
  const answer = await context.connection.ask({ kind: 'check-in', body: checkInBytes(context) }, SHORT, signal);
  if (answer.kind !== 'run') return passive(context, answer);
  const announcement = readAnnouncement(answer.body);
  try {
    await requireAnnounced(context, announcement);
    requireRun(context.floors, announcement, context.memory.state.history, context.now());
    requireDrawsLeft(context.floors, context.task, context.memory.state.history);
    requireBudget(context);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    context.tell({ type: 'refused', run: announcement.run, code: error.code, message: error.message });
    const leaving = { announcement: answer.body, run: answer.place.run, attempt: 0 };
    await context.memory.update({ work: { phase: 'leaving', ...leaving } });
    return COMPLETE;
  }
  const { run, bytes } = announcement;
  const { history } = context.memory.state;
  await context.memory.update({
    work: { phase: 'preparing', announcement: bytes, run, attempt: 0 },
    history: { ...history, highestRun: run },
  });
  context.tell({ type: 'selected', run });
  return COMPLETE;
}

/** Whoever would refuse any run now does not check in: the others would wait for it. @returns null if it would not. */
function standAside(context: AgentContext): Transition | null {
  const { floors, task, memory } = context;
  const { history } = memory.state;
  try {
    requireParticipationsLeft(floors, history);
    requireDrawsLeft(floors, task, history);
    requireBudget(context);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    context.tell({ type: 'refused', run: null, code: error.code, message: error.message });
    return rest(LIMIT_PAUSE);
  }
  const seconds = secondsToRest(floors, history, context.now());
  return seconds > 0 ? rest(1000 * seconds) : null;
}

async function requireAnnounced({ task, floors, source }: AgentContext, announcement: Announcement): Promise<void> {
  const isOurs =
    equalBytes(announcement.task, task.digest) &&
    announcement.source === source &&
    (await isAnnouncementOf(floors.keys.publisher, announcement.bytes));
  if (!isOurs)
    throw new ServiceError('ERR_SECAGG_ANNOUNCEMENT', 'the publisher has not announced this run of this task and source');
}

/** Selected: the input is loaded, and the coordinator is told that it is there. */
export async function prepare(context: AgentContext, work: Preparing, signal?: PlatformSignal): Promise<Transition> {
  if (context.loaded === null && !(await load(context, work, signal))) return { status: 'pending', wait: INPUT_PAUSE };
  try {
    requireUnspent(context, context.loaded?.id ?? '');
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    // Nobody is told that it is ready, so that the others do not wait for it in the session.
    context.loaded = null;
    context.tell({ type: 'refused', run: work.run, code: error.code, message: error.message });
    return waitAfterRefusal(context);
  }
  const place = { run: work.run, attempt: work.attempt, round: 0 };
  const answer = await context.connection.ask({ kind: 'ready', place }, context.longestMessage, signal);
  if (answer.kind === 'enrolled') return acceptEnrolment(context, work, answer, signal);
  if (answer.kind === 'roster') return enrol(context, work, answer, signal);
  if (answer.kind === 'outcome') return done(context, work, answer);
  if (answer.kind === 'run') return waitFor(context, answer);
  return answer.code === 'ERR_SECAGG_RUN' ? forget(context, work) : passive(context, answer);
}

/** Enrolled: the seed is to come, and then the certificates of the participant's cohort. */
export async function awaitRoster(context: AgentContext, work: Enrolled, signal?: PlatformSignal): Promise<Transition> {
  if (context.loaded === null && !(await load(context, work, signal))) return { status: 'pending', wait: INPUT_PAUSE };
  const { announcement, run, attempt, drawn } = work;
  const place = { run, attempt, round: 0 };
  const answer = await context.connection.ask({ kind: 'next', place }, context.longestMessage, signal);
  if (answer.kind === 'roster') return enrol(context, work, answer, signal);
  if (answer.kind === 'outcome') return done(context, work, answer);
  // The draw was abandoned.
  if (answer.kind === 'run') return outOfAttempt(context, { announcement, run, attempt: drawn, spent: false }, null);
  return answer.code === 'ERR_SECAGG_RUN' ? forget(context, work) : passive(context, answer);
}

/** @returns false if there is no input yet. */
async function load(context: AgentContext, work: SelectedRun, signal?: PlatformSignal): Promise<boolean> {
  const { payload, source } = readAnnouncement(work.announcement);
  const options = signal === undefined ? {} : { signal };
  if (payload !== null && context.payload === null) {
    const content = copyOf(checkBytes(await context.fetchPayload(payload.url, options), 'fetchPayload'));
    if (content.length !== payload.length || !equalBytes(fingerprint(content), payload.sha256)) {
      throw new ServiceError('ERR_SECAGG_ANNOUNCEMENT', 'the payload is not the one that the publisher announced');
    }
    context.payload = content;
  }
  const input = checkInput(await context.inputs.load({ run: work.run, source, payload: context.payload }, options));
  if (input === null) {
    context.tell({ type: 'needs-input', run: work.run });
    return false;
  }
  context.loaded = input;
  context.payload = null;
  return true;
}

/** Nothing more to do in this attempt: the participant hears how the run goes on. */
export async function awaitOutcome(context: AgentContext, work: Awaiting, signal?: PlatformSignal): Promise<Transition> {
  const place = { run: work.run, attempt: work.attempt, round: 0 };
  const answer = await context.connection.ask({ kind: work.spent ? 'outcome' : 'next', place }, context.longestMessage, signal);
  if (answer.kind === 'outcome') return done(context, work, answer);
  if (answer.code === 'ERR_SECAGG_RUN') return forget(context, work);
  // Another attempt: whoever has not sent its input may take part in it.
  const { floors, task, memory } = context;
  if (answer.kind === 'run' && !work.spent && hasDrawsLeft(floors, task, memory.state.history))
    return prepareAgain(context, work);
  if (answer.kind === 'roster' || answer.kind === 'run' || answer.kind === 'message') return waitFor(context, answer);
  return passive(context, answer);
}

/** The same run, another attempt. */
async function prepareAgain(
  context: AgentContext,
  { announcement, run, attempt }: SelectedRun & { readonly attempt: number },
): Promise<Transition> {
  context.releaseUser();
  await context.memory.update({ work: { phase: 'preparing', announcement, run, attempt } });
  return COMPLETE;
}

/** The participant takes no further part in the present run. */
export async function leaveRun(context: AgentContext, signal?: PlatformSignal): Promise<Transition> {
  const { work } = context.memory.state;
  if (work.phase === 'idle') return COMPLETE;
  context.release();
  const leaving = { phase: 'leaving', announcement: work.announcement, run: work.run, attempt: 0 } as const;
  await context.memory.update({ work: leaving });
  return tellLeaving(context, leaving, signal);
}
