// What is done with a run: one decision after the other, each applied once however many processes look.
import { randomFromSeed, systemRandom } from '../crypto/random.ts';
import { RunningTotal } from '../cohorts/running-total.ts';
import { SecAggError, UsageError } from '../leaves/errors.ts';
import { emit } from '../leaves/events.ts';
import type { SumVector } from '../masking/vector.ts';
import type { Task } from '../service/task.ts';
import type { CoordinatorContext } from './context.ts';
import { decide, type Stage, type Standing } from './decide.ts';
import { closeEnrolment, drawSessions, seedOfDraw } from './enrolling.ts';
import {
  requireAttempt,
  type Attempt,
  type AttemptParts,
  type NewSession,
  type RunEnding,
  type RunInAttempt,
  type RunKey,
  type RunRecord,
} from './run-record.ts';
import { advanceSession } from './session-advance.ts';

/** Milliseconds between two looks at whether a seed is there. */
const SEED_PAUSE = 1000;

/**
 * Does all that is to be done with a run now.
 *
 * @returns service time in milliseconds before which there is nothing to do, unless somebody comes; Infinity for a run that has ended.
 */
export async function advance(context: CoordinatorContext, key: RunKey): Promise<number> {
  for (;;) {
    const run = await context.store.run(key);
    if (run?.end !== null) return Infinity; // ended, or forgotten
    const until = await look(context, run);
    if (until !== null) return until;
  }
}

/**
 * Does what is to be done with a run until an attempt begins. None of it takes long, so that a participant may wait for it.
 *
 * @returns whether the run is in an attempt, with which {@link advance} goes on.
 */
export async function advanceToAttempt(context: CoordinatorContext, key: RunKey): Promise<boolean> {
  for (;;) {
    const run = await context.store.run(key);
    if (run?.end !== null) return false;
    if (run.stage === 'draw' || run.stage === 'session') return true;
    if ((await look(context, run)) !== null) return false;
  }
}

/** Takes one decision, and does it. @returns as {@link step}; null if another process was faster. */
async function look(context: CoordinatorContext, run: RunRecord): Promise<number | null> {
  const now = await context.store.heartbeat();
  try {
    return await step(context, run, now);
  } catch (error) {
    // Another process was faster: what it has done explains the error, for example that the session is gone.
    const isOvertaken = error instanceof UsageError && (await context.store.run(run))?.revision !== run.revision;
    if (!isOvertaken) throw error;
    return null;
  }
}

/** Takes one decision, and does it. @returns until when there is nothing to do; null if something was done. */
async function step(context: CoordinatorContext, run: RunRecord, now: number): Promise<number | null> {
  const task = context.taskOf(run.task);
  let nextRound = Infinity;
  if (run.stage === 'session') {
    for (const index of await context.store.openSessions(run)) {
      nextRound = Math.min(nextRound, await advanceSession(context, run, index));
    }
  }
  const seed = await seedOfDraw(context, run);
  const standing = await standingOf(context, run, seed !== null);
  const decision = decide(task.definition, standing, now);
  switch (decision.kind) {
    case 'wait':
      if (run.stage === 'draw') return Math.min(decision.until, now + SEED_PAUSE);
      return Math.min(decision.until, nextRound);
    case 'select':
      await enterStage(context, run, { stage: 'training', now, participants: standing.checkedIn });
      return null;
    case 'begin':
      return begin(context, task, run, now);
    case 'draw': {
      const sessions = seed === null ? null : await drawSessions(context, requireAttempt(run), seed, now);
      if (sessions === null) return now; // as in `begin`
      await begun(context, requireAttempt(run), sessions, now);
      return null;
    }
    case 'conclude':
      await conclude(context, task, requireAttempt(run), now);
      return null;
    case 'extend':
      if (await context.store.replaceRun({ ...run, revision: run.revision + 1, extended: true })) {
        emit(context.listener, { type: 'extended', task: run.task, run: run.run, stage: run.stage });
      }
      return null;
    case 'give-up':
      if (run.stage === 'draw') {
        await attemptFailed(context, task, requireAttempt(run), { code: 'ERR_SECAGG_SEED', out: [], now });
      } else await end(context, run, failedWith('ERR_SECAGG_THRESHOLD', now));
      return null;
  }
}

async function standingOf(context: CoordinatorContext, run: RunRecord, seeded: boolean): Promise<Standing> {
  const { stage } = run;
  const counts = await context.store.counts(run);
  const open = stage === 'session' ? (await context.store.openSessions(run)).length : 0;
  return { ...run, ...counts, seeded, open };
}

/** What a run is from now on. */
interface NextStage extends Partial<Pick<RunRecord, 'attempt' | 'excluded'>> {
  readonly stage: Stage;
  readonly now: number;
  /** Participants that are there. */
  readonly participants: number;
  readonly parts?: AttemptParts;
}

