// What stands against one more participation: the budget, and inputs that were sent.
import { budgetFor, largestBudget, plannedEpsilon } from '../dp/ledger/cost-budget.ts';
import { Ledger } from '../dp/ledger/ledger.ts';
import type { AggregatePlan } from '../service/aggregate-plan.ts';
import { readAnnouncement } from '../service/announcement.ts';
import { ServiceError } from '../service/service-error.ts';
import { inputDigest, isSpent, type Enrolled, type Preparing } from './agent-state.ts';
import type { AgentContext } from './context.ts';
import { belowFloors, type PrivacyBudget } from './floors.ts';

/**
 * Whether one more participation, at its worst, is within the budget. The ledger keeps the budget that it began with: a lower one counts from
 * now on, with all that was spent before, and a higher one does not.
 */
export function requireBudget({ task: { shape }, floors: { privacy }, memory }: AgentContext): void {
  const { cost } = shape;
  if (privacy === null || cost === null) return;
  const { epsilon, delta, adjacency } = privacy;
  const state = memory.state.ledger;
  const ledger = ledgerOf(privacy, shape, state);
  if (ledger.terms.adjacency !== adjacency) throw belowFloors('a ledger of another adjacency');
  if (ledger.wouldExceed(cost) || (state !== null && ledger.wouldExceed(cost, { epsilon, delta })))
    throw belowFloors('the privacy budget is used up');
}

/** The participant's ledger. It begins with the first participation, and is only about participations in this task. */
export function ledgerOf(
  budget: PrivacyBudget,
  shape: Pick<AggregatePlan, 'cost' | 'worstEpsilon'>,
  state: Uint8Array | null,
): Ledger {
  return state === null ? newLedger(budget, shape) : Ledger.fromState(new TextDecoder().decode(state));
}

/**
 * A ledger in which as many participations fit as the budget allows. All of them cost the same, and the task is known before any result, so that
 * the order and the parts of δ may be those that are best for it.
 */
function newLedger(budget: PrivacyBudget, { cost, worstEpsilon }: Pick<AggregatePlan, 'cost' | 'worstEpsilon'>): Ledger {
  if (cost === null) return new Ledger(budget);
  const fitting = largestBudget(cost, budget);
  if (fitting !== null) return new Ledger(fitting);
  const { epsilon, delta } = budget;
  if (worstEpsilon(delta) > epsilon) return new Ledger(budget); // in which none fits
  // One participation keeps to the budget by its loss distribution, and not by its curve. The ledger takes it alone: from then on its curve is
  // more than the budget, by which requireBudget refuses all others.
  const byCurve = Math.max(epsilon, plannedEpsilon(cost, 1, delta));
  return new Ledger(budgetFor(cost, 1, { epsilon: byCurve, delta }) ?? budget);
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
