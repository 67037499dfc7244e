// The status of a stored session, and what a caller is told if the session cannot go on.
import { checkString } from '../leaves/checks.ts';
import { UsageError } from '../leaves/errors.ts';

/**
 * The status of a stored session.
 *
 * - `'collecting'`: the session goes on.
 * - `'finished'`: it has its sum.
 * - `'failed'`: an error of the protocol has ended it.
 * - `'aborted'`: the application has ended it.
 * - `'expired'`: its time is over.
 */
export type SessionStatus = 'collecting' | 'finished' | 'failed' | 'aborted' | 'expired';

export const SESSION_STATUSES: readonly SessionStatus[] = ['collecting', 'finished', 'failed', 'aborted', 'expired'];

/** The columns of a session that tell whether it can go on. */
export interface StatusRow {
  readonly status: SessionStatus;
  readonly round: number;
  /** Why the application aborted the session; else null. */
  readonly reason: string | null;
  /** Whether its time is over, by the database's clock, although no sweep has dropped it yet. */
  readonly expired: boolean;
}

/** Status and round of a session that was not aborted and has not expired: its state is stored. */
export interface LiveSession {
  readonly status: Exclude<SessionStatus, 'aborted' | 'expired'>;
  readonly round: number;
}

/** Whether a session has rows that calls may look for: nobody has begun to delete them. */
export function isThere(row: Pick<StatusRow, 'status'> | undefined): boolean {
  return row !== undefined && row.status !== 'aborted' && row.status !== 'expired';
}

/**
 * The row of a live session.
 *
 * @throws UsageError if there is no such session, if it was aborted, or if it has expired.
 */
export function requireLive<Row extends StatusRow>(row: Row | undefined, sessionId: string): Row & LiveSession {
  if (row === undefined) {
    const text = `session ${sessionId}: unknown; it was never created, or it was removed`;
    throw new UsageError('ERR_SECAGG_UNKNOWN_SESSION', text);
  }
  const { status, reason, expired } = row;
  if (status === 'aborted') {
    throw new UsageError('ERR_SECAGG_ABORTED', `session ${sessionId}: aborted: ${reason ?? ''}; create another one`);
  }
  if (status === 'expired' || expired) {
    throw new UsageError('ERR_SECAGG_EXPIRED', `session ${sessionId}: expired; create another one`);
  }
  return { ...row, status };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws TypeError; UsageError ERR_SECAGG_UNKNOWN_SESSION if no session can have such an id. */
export function checkSessionId(id: unknown): string {
  const sessionId = checkString(id, 'id');
  if (!UUID.test(sessionId)) throw new UsageError('ERR_SECAGG_UNKNOWN_SESSION', 'id: expected the uuid that create() gave');
  return sessionId.toLowerCase();
}
