/**
 * Keeps sessions of servers and states of users in PostgreSQL.
 *
 * @packageDocumentation
 * @module secagg/postgres
 */
export { PostgresCoordinatorStore } from './coordinator-store.ts';
export { PostgresPetCoordinator, type PostgresPetOptions } from './pet-coordinator.ts';
export { PostgresSessionHost } from './session-host.ts';
export { PostgresSessions, type CreateOptions, type PostgresSessionsOptions, type SweepOptions } from './sessions.ts';
export type { NewSession } from './new-session.ts';
export type { ListedSession, ListOptions } from './session-list.ts';
export { PostgresUsers, type PostgresUsersOptions } from './users.ts';
export type { ClosedRound } from './closing.ts';
export type { DatabaseOptions } from './database.ts';
export type { NextMessage } from './outgoing.ts';
export { SESSION_CRONTAB, sessionTasks, type JobHelpers, type JobTask } from './job-tasks.ts';
export type { StoreEvent } from './events.ts';
export type { PoolConnection, PoolQuery, PoolResult, PostgresPool } from './pool.ts';
export type { SessionProgress } from './session-progress.ts';
export type { SessionStatus } from './session-status.ts';
export type { Swept } from './sweep.ts';
