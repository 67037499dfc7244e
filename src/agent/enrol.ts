// The participant learns who is in its session, looks at the certificates itself, and begins.
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { SecAggError } from '../leaves/errors.ts';
import { at } from '../leaves/lists.ts';
import { sessionPlan } from '../service/attempt-plan.ts';
import { publicKeysOf } from '../service/certified-users.ts';
import { ServiceError } from '../service/service-error.ts';
import { round0Msg } from '../user/start.ts';
import { UserWrapper } from '../user/user-wrapper.ts';
import { COMPLETE, type Transition } from '../participation/stepper.ts';
import { requireAcceptable } from './acceptable-roster.ts';
import type { Enrolled, Preparing } from './agent-state.ts';
import type { Answer } from './connection.ts';
import type { AgentContext } from './context.ts';
import { drawOf } from './draw.ts';
import { belowFloors, requireDrawsLeft, securityOfSession } from './floors.ts';
import { fitting, type LoadedInput } from './inputs.ts';
import { digestOfInput, requireAttempt, requireBudget, requireUnspent } from './limits.ts';
import { refuseAttempt, waitFor } from './transitions.ts';

/** A session that the participant accepts. */
interface Begun {
  readonly user: UserWrapper;
  /** Its message of round 0. */
  readonly outgoing: Uint8Array;
  readonly users: number;
  /** Number of the revocation list by which the certificates are valid. */
  readonly revocationNumber: number;
}

/** Begins the session of an attempt: the input is claimed for it, with its encoded vector, before anything is sent. */
export async function enrol(
  context: AgentContext,
  work: Preparing | Enrolled,
  answer: Answer,
  signal?: PlatformSignal,
): Promise<Transition> {
  const { task, memory, loaded } = context;
  const { attempt } = answer.place;
  const { announcement, run } = work;
  let begun: Begun | 'early';
  let input: Uint8Array;
  try {
    if (loaded === null) throw new ServiceError('ERR_SECAGG_RESPONSE', 'coordinator: a session before the input is loaded');
    input = digestOfInput(context, loaded.id);
    begun = await accept(context, work, { answer, loaded }, signal);
  } catch (error) {
    if (!(error instanceof SecAggError)) throw error;
    // An attempt that was drawn is over, whichever one the coordinator names: it gets one draw for each.
    const before = work.phase === 'enrolled' ? work.drawn : work.attempt;
    const last = Math.min(Math.max(attempt, before), task.definition.attempts);
    return refuseAttempt(context, { announcement, run, attempt: last }, error);
  }
  if (begun === 'early') return waitFor(context, answer);
  const { user, outgoing, users, revocationNumber } = begun;
  const { history } = memory.state;
  const draws = history.draws + (task.definition.group.graph === null ? 0 : 1); // that of cohorts was counted before
  await memory.update({
    work: { phase: 'session', announcement, run, attempt, input, user: user.serializeState(), answered: 0 },
    history: { ...history, draws, revocationNumber },
  });
  context.user = { user, outgoing, delivered: -1, refusals: 0 };
  context.tell({ type: 'enrolled', run, attempt, users });
  return COMPLETE;
}

/**
 * Looks at what the coordinator says of the session, and makes its user.
 *
 * @returns `'early'` if the seed of its cohort is still to come.
 * @throws SecAggError if the participant takes no part in it; UnfitInput.
 */
async function accept(
  context: AgentContext,
  work: Preparing | Enrolled,
  { answer, loaded }: { readonly answer: Answer; readonly loaded: LoadedInput },
  signal?: PlatformSignal,
): Promise<Begun | 'early'> {
  const { task, id, keypair, floors, memory } = context;
  const { attempt } = answer.place;
  const { announcement } = work;
  const { graph, threshold, adversary, colluders } = task.definition.group;
  requireAttempt(context, work, attempt);
  requireUnspent(context, loaded.id);
  requireBudget(context);
  if (graph !== null) requireDrawsLeft(floors, task, memory.state.history);
  const roster = await requireAcceptable(context, answer.body, signal);
  const { users, certificates, places, revocations } = roster;
  if (graph === null && certificates.length < users) throw belowFloors('a session whose certificates are not all there');
  const draw = await drawOf(context, work, { certificates, attempt }, signal);
  if (draw === 'early') return 'early';
  const { name: session, plan } = sessionPlan(task, { announcement, attempt, roster }, draw);
  const own = certificates.findIndex((certificate) => certificate.id === id);
  const place = { slot: at(places, own), seed: session };
  const { data, weight } = loaded;
  const { vector } = fitting(() => plan.encode(data, { ...(plan.takesWeight && { weight }), ...(plan.takesPlace && { place }) }));
  // On a sparse graph its neighbors are still to be drawn, and it needs the keys of no others.
  const publicKeys = graph === null ? publicKeysOf(roster) : null;
  const user = new UserWrapper(id, threshold, ...keypair, null, publicKeys, {
    ...plan.options,
    vecLen: plan.vecLen,
    ...{ adversary, colluders, minHonest: floors.group.minHonest, maxUsers: users },
    ...(graph !== null && { security: securityOfSession(floors, task.definition) }),
  });
  user.setVector(vector, { transfer: true });
  return { user, outgoing: await user.round(round0Msg()), users, revocationNumber: revocations.number };
}
