// What is done with a run: one decision after the other, each applied once however many processes look.
import { ProtocolError, SecAggError, ThresholdError, UsageError } from '../leaves/errors.ts';
import { emit } from '../leaves/events.ts';
import type { ServerProgress } from '../leaves/progress.ts';
import { attemptSession, publicKeysOf, readRoster, requireValid, rosterOf } from '../service/certified-users.ts';
import { runCertificateOf } from '../service/run-certificate.ts';
import type { Task } from '../service/task.ts';
import type { CoordinatorContext } from './context.ts';
import { decide, type Standing } from './decide.ts';
import type { Attempt, RunEnd, RunKey, RunRecord } from './run-record.ts';

/** By how much the clocks of registrar and coordinator may differ, in seconds. */
const CLOCK_SKEW = 300;

/** A run that has an attempt. */
type RunInSession = RunRecord & { readonly attempt: Attempt };

/**
 * Does all that is to be done with a run now.
 *
 * @returns service time in milliseconds before which there is nothing to do, unless somebody comes; Infinity for a run that has ended.
 */
export async function advance(context: CoordinatorContext, key: RunKey): Promise<number> {
  for (;;) {
    const run = await context.store.run(key);
    if (run?.end !== null) return Infinity; // ended, or forgotten
    const now = await context.store.heartbeat();
    try {
      const until = await step(context, run, now);
      if (until !== null) return until;
    } catch (error) {
      // This process is closing the round already, for another request.
      if (error instanceof UsageError && error.code === 'ERR_SECAGG_BUSY') return now;
      // Another process was faster: what it has done explains the error, for example that the session is gone.
      const isOvertaken = error instanceof UsageError && (await context.store.run(key))?.revision !== run.revision;
      if (!isOvertaken) throw error;
    }
  }
}

/** Takes one decision, and does it. @returns until when there is nothing to do; null if something was done. */
async function step(context: CoordinatorContext, run: RunRecord, now: number): Promise<number | null> {
  const task = context.taskOf(run.task);
  if (run.stage === 'session' && !(await ensureSession(context, task, requireAttempt(run)))) {
    await sessionLost(context, task, requireAttempt(run), now);
    return null;
  }
  const decision = decide(task.definition, await standingOf(context, run), now);
  switch (decision.kind) {
    case 'wait':
      return decision.until;
    case 'select':
      await enterStage(context, { ...run, stage: 'training', since: now, extended: false });
      return null;
    case 'begin':
      return begin(context, task, run, now);
    case 'close':
      await close(context, task, requireAttempt(run));
      return null;
    case 'extend':
      if (await replace(context, { ...run, extended: true })) {
        emit(context.listener, { type: 'extended', task: run.task, run: run.run, stage: run.stage });
      }
      return null;
    case 'give-up':
      await giveUp(context, run, now);
      return null;
  }
}

async function replace({ store }: CoordinatorContext, run: RunRecord): Promise<boolean> {
  return store.replaceRun({ ...run, revision: run.revision + 1 });
}

/** @returns false if another process was faster. */
async function enterStage(context: CoordinatorContext, run: RunRecord): Promise<boolean> {
  if (!(await replace(context, run))) return false;
  const { checkedIn } = await context.store.counts(run);
  const participants = run.stage === 'session' ? (run.attempt?.members.length ?? 0) : checkedIn;
  const { task, run: number, stage, attempt } = run;
  emit(context.listener, { type: 'stage', task, run: number, stage, attempt: attempt?.number ?? 0, participants });
  return true;
}

async function standingOf(context: CoordinatorContext, run: RunRecord): Promise<Standing> {
  const counts = await context.store.counts(run);
  const quiet = { heard: 0, missing: 0, closable: false };
  return { ...run, ...counts, ...(run.stage === 'session' ? await attendance(context, requireAttempt(run)) : quiet) };
}

async function attendance(
  context: CoordinatorContext,
  run: RunInSession,
): Promise<Pick<Standing, 'heard' | 'missing' | 'closable'>> {
  const { session, round } = run.attempt;
  const progress = await context.host.progress(session);
  // Another process, or this one before it crashed, has closed the round; or the session has failed.
  if (progress.round !== round) return { heard: 0, missing: 0, closable: true };
  return { heard: progress.heard.length, missing: progress.missing.length, closable: progress.ready };
}