/** @returns false if another process was faster. */
async function enterStage(
  context: CoordinatorContext,
  run: RunRecord,
  { now, participants, parts, ...changed }: NextStage,
): Promise<boolean> {
  const next: RunRecord = { ...run, ...changed, since: now, extended: false };
  if (!(await context.store.replaceRun({ ...next, revision: run.revision + 1 }, parts ?? {}))) return false;
  const { task, run: number, stage, attempt } = next;
  const before = { previous: run.stage, milliseconds: now - run.since };
  emit(context.listener, { type: 'stage', task, run: number, stage, attempt: attempt?.number ?? 0, participants, ...before });
  return true;
}

/** Training ends. @returns as {@link step}. */
async function begin(context: CoordinatorContext, task: Task, run: RunRecord, now: number): Promise<number | null> {
  const enrolled = await closeEnrolment(context, task, run, now);
  if (enrolled === null) return now; // there is no list of revocations any more: somebody has taken it out of the store
  if ('gone' in enrolled) {
    // Some certificates have ended meanwhile: these participants are out of the run.
    await context.store.replaceRun({ ...run, revision: run.revision + 1, excluded: [...run.excluded, ...enrolled.gone] });
  } else if (enrolled.enrolment === undefined) {
    await begun(context, { ...run, attempt: enrolled.attempt }, enrolled.sessions, now);
  } else {
    const { attempt, enrolment, users } = enrolled;
    await enterStage(context, run, { stage: 'draw', attempt, now, participants: users, parts: { enrolment } });
  }
  return null;
}

/** The sessions of an attempt begin. */
async function begun(
  context: CoordinatorContext,
  run: RunInAttempt,
  sessions: readonly NewSession[],
  now: number,
): Promise<void> {
  const attempt: Attempt = { ...run.attempt, sessions: sessions.length };
  const participants = sessions.reduce((sum, { record }) => sum + record.users, 0);
  await enterStage(context, run, { stage: 'session', attempt, now, participants, parts: { sessions } });
}

/** An attempt has failed: there is another one, or the run ends. */
async function attemptFailed(
  context: CoordinatorContext,
  { definition }: Task,
  run: RunInAttempt,
  { code, out, now }: { readonly code: string; readonly out: readonly number[]; readonly now: number },
): Promise<void> {
  const { number } = run.attempt;
  const excluded = [...new Set([...run.excluded, ...out])];
  const { checkedIn } = await context.store.counts(run);
  const isDone =
    number >= definition.attempts
      ? await end(context, { ...run, excluded }, failedWith(code, now))
      : await enterStage(context, run, { stage: 'training', excluded, now, participants: checkedIn });
  if (isDone) emit(context.listener, { type: 'attempt-failed', task: run.task, run: run.run, attempt: number, code });
}

export function failedWith(code: string, at: number): RunEnding {
  return { at, code, included: [], cohorts: [], sum: null, noiseSeed: null };
}

/** All sessions have ended. The result is over those that have a sum. */
async function conclude(context: CoordinatorContext, task: Task, run: RunInAttempt, now: number): Promise<void> {
  const { vecLen, options } = task.shape;
  const total = RunningTotal.zero({ vecLen, bits: options.bits });
  const included: number[] = [];
  const cohorts: number[] = [];
  const out: number[] = [];
  let only: SumVector | null = null;
  let failure = 'ERR_SECAGG_THRESHOLD';
  for (let index = 0; index < run.attempt.sessions; index++) {
    const session = await context.store.session({ ...run, index });
    const ended = session?.end ?? null;
    if (session === null || ended === null) return; // another process has begun another attempt
    await context.host.remove(session.name); // a process may have ended between the record of the session's end and this
    out.push(...ended.out);
    if (ended.sum === null) failure = ended.code ?? failure;
    else {
      total.add((only = ended.sum));
      included.push(...ended.included);
      cohorts.push(ended.included.length);
    }
  }
  if (only === null) return attemptFailed(context, task, run, { code: failure, out, now });
  const isOne = task.definition.group.cohorts === null;
  let how: RunEnding;
  try {
    const sum = isOne ? only : total.toVector();
    const noiseSeed = systemRandom(32);
    // Refused now or never: the result is decoded with the same noise whenever it is asked for.
    task.planFor(run.attempt.name, randomFromSeed(noiseSeed)).decode(sum, isOne ? { users: included.length } : { cohorts });
    how = { at: now, code: null, included: included.sort((a, b) => a - b), cohorts, sum, noiseSeed };
  } catch (error) {
    if (!(error instanceof SecAggError)) throw error;
    how = failedWith(error.code, now); // for example ERR_SECAGG_ZERO_WEIGHT: there is a sum, but nothing can be made of it
  }
  await end(context, run, how);
}

/** @returns false if another process was faster. */
export async function end(context: CoordinatorContext, run: RunRecord, how: RunEnding): Promise<boolean> {
  const open = run.stage === 'session' ? await context.store.openSessions(run) : [];
  const ended = await context.store.endRun(run, how);
  if (ended === null) return false;
  for (const index of open) {
    const session = await context.store.session({ ...run, index });
    if (session !== null) await context.host.remove(session.name);
  }
  const { code, included, at } = how;
  const before = { previous: run.stage, milliseconds: at - run.since };
  emit(context.listener, { type: 'run-ended', task: run.task, run: run.run, code, included: included.length, ...before });
  context.ended(ended);
  return true;
}
