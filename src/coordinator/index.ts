/**
 * The server of a running service: tasks, runs and attempts, over any transport.
 *
 * @packageDocumentation
 * @module secagg/coordinator
 */
export { Coordinator } from './coordinator.ts';
export type { CoordinatorOptions } from './options.ts';
export type { CoordinatorEvent } from './events.ts';
export { developmentService, type DevelopmentOptions, type DevelopmentService } from './development.ts';
export { MemoryCoordinatorStore } from './memory-store.ts';
export type { FailedRun, FinishedRun, Outcome } from './outcome.ts';
export type { Stage } from './decide.ts';
export type {
  Attempt,
  AttemptParts,
  Counts,
  Participant,
  ParticipantStatus,
  RunEnd,
  RunEnding,
  RunKey,
  RunRecord,
  SessionEnd,
  SessionKey,
  NewSession,
  SessionRecord,
} from './run-record.ts';
export type { HostedSession, SessionHost } from './session-host.ts';
export type { CoordinatorStore, LastRequest } from './store.ts';
export type { Payload } from '../service/announcement.ts';
export type { Attendance } from '../leaves/progress.ts';
export type { ConsistencyEvidence, DirectoryLine } from '../server/evidence.ts';