/**
 * The session of an attempt. It is made after the attempt is written down, and made again if a process ended in between.
 *
 * @returns false if it was there and is lost.
 */
export async function ensureSession(context: CoordinatorContext, task: Task, run: RunInSession): Promise<boolean> {
  const { host, store } = context;
  const { attempt } = run;
  if (await host.has(attempt.session)) return true;
  if (attempt.round > 0) return false;
  const { certificates } = readRoster(attempt.roster);
  const { vecLen, options } = task.planFor(attempt.session);
  const { threshold, adversary, colluders, maxUsers } = task.definition.group;
  const publicKeys = publicKeysOf({ certificates });
  const session = { threshold, vecLen, options: { ...options, adversary, colluders, maxUsers, publicKeys } };
  await host.create(attempt.session, session);
  const now = await store.run(run);
  const isOver = now?.stage !== 'session' || now.attempt?.session !== attempt.session;
  if (isOver) await host.remove(attempt.session); // another process has ended it meanwhile
  return true;
}

function requireAttempt(run: RunRecord): RunInSession {
  const { attempt } = run;
  if (attempt === null) throw new Error(`run ${run.run} is in a session without an attempt`);
  return { ...run, attempt };
}

/** Training ends: the session of those that are ready, and whose certificates are valid now. @returns as {@link step}. */
async function begin(context: CoordinatorContext, task: Task, run: RunRecord, now: number): Promise<number | null> {
  const revocations = context.revocationsOf(task);
  if (revocations === null) return now; // this process was given no list yet; another one may have it
  const revoked = new Set(revocations.serials);
  const ready = await context.store.ready(run);
  const certificates = ready.map(({ certificate }) => certificate).filter((certificate) => isValid(certificate));
  if (certificates.length < task.definition.minUsers) {
    // Some certificates have ended meanwhile: these participants are out of the run.
    const kept = new Set(certificates.map(({ id }) => id));
    const gone = ready.flatMap(({ certificate: { id } }) => (kept.has(id) ? [] : [id]));
    await replace(context, { ...run, excluded: [...run.excluded, ...gone] });
    return null;
  }
  const roster = rosterOf(certificates, revocations);
  const number = (run.attempt?.number ?? 0) + 1;
  const session = attemptSession({
    task: task.digest,
    announcement: run.announcement,
    attempt: number,
    certificates: roster.certificates,
  });
  const members = roster.certificates.map(({ id }) => id);
  const attempt: Attempt = { number, session, roster: roster.bytes, members, round: 0, certificate: '' };
  await enterStage(context, { ...run, stage: 'session', since: now, extended: false, attempt });
  return null;

  function isValid(certificate: Parameters<typeof requireValid>[0]): boolean {
    try {
      requireValid(certificate, { now: context.now(), clockSkew: CLOCK_SKEW }, revoked);
      return true;
    } catch (error) {
      if (error instanceof SecAggError) return false;
      throw error;
    }
  }
}

/** A protocol round ends. */
async function close(context: CoordinatorContext, task: Task, run: RunInSession): Promise<void> {
  const { session, round } = run.attempt;
  const before = await context.host.progress(session);
  try {
    await context.host.close(session, round);
  } catch (error) {
    if ((await context.host.progress(session)).error === null) throw error; // not the protocol: the round is tried again
  }
  const { error, round: next } = await context.host.progress(session);
  const now = await context.store.heartbeat();
  if (error !== null) return attemptFailed(context, task, run, { code: error.code, out: outAfter(error, before), now });
  if (before.round === round) {
    const [heard, missing] = [before.heard.length, before.missing.length];
    const { task: id, run: number, attempt } = run;
    emit(context.listener, { type: 'round-closed', task: id, run: number, attempt: attempt.number, round, heard, missing });
  }
  if (next === 5) return finish(context, task, run, now);
  // Hosts forget it with round 4, and a process may end between the end of round 4 and its record.
  const certificate = next === 4 ? await certificateOf(context, task, run) : '';
  const attempt: Attempt = { ...run.attempt, round: round + 1, certificate };
  await replace(context, { ...run, since: now, extended: false, attempt });
}

