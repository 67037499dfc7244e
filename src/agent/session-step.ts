// The five rounds of the protocol, as an agent plays them: answer, write down, send.
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { SecAggError } from '../leaves/errors.ts';
import { concat, utf8 } from '../leaves/bytes.ts';
import type { InSession } from './agent-state.ts';
import type { Answer } from './connection.ts';
import type { AgentContext, RunningUser } from './context.ts';
import { round0Msg } from '../user/start.ts';
import { UserWrapper } from '../user/user-wrapper.ts';
import { COMPLETE, retryAfter, type Transition } from '../participation/stepper.ts';
import { isSpent } from './agent-state.ts';
import { ledgerOf } from './limits.ts';
import { askForNeighbors, meetNeighbors } from './neighbors.ts';
import { done, forget, outOfAttempt, PASSING, passive, refuseAttempt, waitFor } from './transitions.ts';

/** One step of the session: sends the last answer, or asks for the next message and answers it. */
export async function playRound(context: AgentContext, work: InSession, signal?: PlatformSignal): Promise<Transition> {
  const running = (context.user ??= { user: UserWrapper.fromState(work.user), outgoing: null, delivered: -1, refusals: 0 });
  const { announcement, run, attempt } = work;
  const isDelivered = running.delivered === work.answered;
  // After a restart nobody knows whether the last answer has arrived. If the next message is there, it has, or it is too late for it.
  if (!isDelivered && (running.outgoing !== null || work.answered === 4)) return deliver(context, work, running, signal);
  if (work.answered === 4) {
    context.releaseUser();
    await context.memory.update({ work: { phase: 'awaiting', announcement, run, attempt, spent: true } });
    return COMPLETE;
  }
  const round = work.answered + 1;
  const answer = await context.connection.ask({ kind: 'next', place: { run, attempt, round } }, context.longestMessage, signal);
  const spent = work.answered >= 2;
  if (answer.kind === 'message') {
    if (answer.place.round !== round) return waitFor(context, answer);
    if (round === 1 && running.user.progress().needsPublicKeys) return meet(context, work, running, answer.body, signal);
    return reply(context, work, running, answer.body);
  }
  if (answer.kind === 'roster' || answer.kind === 'run') return over(context, work, null);
  if (answer.kind === 'outcome') return done(context, { ...work, spent }, answer);
  if (answer.kind === 'wait' && !isDelivered) return deliver(context, work, running, signal);
  return answer.code === 'ERR_SECAGG_RUN' ? forget(context, { ...work, spent }) : passive(context, answer);
}

/** On a sparse graph: the user gets the keys of its neighbors, who are in the message of round 1, which it answers in the next step. */
async function meet(
  context: AgentContext,
  work: InSession,
  { user }: RunningUser,
  message: Uint8Array,
  signal?: PlatformSignal,
): Promise<Transition> {
  let ids: number[];
  try {
    ids = user.idsInDirectory(message).sort((a, b) => a - b);
  } catch (error) {
    return refused(context, work, error);
  }
  const answer = await askForNeighbors(context, work, ids, signal);
  if (answer.kind === 'outcome') return done(context, { ...work, spent: false }, answer);
  if (answer.kind === 'wait' || PASSING.has(answer.code)) return waitFor(context, answer);
  if (answer.kind !== 'roster' || answer.place.attempt !== work.attempt) return over(context, work, null);
  let revocationNumber: number;
  try {
    revocationNumber = await meetNeighbors(context, work, { user, ids, excerpt: answer.body }, signal);
  } catch (error) {
    return refused(context, work, error);
  }
  // Before anything depends on the keys.
  const { memory } = context;
  await memory.update({
    work: { ...work, user: user.serializeState() },
    history: { ...memory.state.history, revocationNumber },
  });
  return COMPLETE;
}

/** The participant refuses its neighbors. */
async function refused(context: AgentContext, { announcement, run, attempt }: InSession, error: unknown): Promise<Transition> {
  if (!(error instanceof SecAggError)) throw error;
  return refuseAttempt(context, { announcement, run, attempt }, error);
}

