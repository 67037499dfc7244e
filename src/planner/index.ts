/**
 * Chooses graph, thresholds and cohorts for a number of users, and says what they bear and cost. Pure arithmetic, which knows
 * of the rounds only how long their messages are.
 *
 * @packageDocumentation
 * @module secagg/planner
 */
export type { Bound } from './bounds.ts';
export type { ServerWork, UserWork } from './cost.ts';
export type { PlanReason, ThresholdRange } from './design.ts';
export {
  plan,
  type CohortsPlan,
  type CompletePlan,
  type Plan,
  type PlannedSession,
  type PlanOf,
  type SparsePlan,
} from './plan.ts';
export { PlanError } from './refusal.ts';
export type { GraphKind, PlanRequest, ResolvedRequest } from './request.ts';
