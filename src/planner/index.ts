// The entry point `secagg/planner`: graph, thresholds and cohorts for a number of users, with what they bear and cost. Pure
// arithmetic, which knows nothing of the rounds except the lengths of their messages.
export type { Bound } from './bounds.ts';
export type { ServerWork, UserWork } from './cost.ts';
export type { PlanReason, ThresholdRange } from './design.ts';
export { plan, type CohortsPlan, type CompletePlan, type Plan, type PlannedSession, type SparsePlan } from './plan.ts';
export { PlanError } from './refusal.ts';
export type { GraphKind, PlanRequest, ResolvedRequest } from './request.ts';