/** Answers the server's message of the next round. What the answer gives away is written down before it leaves. */
async function reply(context: AgentContext, work: InSession, running: RunningUser, message: Uint8Array): Promise<Transition> {
  const { memory } = context;
  const round = work.answered + 1;
  const outgoing = await answerTo(message, running.user);
  if (outgoing instanceof SecAggError) return over(context, work, outgoing);
  const next: InSession = { ...work, user: running.user.serializeState(), answered: round };
  await memory.update(round === 2 ? { work: next, ...spending(context, work) } : { work: next });
  running.outgoing = outgoing;
  return COMPLETE;
}

/** The user's answer to a message of the server; the error if the message has ended its session. */
async function answerTo(message: Uint8Array, user: UserWrapper): Promise<Uint8Array | SecAggError> {
  try {
    return await user.round(message);
  } catch (error) {
    if (error instanceof SecAggError && user.progress().error !== null) return error;
    throw error;
  }
}

/** What is written down together with the answer of round 2: the input is spent, and its privacy is paid. */
function spending(
  context: AgentContext,
  { input, run, attempt }: InSession,
): Pick<AgentContext['memory']['state'], 'spent' | 'ledger' | 'history'> {
  const { memory, floors, task } = context;
  const { state } = memory;
  const { history } = state;
  const { cost } = task.shape;
  let { ledger } = state;
  if (floors.privacy !== null && cost !== null) {
    const book = ledgerOf(floors.privacy, task.shape, ledger);
    const id = `${task.id}/${run}/${attempt}`;
    book.reserve({ id, ...cost });
    book.sent(id); // charged at its worst, and never given back
    ledger = utf8(book.serializeState());
  }
  return {
    spent: isSpent(state, input) ? state.spent : concat([state.spent, input]),
    ledger,
    history: { ...history, participations: history.participations + 1, lastParticipation: context.now() },
  };
}

/** Sends the last answer. After a restart it is made again: the same message gives the same answer. */
async function deliver(
  context: AgentContext,
  work: InSession,
  running: RunningUser,
  signal?: PlatformSignal,
): Promise<Transition> {
  const { run, attempt, answered } = work;
  const place = { run, attempt, round: answered };
  if (running.outgoing === null) {
    if (answered === 0) running.outgoing = await running.user.round(round0Msg());
    else {
      const answer = await context.connection.ask({ kind: 'next', place }, context.longestMessage, signal);
      if (answer.kind === 'outcome') return done(context, { ...work, spent: answered >= 2 }, answer);
      const isPassing = answer.kind === 'wait' || (answer.kind === 'refused' && PASSING.has(answer.code));
      if (isPassing) return waitFor(context, answer);
      if (answer.kind !== 'message') return over(context, work, null);
      const outgoing = await answerTo(answer.body, running.user);
      if (outgoing instanceof SecAggError) return over(context, work, outgoing); // another message than the one it has answered
      running.outgoing = outgoing;
    }
  }
  const response = await context.connection.upload({ kind: 'answer', place, body: running.outgoing }, signal);
  if (response.kind === 'refused') {
    if (PASSING.has(response.code)) return waitToDeliver(context, running, response);
    context.tell({
      type: 'refused',
      run,
      code: response.code,
      message: `the coordinator refuses the answer of round ${answered}`,
    });
    return over(context, work, null);
  }
  running.outgoing = null;
  running.delivered = answered;
  running.refusals = 0;
  context.tell({ type: 'sent', run, attempt, round: answered });
  return COMPLETE;
}

/** An answer may be long: it is sent again later and later, whatever the coordinator says. */
function waitToDeliver(context: AgentContext, running: RunningUser, response: Pick<Answer, 'wait'>): Transition {
  const least = retryAfter(running.refusals++, context.random);
  const { from, to } = response.wait;
  return waitFor(context, { wait: { from: Math.max(from, least), to } });
}

/** The attempt is over for this participant. */
function over(context: AgentContext, work: InSession, error: SecAggError | null): Promise<Transition> {
  const { announcement, run, attempt, answered } = work;
  return outOfAttempt(context, { announcement, run, attempt, spent: answered >= 2 }, error);
}
