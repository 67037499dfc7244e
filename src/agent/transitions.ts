// How a step ends, and the changes of phase that several steps share.
import type { SecAggError } from '../leaves/errors.ts';
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { ServiceError } from '../service/service-error.ts';
import type { Leaving, SelectedRun } from './agent-state.ts';
import type { AgentContext } from './context.ts';
import type { UnfitInput } from './inputs.ts';
import type { Answer } from './connection.ts';
import { COMPLETE, type Transition } from '../participation/stepper.ts';

/** Bytes of an announcement, of an outcome. */
export const SHORT = 4096;
/** Milliseconds that an agent waits at least and at most, whatever the coordinator says. */
const SHORTEST_WAIT = 100;
const LONGEST_WAIT = 3_600_000;

/** Refusals that say nothing about what was sent: the same may be taken later, for example when the coordinator's store is back. */
export const PASSING: ReadonlySet<string> = new Set([
  ...(['ERR_SECAGG_OVERLOAD', 'ERR_SECAGG_STORE', 'ERR_SECAGG_BUSY', 'ERR_SECAGG_ENGINE'] as const),
  ...(['ERR_SECAGG_SEQUENCE', 'ERR_SECAGG_TOKEN', 'ERR_SECAGG_PART'] as const),
]);

/** A time within the window that the coordinator has named. */
export function waitFor({ random }: AgentContext, { wait: { from, to } }: Pick<Answer, 'wait'>): Transition {
  const [a = 0, b = 0] = random(2);
  return rest(from + Math.max(to - from, 0) * ((256 * a + b) / 65_536));
}

/** Some milliseconds, but neither too few nor too many: clocks jump, and coordinators lie. */
export function rest(milliseconds: number): Transition {
  return { status: 'pending', wait: Math.min(Math.max(milliseconds, SHORTEST_WAIT), LONGEST_WAIT) };
}

/** After a refusal, which the coordinator could provoke again at once. */
export function waitAfterRefusal(context: AgentContext): Transition {
  return waitFor(context, { wait: { from: 30_000, to: 60_000 } });
}

/** The coordinator has nothing to do for the participant, or refuses it. */
export function passive(context: AgentContext, answer: Answer): Transition {
  if (answer.kind === 'refused') {
    const { work } = context.memory.state;
    const run = work.phase === 'idle' ? null : work.run;
    context.tell({ type: 'refused', run, code: answer.code, message: 'the coordinator refuses' });
  } else if (answer.kind !== 'wait') {
    throw new ServiceError('ERR_SECAGG_RESPONSE', `coordinator: a response of the kind ${answer.kind} is not expected here`);
  }
  return waitFor(context, answer);
}

/** The run has ended. */
export async function done(
  context: AgentContext,
  work: SelectedRun & { readonly spent?: boolean },
  answer: Answer,
): Promise<Transition> {
  const { kind } = outcomeIn(answer.body);
  context.release();
  await context.memory.update({ work: { phase: 'idle' } });
  context.tell({ type: 'done', run: work.run, finished: kind === 'finished', sent: work.spent === true });
  return COMPLETE;
}

/** What the coordinator says about the end of a run. It is information: nothing depends on it. */
function outcomeIn(body: Uint8Array): { readonly kind?: unknown } {
  try {
    // Megabytes of brackets become a hundred times as much in memory.
    const outcome: unknown = body.length > SHORT ? null : JSON.parse(new TextDecoder().decode(body));
    if (typeof outcome === 'object' && outcome !== null) return outcome;
  } catch {
    // The same as JSON that is no outcome.
  }
  throw new ServiceError('ERR_SECAGG_RESPONSE', 'coordinator: an outcome that is no JSON object');
}

/** The coordinator does not know the run any more. */
export async function forget(context: AgentContext, work: SelectedRun & { readonly spent?: boolean }): Promise<Transition> {
  context.release();
  await context.memory.update({ work: { phase: 'idle' } });
  context.tell({ type: 'done', run: work.run, finished: false, sent: work.spent === true });
  return COMPLETE;
}

/** Tells the coordinator that the participant takes no further part, until it has heard. */
export async function tellLeaving(context: AgentContext, work: Leaving, signal?: PlatformSignal): Promise<Transition> {
  const { announcement, run, attempt } = work;
  const answer = await context.connection.ask({ kind: 'leave', place: { run, attempt, round: 0 } }, SHORT, signal);
  if (answer.kind === 'wait' || PASSING.has(answer.code)) return waitFor(context, answer);
  // Whatever else the coordinator says, it has heard.
  if (attempt === 0) await context.memory.update({ work: { phase: 'idle' } });
  else await context.memory.update({ work: { phase: 'awaiting', announcement, run, attempt, spent: false } });
  return waitAfterRefusal(context);
}

/** The application's input does not fit the task. The participant leaves the run, so that the others do not wait for it. */
export async function refuseInput(
  context: AgentContext,
  { announcement, run }: SelectedRun,
  { code, message }: UnfitInput,
): Promise<Transition> {
  context.release();
  await context.memory.update({ work: { phase: 'leaving', announcement, run, attempt: 0 } });
  context.tell({ type: 'input-refused', run, code, message });
  return COMPLETE;
}

/** The participant refuses to take part in an attempt as it is. Its input has not been sent. */
export async function refuseAttempt(
  context: AgentContext,
  { announcement, run, attempt }: SelectedRun & { readonly attempt: number },
  { code, message }: SecAggError,
): Promise<Transition> {
  context.releaseUser();
  context.tell({ type: 'refused', run, code, message });
  context.tell({ type: 'attempt-failed', run, attempt, code });
  await context.memory.update({ work: { phase: 'leaving', announcement, run, attempt } });
  return COMPLETE;
}

/** The participant is out of an attempt, through no fault of its own or with an error of the protocol. */
export async function outOfAttempt(
  context: AgentContext,
  work: SelectedRun & { readonly attempt: number; readonly spent: boolean },
  error: SecAggError | null,
): Promise<Transition> {
  const { announcement, run, attempt, spent } = work;
  context.releaseUser();
  context.tell({ type: 'attempt-failed', run, attempt, code: error?.code ?? null });
  await context.memory.update({ work: { phase: 'awaiting', announcement, run, attempt, spent } });
  return COMPLETE;
}
