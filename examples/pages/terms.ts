// The terms of the task: what is summed, among how many, and within which times.
import { budgetOf as budgetOfPlan, Ledger, privateMean, worstCostOf } from 'secagg/dp';
import type { Aggregate, TaskDefinition } from 'secagg/service';
import type { Budget } from '../mnist/privacy.ts';
import { CLIP, PARAMETERS } from './model.ts';

/** Participants that may tell the server their noise, so that it does not count. */
const COLLUDERS = 1;

/** Visitors that can be in a run at the same time, with their pages. */
export const MOST_VISITORS = 10;

export interface ServiceOptions {
  /** Participants that the server plays itself. */
  readonly companions: number;
  /** Visitors that a run waits for. */
  readonly visitors: number;
  /** Companions that drop out in each run. */
  readonly silent: number;
  /** Seconds for which a protocol round waits for participants that are missing. */
  readonly patience: number;
  /** After so many runs the training is over. */
  readonly runs: number;
  /** The ε of all runs together; null for exact sums, without noise. */
  readonly epsilon: number | null;
}

/** The δ of every budget: less than a tenth of one over the number of participants, who are 70 at most. */
const DELTA = 1e-3;

/** What each participant may lose in all runs of a task; null without noise. */
export function budgetOf({ aggregate }: Pick<TaskDefinition, 'aggregate'>): Budget | null {
  if (aggregate.kind !== 'privateMean' || !('target' in aggregate)) return null;
  const { epsilon, delta } = aggregate.target;
  return { epsilon, delta };
}

/** More than half of the largest session, so that no server that lies gets two sums of one session. */
export function groupOf({ companions }: ServiceOptions): TaskDefinition['group'] {
  const maxUsers = companions + MOST_VISITORS;
  const threshold = Math.floor((maxUsers + COLLUDERS) / 2) + 1;
  return { threshold, maxUsers, adversary: 'malicious', colluders: COLLUDERS, graph: null, cohorts: null };
}

/** A run goes on without visitors that leave before its rounds, but not without many of the server's own participants. */
export function leastOf(options: ServiceOptions): number {
  return Math.max(groupOf(options).threshold, options.companions);
}

/** The mean of the updates. The noise of all runs together must keep within the budget. */
export function aggregateOf({ epsilon, runs }: ServiceOptions, { threshold }: TaskDefinition['group']): Aggregate {
  if (epsilon === null) return { kind: 'mean', length: PARAMETERS, clippingRange: CLIP, rounding: 'nearest' };
  const target = { epsilon, delta: DELTA, releases: runs };
  return { kind: 'privateMean', length: PARAMETERS, threshold, colluders: COLLUDERS, l2Clip: CLIP, target };
}

/** How a run is summed with noise; null without. */
function noisedPlan({ aggregate, group }: TaskDefinition) {
  if (aggregate.kind !== 'privateMean') return null;
  const { kind, ...plan } = aggregate;
  return { privateMean }[kind]({ ...plan, maxUsers: group.maxUsers });
}

/** The account of a participant that has sent its part to so many runs, as its agent keeps it, and what one more run costs at worst; null without noise. */
function accountAfter(runs: number, definition: TaskDefinition) {
  const plan = noisedPlan(definition);
  if (plan === null) return null;
  const [ledger, cost] = [new Ledger(budgetOfPlan(plan)), worstCostOf(plan)];
  for (let run = 0; run < runs; run++) ledger.reserve({ id: `run ${run}`, ...cost });
  return { ledger, cost };
}

/** The ε that so many runs have cost; null without noise. */
export function spentAfter(runs: number, definition: TaskDefinition): number | null {
  return accountAfter(runs, definition)?.ledger.spent().epsilon ?? null;
}

/** Whether the budget is too small for one more run after so many. */
export function isUsedUp(runs: number, definition: TaskDefinition): boolean {
  const account = accountAfter(runs, definition);
  return account?.ledger.wouldExceed(account.cost) === true;
}

/**
 * A run waits for visitors for a day. Its rounds begin at once when all are ready, and else after some seconds without those that are not. A
 * page that is closed in a round, and opened again, has some seconds to answer.
 */
export function windowsOf({ patience }: ServiceOptions): TaskDefinition['windows'] {
  return {
    checkIn: { min: 6, max: 86_400, grace: 0 },
    training: { min: 10, max: 30, grace: 30 },
    round: { min: patience, max: patience + 14, grace: patience, enough: 80 },
  };
}
