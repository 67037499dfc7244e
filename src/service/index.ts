/**
 * What the parties of a running service have in common: tasks, who may take part, which runs there are, and proofs for auditors.
 *
 * @packageDocumentation
 * @module secagg/service
 */
export type { PlatformSignal, PlatformWithSignals } from '../leaves/platform-signal.ts';
export type { Clock } from './clock.ts';
export type {
  Aggregate,
  Apart,
  CombinedAggregate,
  EncodedAggregate,
  IntegersAggregate,
  OptionsOf,
  ScalarAggregate,
  ScalarPlans,
  SumAggregate,
  SumBounds,
  ValueAggregate,
  ValuePlans,
} from './aggregate-kinds.ts';
export type { Authority, Certificate } from './certificate.ts';
export { certificateRequest } from './certificate-request.ts';
export type { DevelopmentIntroduction } from './development.ts';
export type { Exchange } from './exchange.ts';
export type { Keypair } from './keypair.ts';
export { Publisher, type PayloadToAnnounce, type RunToAnnounce } from './publisher.ts';
export { Registrar, type RegistrarOptions } from './registrar.ts';
export type { Draw } from './attempt-plan.ts';
export { maxRequestBytes } from './request.ts';
export { verifyCertificate, type AuditTerms, type VerifiedRun } from './run-certificate.ts';
export { registrarSeeds, type RegistrarSeedOptions, type SeedSource } from './seeds.ts';
export { ServiceError } from './service-error.ts';
export type { CohortTerms, Group, SparseTerms } from './group.ts';
export { Task, type TaskDefinition } from './task.ts';
export type { RoundWindow, Window } from './window.ts';
