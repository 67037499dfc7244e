// The participant learns who is in its session, looks at every certificate itself, and begins.
import { copyOf, equalBytes } from '../leaves/bytes.ts';
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { SecAggError } from '../leaves/errors.ts';
import { at } from '../leaves/lists.ts';
import { sessionPlan } from '../service/attempt-plan.ts';
import { publicKeysOf, requireValidRoster, type Roster } from '../service/certified-users.ts';
import { ServiceError } from '../service/service-error.ts';
import { round0Msg } from '../user/start.ts';
import { UserWrapper } from '../user/user-wrapper.ts';
import type { Enrolled, Preparing } from './agent-state.ts';
import type { Answer } from './connection.ts';
import type { AgentContext } from './context.ts';
import { drawOf } from './draw.ts';
import { belowFloors } from './floors.ts';
import { digestOfInput, requireAttempt, requireBudget, requireUnspent } from './limits.ts';
import { COMPLETE, outOfAttempt, waitAfterRefusal, waitFor, type Transition } from './transitions.ts';

/** By how much the clocks of registrar and participant may differ, in seconds. */
const CLOCK_SKEW = 300;

/** Begins the session of an attempt: the input is claimed for it, with its encoded vector, before anything is sent. */
export async function enrol(
  context: AgentContext,
  work: Preparing | Enrolled,
  answer: Answer,
  signal?: PlatformSignal,
): Promise<Transition> {
  const { task, id, keypair, floors, memory, loaded } = context;
  const { attempt } = answer.place;
  const { announcement, run } = work;
  try {
    if (loaded === null) throw new ServiceError('ERR_SECAGG_RESPONSE', 'coordinator: a session before the input is loaded');
    requireAttempt(context, work, attempt);
    requireUnspent(context, loaded.id);
    requireBudget(context);
    const roster = await acceptable(context, answer.body, signal);
    const { certificates, revocations } = roster;
    const draw = await drawOf(context, work, { certificates, attempt }, signal);
    if (draw === 'early') return waitFor(context, answer);
    const { name: session, plan } = sessionPlan(task, { announcement, attempt, certificates }, draw);
    const { threshold, adversary, colluders } = task.definition.group;
    const place = { slot: certificates.findIndex((certificate) => certificate.id === id), seed: session };
    const { vector } = plan.encode(loaded.data, {
      ...(plan.takesWeight && { weight: loaded.weight }),
      ...(plan.takesPlace && { place }),
    });
    const user = new UserWrapper(id, threshold, ...keypair, vector, publicKeysOf(roster), {
      ...plan.options,
      ...{ adversary, colluders, minHonest: floors.group.minHonest, maxUsers: certificates.length },
    });
    const outgoing = await user.round(round0Msg());
    const input = digestOfInput(context, loaded.id);
    await memory.update({
      work: { phase: 'session', announcement, run, attempt, input, user: user.serializeState(), answered: 0 },
      history: { ...memory.state.history, revocationNumber: revocations.number },
    });
    context.user = { user, outgoing, delivered: -1 };
    context.tell({ type: 'enrolled', run, attempt, users: certificates.length });
    return COMPLETE;
  } catch (error) {
    if (!(error instanceof SecAggError)) throw error;
    context.tell({ type: 'refused', run, code: error.code, message: error.message });
    // An attempt that was drawn is over, whichever one the coordinator names: it gets one draw for each.
    const before = work.phase === 'enrolled' ? work.drawn : work.attempt;
    const last = Math.min(Math.max(attempt, before), task.definition.attempts);
    await outOfAttempt(context, { announcement, run, attempt: last, spent: false }, error);
    return waitAfterRefusal(context);
  }
}

/** A roster that holds and keeps the floors, with the participant itself in it. */
async function acceptable(context: AgentContext, bytes: Uint8Array, signal?: PlatformSignal): Promise<Roster> {
  const { floors, task, id, memory } = context;
  const { registrar: authority, maxRevocationAge, maxCertificateAge } = floors.keys;
  const now = context.now();
  const { maxUsers } = task.definition.group;
  const roster = await requireValidRoster(bytes, { authority, now, clockSkew: CLOCK_SKEW, maxRevocationAge, maxUsers });
  const { certificates, revocations } = roster;
  if (revocations.number < memory.state.history.revocationNumber) throw belowFloors('an older revocation list than before');
  if (certificates.some(({ validFrom }) => validFrom < now - maxCertificateAge - CLOCK_SKEW))
    throw belowFloors('an old certificate');
  if (certificates.length < floors.group.minEnrolled || certificates.length < task.definition.minUsers) {
    throw belowFloors(`a session of ${certificates.length} participants`);
  }
  const own = certificates.findIndex((certificate) => certificate.id === id);
  // By key: the certificate may have been renewed since the participant checked in.
  if (own === -1 || !equalBytes(at(certificates, own).publicKey, context.keypair[0])) {
    throw belowFloors('a session without the participant itself');
  }
  const keys = certificates.map(({ id: user, publicKey, serial }) => ({ id: user, publicKey: copyOf(publicKey), serial }));
  const isVerified = await context.verifyKeys(keys, signal === undefined ? {} : { signal });
  if (!isVerified) throw belowFloors('a key that verifyKeys does not confirm');
  return roster;
}
