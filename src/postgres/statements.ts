// Every statement about the rows of sessions, except those of lists. $1 is the session wherever there is one; the statements with which
// sweep() and recover() look for sessions have none, and read one page of one index.
import { timeIn } from './clock.ts';
import {
  CREATED,
  EXPIRED,
  MOMENT,
  MOMENT_COLUMNS,
  SESSION,
  SESSION_COLUMNS,
  secondsOf,
  STATUS,
  type MomentRow,
  type SessionRow,
} from './session-columns.ts';
import type { StatusRow } from './session-status.ts';
import { integer, statement, text, type Columns, type Statement } from './statement.ts';

const SESSION_ID: Columns<SessionIdRow> = { session_id: text };

interface SessionIdRow {
  readonly session_id: string;
}

export const createSession: Statement<SessionIdRow> = statement(
  `
  insert into :schema.sessions (session_id, brief, registered, roster, expires_at)
  values ($1::uuid, $2::jsonb, $3::integer, $4::bytea, ${timeIn('$5')})
  on conflict do nothing returning session_id`,
  SESSION_ID,
);

export const readStatus: Statement<StatusRow> = statement(
  `select status, round, reason, ${EXPIRED} from :schema.sessions where session_id = $1::uuid`,
  STATUS,
);

/** Where sessions are for whose rounds somebody waits. */
export const readStatuses: Statement<StatusRow & SessionIdRow> = statement(
  `select session_id, status, round, reason, ${EXPIRED} from :schema.sessions where session_id = any ($1::uuid[])`,
  { ...SESSION_ID, ...STATUS },
);

export const readSessions: Statement<SessionRow> = statement(
  `select ${SESSION_COLUMNS} from :schema.sessions where session_id = any ($1::uuid[])`,
  SESSION,
);

export const readMoments: Statement<MomentRow> = statement(
  `select ${MOMENT_COLUMNS} from :schema.sessions where session_id = any ($1::uuid[])`,
  MOMENT,
);

// Whoever writes messages holds these locks until it commits. Several may hold one at a time, but none beside lockToClose.
export const lockToHear: Statement<MomentRow> = statement(`${readMoments.text} order by session_id for key share`, MOMENT);

// In round 0 only: one process at a time holds it.
export const lockToAdmit: Statement<MomentRow> = statement(`${readMoments.text} order by session_id for no key update`, MOMENT);

// The same, without sessions that others hold.
export const lockFreeToHear: Statement<MomentRow> = statement(`${lockToHear.text} skip locked`, MOMENT);
export const lockFreeToAdmit: Statement<MomentRow> = statement(`${lockToAdmit.text} skip locked`, MOMENT);

export const lockToClose: Statement<SessionRow> = statement(
  `select ${SESSION_COLUMNS} from :schema.sessions where session_id = $1::uuid for update`,
  SESSION,
);

// The sweep does not wait for a session that somebody else works on: it returns no row then.
export const lockToSweep: Statement<StatusRow> = statement(
  `
  select status, round, reason, ${EXPIRED} from :schema.sessions
  where session_id = $1::uuid and ${CREATED} = $2::text for update skip locked`,
  STATUS,
);

// The lease is of 10 seconds. While it closes the round, its holder puts it off every 2 seconds.
const LEASE = `clock_timestamp() + interval '10 seconds'`;

/** Begins to close a round. The row is locked, and nobody else has a lease. */
export const beginClosing: Statement<SessionIdRow> = statement(
  `
  update :schema.sessions set closing = $3::uuid, lease_until = ${LEASE}
  where session_id = $1::uuid and status = 'collecting' and round = $2::smallint returning session_id`,
  SESSION_ID,
);

export const renewLease: Statement<SessionIdRow> = statement(
  `update :schema.sessions set lease_until = ${LEASE} where session_id = $1::uuid and closing = $2::uuid returning session_id`,
  SESSION_ID,
);

/** Gives a closing up, so that the round goes on. */
export const endClosing: Statement<SessionIdRow> = statement(
  `
  update :schema.sessions set closing = null, lease_until = null
  where session_id = $1::uuid and closing = $2::uuid returning session_id`,
  SESSION_ID,
);

