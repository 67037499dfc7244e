// A row of the table of sessions, and what an application is told where the session cannot go on.
import { platform } from '#platform';
import { UsageError } from '../leaves/errors.ts';
import type { ServerOptions } from '../server/options.ts';
import { ServerWrapper } from '../server/server-wrapper.ts';
import { joinState } from './bulk.ts';
import type { Database } from './database.ts';
import type { Query, Row } from './pool.ts';

/** Where a session of the store stands. */
export type SessionStatus = 'collecting' | 'finished' | 'failed' | 'aborted' | 'expired';

/** A session whose state is there: neither aborted nor expired. */
export interface Standing {
  readonly status: 'collecting' | 'finished' | 'failed';
  readonly round: number;
}

/** What a row says. @throws UsageError where there is none, or where the session was aborted or has expired. */
export function standingOf(row: Row | undefined, sessionId: string): Standing {
  if (row === undefined) {
    const text = `session ${sessionId}: not there; it was never created, or it was removed`;
    throw new UsageError('ERR_SECAGG_UNKNOWN_SESSION', text);
  }
  const status = row.status as SessionStatus;
  if (status === 'aborted') {
    throw new UsageError('ERR_SECAGG_ABORTED', `session ${sessionId}: aborted: ${String(row.reason)}; create another one`);
  }
  if (status === 'expired' || row.expired === true) {
    throw new UsageError('ERR_SECAGG_EXPIRED', `session ${sessionId}: its time is over; create another one`);
  }
  return { status, round: Number(row.round) };
}

/** A copy of a session: the state at the start of the round, or at the end, and maybe some messages of the round. */
export interface Copy extends Standing {
  readonly server: ServerWrapper;
  /** SHA-256 of the row's bulk: what has not changed is not written again. */
  readonly bulkDigest: Uint8Array;
}

/** As the row is. */
export interface Loaded extends Copy {
  /** Characters of the state's text. */
  readonly size: number;
}

export async function loadSession(
  { sql }: Database,
  query: Query,
  sessionId: string,
  options: Pick<ServerOptions, 'listener'> = {},
): Promise<Loaded> {
  const [row] = await query(sql.readSession, [sessionId]);
  return recoverSession(row, sessionId, options);
}

/** From the whole row. */
export function recoverSession(row: Row | undefined, sessionId: string, options: Pick<ServerOptions, 'listener'> = {}): Loaded {
  const standing = standingOf(row, sessionId);
  const bulk = row?.bulk as Uint8Array;
  const state = joinState(row?.state as string, bulk);
  const server = ServerWrapper.fromState(state, options);
  return { ...standing, bulkDigest: platform.sha256([bulk]), size: state.length, server };
}

/** Ends in the error that a failed session reports. */
export async function requireAlive({ status, server }: Pick<Loaded, 'status' | 'server'>): Promise<void> {
  if (status === 'failed') await server.round();
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws TypeError; UsageError ERR_SECAGG_UNKNOWN_SESSION where no session has such an id. */
export function requireSessionId(id: unknown): string {
  if (typeof id !== 'string') throw new TypeError(`id: expected a string, got ${typeof id}`);
  if (!UUID.test(id)) throw new UsageError('ERR_SECAGG_UNKNOWN_SESSION', 'id: expected the uuid that create() gave');
  return id.toLowerCase();
}
