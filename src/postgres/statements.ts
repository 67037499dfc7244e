// Every statement about sessions and users, except those of migrations. $1 is the session wherever there is one; the three
// statements with which sweep() looks for sessions have none, and read one page of one index.
import { SESSION_STATUSES, type StatusRow } from './session-status.ts';
import {
  boolean,
  bytes,
  integer,
  nullable,
  number,
  oneOf,
  statement,
  text,
  time,
  type Columns,
  type Statement,
} from './statement.ts';

const STATUS: Columns<StatusRow> = { status: oneOf(SESSION_STATUSES), round: integer, reason: nullable(text), expired: boolean };

// The database decides whether a session is past its time: the processes' clocks differ.
const EXPIRED = `status = 'collecting' and coalesce(expires_at <= clock_timestamp(), false) as expired`;

const SESSION_ID: Columns<SessionIdRow> = { session_id: text };

interface SessionIdRow {
  readonly session_id: string;
}

export const createSession: Statement<SessionIdRow> = statement(
  `
  insert into :schema.sessions (session_id, state, bulk, expires_at)
  values ($1::uuid, $2::jsonb, $3::bytea, to_timestamp($4::float8))
  returning session_id`,
  SESSION_ID,
);

/** A whole session. */
export interface SessionRow extends StatusRow {
  /** Null once the session was aborted or has expired; so is bulk. */
  readonly state: string | null;
  readonly bulk: Uint8Array | null;
  readonly expires_at: Date | null;
}

export const readSession: Statement<SessionRow> = statement(
  `
  select status, round, state::text as state, bulk, reason, ${EXPIRED}, extract(epoch from expires_at)::float8 as expires_at
  from :schema.sessions where session_id = $1::uuid`,
  { ...STATUS, state: nullable(text), bulk: nullable(bytes), expires_at: nullable(time) },
);

export const readStatus: Statement<StatusRow> = statement(
  `select status, round, reason, ${EXPIRED} from :schema.sessions where session_id = $1::uuid`,
  STATUS,
);

// Whoever writes messages holds this lock until it commits. Several may hold it at a time, but none beside lockToClose.
export const lockToHear: Statement<StatusRow> = statement(`${readStatus.text} for key share`, STATUS);

// In round 0 only: one process at a time holds it.
export const lockToAdmit: Statement<StatusRow> = statement(`${readStatus.text} for no key update`, STATUS);

export const lockToClose: Statement<StatusRow> = statement(`${readStatus.text} for update`, STATUS);

// The sweep does not wait for a session that somebody else works on: it returns no row then.
export const lockToSweep: Statement<StatusRow> = statement(`${lockToClose.text} skip locked`, STATUS);

// Sorted, so that two processes that insert the same users wait for one another in one order.
export const insertMessages: Statement<{ readonly user_id: number }> = statement(
  `
  insert into :schema.messages (session_id, round, user_id, digest, body, part_id)
  select $1::uuid, $2::smallint, user_id, digest, body, $6::uuid
  from unnest($3::bigint[], $4::bytea[], $5::bytea[]) as message (user_id, digest, body)
  order by user_id
  on conflict do nothing
  returning user_id`,
  { user_id: integer },
);

export const digestsOf: Statement<{ readonly user_id: number; readonly digest: Uint8Array }> = statement(
  `
  select user_id, digest from :schema.messages
  where session_id = $1::uuid and round = $2::smallint and user_id = any ($3::bigint[])`,
  { user_id: integer, digest: bytes },
);

export const messagesOfOthers: Statement<{ readonly user_id: number; readonly body: Uint8Array }> = statement(
  `
  select user_id, body from :schema.messages
  where session_id = $1::uuid and round = $2::smallint and user_id <> all ($3::bigint[])
  order by user_id`,
  { user_id: integer, body: bytes },
);

export const usersHeard: Statement<{ readonly user_id: number }> = statement(
  `select user_id from :schema.messages where session_id = $1::uuid and round = $2::smallint order by user_id`,
  { user_id: integer },
);

export const insertPart: Statement<{ readonly part_id: string }> = statement(
  `
  insert into :schema.parts (session_id, part_id, revision, users, state, bulk)
  values ($1::uuid, $2::uuid, $3::integer, $4::integer, $5::jsonb, $6::bytea)
  on conflict do nothing returning part_id`,
  { part_id: text },
);

export const replacePart: Statement<{ readonly part_id: string }> = statement(
  `
  update :schema.parts
  set revision = $3::integer, users = $4::integer, state = $5::jsonb, bulk = $6::bytea, changed_at = now()
  where session_id = $1::uuid and part_id = $2::uuid and revision = $3::integer - 1
  returning part_id`,
  { part_id: text },
);

// The parts are read one by one, because each is as long as a vector.
export const partIds: Statement<{ readonly part_id: string }> = statement(
  `select part_id from :schema.parts where session_id = $1::uuid order by part_id`,
  { part_id: text },
);

