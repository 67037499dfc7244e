// The entry point `secagg/postgres`: durable sessions and users' states in PostgreSQL.
export { PostgresSessions, type NewSession, type SessionProgress, type Swept } from './sessions.ts';
export { PostgresUsers } from './users.ts';
export type { SessionStatus } from './session-row.ts';
export type { PoolConnection, PostgresPool } from './pool.ts';
