// The entry point `secagg/postgres`: durable sessions and users' states in PostgreSQL.
export { PostgresSessions, type NewSession, type PostgresSessionsOptions } from './sessions.ts';
export { PostgresUsers, type PostgresUsersOptions } from './users.ts';
export type { DatabaseOptions } from './database.ts';
export type { PoolConnection, PostgresPool } from './pool.ts';
export type { SessionProgress } from './session-progress.ts';
export type { SessionStatus } from './session-status.ts';
export type { Swept } from './sweep.ts';
