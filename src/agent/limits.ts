// What stands against one more participation: the budget, and inputs that were sent.
import { Ledger } from '../dp/ledger/ledger.ts';
import { readAnnouncement } from '../service/announcement.ts';
import { ServiceError } from '../service/service-error.ts';
import { inputDigest, isSpent, type Enrolled, type Preparing } from './agent-state.ts';
import type { AgentContext } from './context.ts';
import { belowFloors, type PrivacyBudget } from './floors.ts';

/**
 * Whether one more participation, at its worst, is within the budget. The ledger keeps the budget that it began with: a lower one counts from
 * now on, with all that was spent before, and a higher one does not.
 */
export function requireBudget({ task, floors: { privacy }, memory }: AgentContext): void {
  const { cost } = task.shape;
  if (privacy === null || cost === null) return;
  const { epsilon, delta, adjacency } = privacy;
  const ledger = ledgerOf(privacy, memory.state.ledger);
  if (ledger.terms.adjacency !== adjacency) throw belowFloors('a ledger of another adjacency');
  if (ledger.wouldExceed(cost) || ledger.wouldExceed(cost, { epsilon, delta }))
    throw belowFloors('the privacy budget is used up');
}

/** The participant's ledger. */
export function ledgerOf(budget: PrivacyBudget, state: Uint8Array | null): Ledger {
  return state === null ? new Ledger(budget) : Ledger.fromState(new TextDecoder().decode(state));
}

/** What an input is known by. */
export function digestOfInput({ source }: AgentContext, id: string): Uint8Array {
  return inputDigest(source, id);
}

/** @throws ServiceError ERR_SECAGG_SPENT if an input was sent before. */
export function requireUnspent(context: AgentContext, id: string): void {
  if (isSpent(context.memory.state, digestOfInput(context, id))) {
    throw new ServiceError('ERR_SECAGG_SPENT', 'the input was sent before; another one is needed');
  }
}

/** A new attempt, of which there are as many as the task says: each is one more draw of who is in the session. */
export function requireAttempt(context: AgentContext, work: Preparing | Enrolled, attempt: number): void {
  const { attempts } = context.task.definition;
  if (attempt <= work.attempt) throw belowFloors(`attempt ${attempt} after attempt ${work.attempt}`);
  if (attempt > attempts) throw belowFloors(`attempt ${attempt} of ${attempts}`);
  if (readAnnouncement(work.announcement).expires <= context.now()) throw belowFloors('a run that has expired');
}