/** Gives the closing of another process up, if its lease is over. */
export const endStaleClosing: Statement<SessionIdRow> = statement(
  `
  update :schema.sessions set closing = null, lease_until = null
  where session_id = $1::uuid and closing = $2::uuid and lease_until <= clock_timestamp() returning session_id`,
  SESSION_ID,
);

/** Closes a round, if it is still closed under this token. */
export const advanceSession: Statement<SessionIdRow> = statement(
  `
  update :schema.sessions
  set status = $4::text, round = $5::smallint, directory_digest = coalesce($6::bytea, directory_digest),
    view2 = coalesce($7::bytea, view2), view3 = coalesce($8::bytea, view3), closings = closings || $3::uuid,
    closing = null, lease_until = null, changed_at = now(),
    ended_at = case when $4::text = 'collecting' then null else now() end
  where session_id = $1::uuid and status = 'collecting' and round = $2::smallint and closing = $3::uuid
  returning session_id`,
  SESSION_ID,
);

/** Ends a session without a result. One that is being removed may have ended before: it forgets the round in which it ended. */
export const dropSession: Statement<SessionIdRow> = statement(
  `
  update :schema.sessions
  set status = $2::text, reason = $3::text, round = least(round, 4::smallint), closings = closings[1:least(round, 4)], closing = null, lease_until = null,
    ended_at = coalesce(ended_at, now()), tidied_at = null
  where session_id = $1::uuid returning session_id`,
  SESSION_ID,
);

export const tidySession: Statement<SessionIdRow> = statement(
  `
  update :schema.sessions set tidied_at = now()
  where session_id = $1::uuid and ${CREATED} = $2::text and ended_at is not null and tidied_at is null returning session_id`,
  SESSION_ID,
);

export const deleteSession: Statement<SessionIdRow> = statement(
  `delete from :schema.sessions where session_id = $1::uuid and ${CREATED} = $2::text returning session_id`,
  SESSION_ID,
);

/** Sessions whose closing was begun by a process that has stopped. The index of closings has the few rounds that are being closed. */
export const sessionsToRecover: Statement<SessionIdRow & { readonly round: number }> = statement(
  `
  select session_id, round from :schema.sessions
  where closing is not null and lease_until <= now() order by session_id limit 1000`,
  { ...SESSION_ID, round: integer },
);

/** A session that a page lists, and the time by which the page is ordered, in seconds since 1970. */
interface ListedSession extends SessionIdRow {
  readonly created: string;
  readonly at: string;
}

const LISTED_SESSION: Columns<ListedSession> = { ...SESSION_ID, created: text, at: text };

// $1 and $2 are the last session of the page before, $3 is the length of a page. The time is now() and not that of the clock, because an index
// is searched for what does not change during the statement; else the last page would read all sessions that are not due.
export const sessionsToExpire: Statement<ListedSession> = statement(
  `
  select session_id, ${CREATED} as created, ${secondsOf('expires_at')} as at from :schema.sessions
  where status = 'collecting' and expires_at is not null and expires_at <= now()
    and (expires_at, session_id) > (to_timestamp($1::float8), $2::uuid)
  order by expires_at, session_id limit $3::integer`,
  LISTED_SESSION,
);

// Sessions without a result keep nothing that anybody asks for.
export const sessionsToTidy: Statement<ListedSession> = statement(
  `
  select session_id, ${CREATED} as created, ${secondsOf('ended_at')} as at from :schema.sessions
  where ended_at is not null and tidied_at is null
    and (ended_at <= now() - $4::float8 * interval '1 second' or status in ('aborted', 'expired'))
    and (ended_at, session_id) > (to_timestamp($1::float8), $2::uuid)
  order by ended_at, session_id limit $3::integer`,
  LISTED_SESSION,
);

export const sessionsToRemove: Statement<ListedSession> = statement(
  `
  select session_id, ${CREATED} as created, ${secondsOf('ended_at')} as at from :schema.sessions
  where ended_at is not null and ended_at < now() + $4::float8 * interval '1 second'
    and (ended_at, session_id) > (to_timestamp($1::float8), $2::uuid)
  order by ended_at, session_id limit $3::integer`,
  LISTED_SESSION,
);
