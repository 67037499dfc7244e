// The entry point `secagg/cohorts`: divides users into random cohorts, which all parties can check, and adds up the sums of the
// cohorts' sessions.
export { assignCohorts, type AssignmentTerms, type Cohort, type CohortOptions, type CohortRun, type Cohorts } from './cohorts.ts';
export { CohortSum, type CohortSumOptions, type CohortSumProgress, type FailedCohort } from './cohort-sum.ts';
export { enrolmentDigest, type CohortSessions, type EnrolmentTerms } from './enrolment.ts';
export type { SumVector } from '../masking/vector.ts';
export type { CohortResult } from './result.ts';
