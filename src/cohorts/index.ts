/**
 * Divides users into random cohorts, which every party can check, and adds the sums of the cohorts' sessions.
 *
 * @packageDocumentation
 * @module secagg/cohorts
 */
export { assignCohorts, type AssignmentTerms, type Cohort, type CohortOptions, type CohortRun, type Cohorts } from './cohorts.ts';
export { CohortSum, type CohortSumOptions, type CohortSumProgress, type FailedCohort } from './cohort-sum.ts';
export { enrolmentDigest, type CohortSessions, type EnrolmentTerms } from './enrolment.ts';
export type { SumVector } from '../masking/vector.ts';
export type { CohortResult } from './result.ts';
