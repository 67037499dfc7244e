// Where a stored session stands, by what is durable.
import type { ServerProgress } from '../leaves/progress.ts';
import type { ServerWrapper } from '../server/server-wrapper.ts';
import { hearOthers, recoverSession } from './recovered-session.ts';
import { requireLive, type SessionStatus } from './session-status.ts';
import type { Query } from './statement.ts';
import * as sql from './statements.ts';

/** Where a session stands. */
export interface SessionProgress extends ServerProgress {
  /** Whether the session goes on, and if not, why. */
  readonly status: SessionStatus;
  /** When the session's time is over; null for a session without a limit. */
  readonly expiresAt: Date | null;
  /** Why the application aborted the session; else null. */
  readonly reason: string | null;
}

/** Progress of a session whose state was dropped. */
const NOTHING: ServerProgress = {
  round: null,
  revision: 0,
  heard: [],
  missing: [],
  needed: 0,
  ready: false,
  dropped: [],
  included: null,
  colludersBorne: null,
  error: null,
};

export async function readProgress(query: Query, sessionId: string): Promise<SessionProgress> {
  // Nobody closes the round while this lock is held, so that the session and its messages belong together.
  await query(sql.lockToHear, [sessionId]);
  const [row] = await query(sql.readSession, [sessionId]);
  const more = { expiresAt: row?.expires_at ?? null, reason: row?.reason ?? null };
  if (row?.state === null) return { ...NOTHING, ...more, status: row.status };
  // Until a sweep drops it, an expired session still has its state.
  const session = recoverSession(requireLive(row && { ...row, expired: false }, sessionId), sessionId);
  const { status, round, server } = session;
  if (status !== 'collecting') return { ...server.progress(), ...more, status };
  // Whether there are enough users depends in round 4 on what they answered, and in other rounds on who they are.
  if (round === 4) await hearOthers(query, session);
  const rows = await query(sql.usersHeard, [sessionId, round]);
  const heard = rows.map(({ user_id: user }) => user);
  return { ...progressWith(server, heard), ...more, status: row?.expired === true ? 'expired' : status };
}

/** The server's progress as if it had heard these users. */
function progressWith(server: ServerWrapper, heard: readonly number[]): ServerProgress {
  const progress = server.progress();
  const spoken = new Set(heard);
  return {
    ...progress,
    revision: progress.revision + heard.length - progress.heard.length,
    heard,
    missing: progress.missing.filter((user) => !spoken.has(user)),
    ready: progress.round === 4 ? progress.ready : server.readyWith(heard),
  };
}
