// The terms of the task: what is summed, among how many, and within which times.
import { privateMean, worstCostOf, type ReleaseCost } from 'secagg/dp';
import type { Aggregate, TaskDefinition } from 'secagg/service';
import { PrivacyAccount, type Budget } from '../mnist/privacy.ts';
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

/** The δ of every budget: less than one over the square of the number of participants. */
const DELTA = 1e-3;

/** What each participant may lose in all runs of a task; null without noise. */
export function budgetOf({ aggregate }: Pick<TaskDefinition, 'aggregate'>): Budget | null {
  if (aggregate.kind !== 'privateMean' || !('target' in aggregate)) return null;
  return { epsilon: aggregate.target.epsilon, delta: DELTA };
}

/** More than half of the largest session, so that no server that lies gets two sums of one session. */
export function groupOf({ companions }: ServiceOptions): TaskDefinition['group'] {
  const maxUsers = companions + MOST_VISITORS;
  const threshold = Math.floor((maxUsers + COLLUDERS) / 2) + 1;
  return { threshold, maxUsers, adversary: 'malicious', colluders: COLLUDERS, graph: null, cohorts: null };
}

/** The mean of the updates. The noise of all runs together must keep within the budget. */
export function aggregateOf({ epsilon, runs }: ServiceOptions, { threshold, maxUsers }: TaskDefinition['group']): Aggregate {
  if (epsilon === null) return { kind: 'mean', length: PARAMETERS, clippingRange: CLIP, rounding: 'nearest' };
  const target = new PrivacyAccount({ epsilon, delta: DELTA }, maxUsers).target(runs);
  return { kind: 'privateMean', length: PARAMETERS, threshold, colluders: COLLUDERS, l2Clip: CLIP, target };
}

/** What a run costs each participant at worst; null without noise. */
export function worstCostIn({ aggregate, group }: TaskDefinition): ReleaseCost | null {
  if (aggregate.kind !== 'privateMean') return null;
  const { kind, ...plan } = aggregate;
  return worstCostOf({ privateMean }[kind]({ ...plan, maxUsers: group.maxUsers }));
}

/** A run waits for visitors for a day. A page that is closed in a round, and opened again, has some seconds to answer. */
export function windowsOf({ patience }: ServiceOptions): TaskDefinition['windows'] {
  return {
    checkIn: { min: 6, max: 86_400, grace: 0 },
    training: { min: 1, max: 30, grace: 30 },
    round: { min: patience, max: patience + 14, grace: patience, enough: 80 },
  };
}