export const readPart: Statement<{ readonly state: string; readonly bulk: Uint8Array }> = statement(
  `select state::text as state, bulk from :schema.parts where session_id = $1::uuid and part_id = $2::uuid`,
  { state: text, bulk: bytes },
);

export const advanceSession: Statement<SessionIdRow> = statement(
  `
  update :schema.sessions
  set status = $2::text, round = $3::smallint, state = $4::jsonb, changed_at = now(),
    ended_at = case when $2::text = 'collecting' then null else now() end
  where session_id = $1::uuid returning session_id`,
  SESSION_ID,
);

export const replaceBulk: Statement<SessionIdRow> = statement(
  `update :schema.sessions set bulk = $2::bytea where session_id = $1::uuid returning session_id`,
  SESSION_ID,
);

export const dropSession: Statement<SessionIdRow> = statement(
  `
  update :schema.sessions
  set status = $2::text, reason = $3::text, state = null, bulk = null, ended_at = now(), tidied_at = now()
  where session_id = $1::uuid returning session_id`,
  SESSION_ID,
);

export const insertOutgoing: Statement<never> = statement(`
  insert into :schema.outgoing (session_id, round, user_id, same_as, body)
  select $1::uuid, $2::smallint, user_id, same_as, body
  from unnest($3::bigint[], $4::bigint[], $5::bytea[]) as message (user_id, same_as, body)`);

/** A message for a user, or the user whose row has the bytes. */
interface OutgoingRow {
  readonly user_id: number;
  readonly same_as: number | null;
  readonly body: Uint8Array | null;
}

export const readOutgoing: Statement<OutgoingRow> = statement(
  `
  select user_id, same_as, body from :schema.outgoing
  where session_id = $1::uuid and round = $2::smallint order by user_id`,
  { user_id: integer, same_as: nullable(integer), body: nullable(bytes) },
);

export const readMessage: Statement<StatusRow & { readonly body: Uint8Array | null }> = statement(
  `
  select status, sessions.round, reason, ${EXPIRED}, coalesce(own.body, other.body) as body
  from :schema.sessions
  left join :schema.outgoing own
    on own.session_id = $1::uuid and own.round = sessions.round and own.user_id = $2::bigint
  left join :schema.outgoing other
    on other.session_id = $1::uuid and other.round = own.round and other.user_id = own.same_as
  where sessions.session_id = $1::uuid`,
  { ...STATUS, body: nullable(bytes) },
);

export const deleteMessages: Statement<never> = statement(`delete from :schema.messages where session_id = $1::uuid`);
export const deleteParts: Statement<never> = statement(`delete from :schema.parts where session_id = $1::uuid`);
export const deleteOutgoing: Statement<never> = statement(`delete from :schema.outgoing where session_id = $1::uuid`);

export const deleteSession: Statement<SessionIdRow> = statement(
  `delete from :schema.sessions where session_id = $1::uuid returning session_id`,
  SESSION_ID,
);

/** A session that a page lists, and the time by which the page is ordered, in seconds since 1970. */
interface ListedSession extends SessionIdRow {
  readonly at: number;
}

const LISTED_SESSION: Columns<ListedSession> = { ...SESSION_ID, at: number };

// $1 and $2 are the last session of the page before, $3 is the length of a page.
export const sessionsToExpire: Statement<ListedSession> = statement(
  `
  select session_id, extract(epoch from expires_at)::float8 as at from :schema.sessions
  where status = 'collecting' and expires_at is not null and expires_at <= clock_timestamp()
    and (expires_at, session_id) > (to_timestamp($1::float8), $2::uuid)
  order by expires_at, session_id limit $3::integer`,
  LISTED_SESSION,
);

export const sessionsToTidy: Statement<ListedSession> = statement(
  `
  select session_id, extract(epoch from ended_at)::float8 as at from :schema.sessions
  where ended_at is not null and tidied_at is null and ended_at <= clock_timestamp() - $4::float8 * interval '1 second'
    and (ended_at, session_id) > (to_timestamp($1::float8), $2::uuid)
  order by ended_at, session_id limit $3::integer`,
  LISTED_SESSION,
);

export const sessionsToRemove: Statement<ListedSession> = statement(
  `
  select session_id, extract(epoch from ended_at)::float8 as at from :schema.sessions
  where ended_at is not null and ended_at < to_timestamp($4::float8)
    and (ended_at, session_id) > (to_timestamp($1::float8), $2::uuid)
  order by ended_at, session_id limit $3::integer`,
  LISTED_SESSION,
);

export const tidySession: Statement<SessionIdRow> = statement(
  `
  update :schema.sessions set tidied_at = now()
  where session_id = $1::uuid and ended_at is not null and tidied_at is null returning session_id`,
  SESSION_ID,
);
