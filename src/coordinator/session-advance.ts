// What is done with one session of an attempt: its rounds are closed one after the other, until there is a sum or an error.
import { ProtocolError, SecAggError, ThresholdError, UsageError } from '../leaves/errors.ts';
import { emit } from '../leaves/events.ts';
import type { ServerProgress } from '../leaves/progress.ts';
import { publicKeysOf } from '../service/certified-users.ts';
import { readRoster } from '../service/roster.ts';
import { runCertificateOf } from '../service/run-certificate.ts';
import type { Task } from '../service/task.ts';
import type { CoordinatorContext } from './context.ts';
import { decideRound, type RoundStanding, type SessionDecision } from './decide.ts';
import { requireAttempt, type RunRecord, type SessionEnd, type SessionRecord } from './run-record.ts';

/**
 * Does all that is to be done with a session of a run now.
 *
 * @param run as it was read; nothing is done if another attempt has begun meanwhile.
 * @returns service time in milliseconds before which there is nothing to do, unless somebody answers; Infinity if it has ended.
 */
export async function advanceSession(context: CoordinatorContext, run: RunRecord, index: number): Promise<number> {
  const { store } = context;
  for (;;) {
    const session = await store.session({ ...run, index });
    if (session?.end !== null || session.attempt !== run.attempt?.number) return Infinity;
    const now = await store.heartbeat();
    try {
      const until = await step(context, run, session, now);
      if (until !== null) return until;
    } catch (error) {
      // This process is closing the round already, for another request.
      if (error instanceof UsageError && error.code === 'ERR_SECAGG_BUSY') return now;
      if (isEndedByOthers(error)) {
        await endSession(context, session, failedWith(error.code, []));
        continue;
      }
      // Another process was faster: what it has done explains the error, for example that the session is gone, or rows of it.
      const isOvertaken = error instanceof SecAggError && (await store.session(session))?.revision !== session.revision;
      if (!isOvertaken) throw error;
    }
  }
}

/** Whether somebody has ended the session at its host, as whoever operates a database may do. */
function isEndedByOthers(error: unknown): error is UsageError {
  return error instanceof UsageError && (error.code === 'ERR_SECAGG_ABORTED' || error.code === 'ERR_SECAGG_EXPIRED');
}

/** Takes one decision, and does it. @returns until when there is nothing to do; null if something was done. */
async function step(context: CoordinatorContext, run: RunRecord, session: SessionRecord, now: number): Promise<number | null> {
  const task = context.taskOf(run.task);
  if (!(await ensureSession(context, task, run, session))) {
    // The host has lost it, for example because it has it in memory and its process was started again. Whoever has answered round 2
    // does not become ready again.
    await endSession(context, session, failedWith('ERR_SECAGG_UNKNOWN_SESSION', []));
    return null;
  }
  const decision = await decisionFor(context, task, session, now);
  switch (decision.kind) {
    case 'wait':
      return decision.until;
    case 'close':
      await close(context, task, { run, session, now });
      return null;
    case 'extend':
      if (await replace(context, { ...session, extended: true })) {
        emit(context.listener, { type: 'extended', task: run.task, run: run.run, stage: run.stage });
      }
      return null;
    case 'give-up':
      await giveUp(context, session);
      return null;
  }
}

async function replace({ store }: CoordinatorContext, session: SessionRecord, certificate?: string): Promise<boolean> {
  return store.replaceSession({ ...session, revision: session.revision + 1 }, certificate);
}

/**
 * What is to be done with the round. Nobody waits for members that have left the run. Who they are, and whether the round could be closed,
 * is looked at only if something may be to be done.
 */
async function decisionFor(
  { host, store }: CoordinatorContext,
  { definition }: Task,
  session: SessionRecord,
  now: number,
): Promise<SessionDecision> {
  const { name, round: recorded, since, extended } = session;
  const { round, heard, missing } = await host.attendance(name);
  // Another process, or this one before it crashed, has closed the round; or the session has failed.
  if (round !== recorded) return { kind: 'close' };
  const left = missing === 0 ? [] : await store.left(session);
  const decided = (standing: Pick<RoundStanding, 'heard' | 'missing' | 'closable'>): SessionDecision =>
    decideRound(definition, { since, extended, ...standing }, now);
  const soonest = decided({
    heard,
    missing: Math.max(missing - left.length, 0),
    closable: heard >= definition.group.threshold,
  });
  if (soonest.kind === 'wait') return soonest;
  const progress = await host.progress(name);
  if (progress.round !== recorded) return { kind: 'close' };
  const gone = new Set(left);
  const expected = progress.missing.filter((id) => !gone.has(id));
  return decided({ heard: progress.heard.length, missing: expected.length, closable: progress.ready });
}