/**
 * Who takes part in no later attempt: whoever has answered round 2, because a server that lies could subtract the sums of both, and
 * whoever is to blame.
 */
function outAfter(error: SecAggError, before: ServerProgress): readonly number[] {
  const answered = before.round === 2 ? before.heard : (before.included ?? []);
  return [...answered, ...(error instanceof ProtocolError ? error.userIds : [])];
}

/** An attempt has failed. The session is removed once that is written down, so that no process takes it for one that never was. */
async function attemptFailed(
  context: CoordinatorContext,
  { definition }: Task,
  run: RunInSession,
  { code, out, now }: { readonly code: string; readonly out: readonly number[]; readonly now: number },
): Promise<void> {
  const { number, session } = run.attempt;
  const excluded = [...new Set([...run.excluded, ...out])];
  const isLast = number >= definition.attempts;
  const isDone = isLast
    ? await end(context, { ...run, excluded }, failedWith(code, now))
    : await enterStage(context, { ...run, stage: 'training', since: now, extended: false, excluded });
  if (!isDone) return;
  emit(context.listener, { type: 'attempt-failed', task: run.task, run: run.run, attempt: number, code });
  await context.host.remove(session);
}

/**
 * The host has lost a session, for example because it has it in memory and its process was started again. Whoever has answered round
 * 2 does not become ready again.
 */
async function sessionLost(context: CoordinatorContext, task: Task, run: RunInSession, now: number): Promise<void> {
  await attemptFailed(context, task, run, { code: 'ERR_SECAGG_UNKNOWN_SESSION', out: [], now });
}

/** There are too few, and nobody to wait for. */
async function giveUp(context: CoordinatorContext, run: RunRecord, now: number): Promise<void> {
  if (run.stage === 'session') {
    const progress = await context.host.progress(requireAttempt(run).attempt.session);
    const { heard, needed, round } = progress;
    const text = `round ${String(round)}: ${heard.length} participants of ${needed}`;
    const error = new ThresholdError(text, { have: heard.length, need: needed, round: round ?? 0 });
    const out = outAfter(error, progress);
    return attemptFailed(context, context.taskOf(run.task), requireAttempt(run), { code: error.code, out, now });
  }
  await end(context, run, failedWith('ERR_SECAGG_THRESHOLD', now));
}

export function failedWith(code: string, at: number): RunEnd {
  return { at, code, included: [], sum: null, certificate: '' };
}

/** What auditors are given about the attempt, from the signatures of round 3. */
async function certificateOf({ host }: CoordinatorContext, task: Task, { announcement, attempt }: RunInSession): Promise<string> {
  const evidence = await host.evidence(attempt.session);
  if (evidence === null) return ''; // another process has closed round 4, and has written the record before
  return runCertificateOf({ task, announcement, attempt: attempt.number, roster: attempt.roster }, evidence);
}

/** The sum is there. */
async function finish(context: CoordinatorContext, task: Task, run: RunInSession, now: number): Promise<void> {
  const { session, certificate } = run.attempt;
  const included = (await context.host.progress(session)).included ?? [];
  const sum = await context.host.sum(session);
  let ended: RunEnd;
  try {
    task.planFor(session).decode(sum, { users: included.length });
    ended = { at: now, code: null, included, sum, certificate };
  } catch (error) {
    if (!(error instanceof SecAggError)) throw error;
    ended = failedWith(error.code, now); // for example ERR_SECAGG_ZERO_WEIGHT: there is a sum, but nothing can be made of it
  }
  if (await end(context, run, ended)) await context.host.remove(session);
}

/** @returns false if another process was faster. */
export async function end(context: CoordinatorContext, run: RunRecord, how: RunEnd): Promise<boolean> {
  const attempt = run.attempt === null ? null : { ...run.attempt, certificate: '' };
  const ended: RunRecord = { ...run, stage: how.code === null ? 'finished' : 'failed', attempt, end: how };
  if (!(await replace(context, ended))) return false;
  const { code, included } = how;
  emit(context.listener, { type: 'run-ended', task: run.task, run: run.run, code, included: included.length });
  context.ended(ended);
  return true;
}