/**
 * The session at its host. It is made after its record is written down, and made again if a process ended in between.
 *
 * @returns false if it was there and is lost.
 */
export async function ensureSession(
  context: CoordinatorContext,
  task: Task,
  run: RunRecord,
  session: SessionRecord,
): Promise<boolean> {
  const { host, store } = context;
  const { name, round, draw } = session;
  if (await host.has(name)) return true;
  if (round > 0) return false;
  const { vecLen, options } = draw === null ? task.planFor(name) : task.planFor(requireAttempt(run).attempt.name).forCohort(name);
  const { threshold, adversary, colluders, maxUsers } = task.definition.group;
  const roster = await store.roster(session);
  if (roster === null) return false; // another attempt has begun meanwhile
  const publicKeys = publicKeysOf(readRoster(roster));
  await host.create(name, { threshold, vecLen, options: { ...options, adversary, colluders, maxUsers, publicKeys } });
  const [stored, now] = await Promise.all([store.session(session), store.run(session)]);
  const isOver = stored?.name !== name || stored.end !== null || now?.stage !== 'session';
  if (isOver) await host.remove(name); // another process has ended it meanwhile
  return true;
}

/** A protocol round ends. */
async function close(
  context: CoordinatorContext,
  task: Task,
  { run, session, now }: { readonly run: RunRecord; readonly session: SessionRecord; readonly now: number },
): Promise<void> {
  const { host, store, listener } = context;
  const { name, round } = session;
  const before = await host.progress(name);
  try {
    await host.close(name, round);
  } catch (error) {
    if ((await host.progress(name)).error === null) throw error; // not the protocol: the round is tried again
  }
  const { error, round: next, included } = await host.progress(name);
  if (error !== null) {
    await endSession(context, session, failedWith(error.code, outAfter(error, before)));
    return;
  }
  let isOurs: boolean;
  if (next === 5) {
    isOurs = await endSession(context, session, { code: null, included: included ?? [], out: [], sum: await host.sum(name) });
  } else {
    // Hosts forget it with round 4, and a process may end between the end of round 4 and its record.
    const certificate = next === 4 ? await certificateOf(context, task, run, session) : undefined;
    isOurs = await replace(
      context,
      { ...session, since: await store.heartbeat(), extended: false, round: round + 1 },
      certificate,
    );
  }
  // Other processes may have closed the round at the same time: the one that writes it down tells.
  if (!isOurs || before.round !== round) return;
  const [heard, missing] = [before.heard.length, before.missing.length];
  const { task: id, run: number, attempt } = session;
  const milliseconds = now - session.since;
  emit(listener, { type: 'round-closed', task: id, run: number, attempt, round, heard, missing, milliseconds });
}

/**
 * Who takes part in no later attempt: whoever has answered round 2, because a server that lies could subtract the sums of both, and
 * whoever is to blame.
 */
function outAfter(error: SecAggError, before: ServerProgress): readonly number[] {
  const answered = before.round === 2 ? before.heard : (before.included ?? []);
  return [...answered, ...(error instanceof ProtocolError ? error.userIds : [])];
}

function failedWith(code: string, out: readonly number[]): SessionEnd {
  return { code, included: [], out: [...new Set(out)], sum: null };
}

/**
 * A session has ended. Its host forgets it once that is written down, so that no process takes it for one that never was.
 *
 * @returns false if another process has written it down.
 */
async function endSession(context: CoordinatorContext, session: SessionRecord, end: SessionEnd): Promise<boolean> {
  const isOurs = await replace(context, { ...session, end });
  if (isOurs) await context.host.remove(session.name);
  return isOurs;
}

/** There are too few, and nobody to wait for. */
async function giveUp(context: CoordinatorContext, session: SessionRecord): Promise<void> {
  const progress = await context.host.progress(session.name);
  const { heard, needed, round } = progress;
  const text = `round ${String(round)}: ${heard.length} participants of ${needed}`;
  const error = new ThresholdError(text, { have: heard.length, need: needed, round: round ?? 0 });
  await endSession(context, session, failedWith(error.code, outAfter(error, progress)));
}

/** What auditors are given about the session, from the signatures of round 3. */
async function certificateOf(
  { host, store }: CoordinatorContext,
  task: Task,
  run: RunRecord,
  session: SessionRecord,
): Promise<string | undefined> {
  const [evidence, roster] = [await host.evidence(session.name), await store.roster(session)];
  if (evidence === null || roster === null) return undefined; // another process has closed round 4, and has written the record before
  const { announcement } = run;
  const { attempt, draw } = session;
  return runCertificateOf({ task, announcement, attempt, roster, draw }, evidence);
}
