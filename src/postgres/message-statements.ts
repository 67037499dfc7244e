// Every statement about members, messages and the keys of round 0. $1 is the session.
import { EXPIRED, STATUS, type SessionRow } from './session-columns.ts';
import type { StatusRow } from './session-status.ts';
import {
  boolean,
  bytes,
  integer,
  lookup,
  nullable,
  statement,
  text,
  type Columns,
  type SharedQuestion,
  type Statement,
} from './statement.ts';

interface UserRow {
  readonly user_id: number;
}

const USER: Columns<UserRow> = { user_id: integer };

export interface MemberRow extends UserRow, SharedQuestion {
  readonly public_key: Uint8Array;
}

export const insertMembers: Statement<UserRow> = statement(
  `
  insert into :schema.members (session_id, user_id, public_key)
  select $1::uuid, user_id, public_key from unnest($2::bigint[], $3::bytea[]) as member (user_id, public_key)
  returning user_id`,
  USER,
);

/** The keys of users of any sessions. */
export const readMembers: Statement<MemberRow> = statement(
  `
  select asked, user_id, public_key
  from unnest($1::uuid[], $2::bigint[], $3::integer[]) as question (session_id, user_id, asked)
  ${lookup('public_key', 'members', ['session_id', 'user_id'])}`,
  { ...USER, asked: integer, public_key: bytes },
);

export const membersOf: Statement<UserRow> = statement(
  `
  select user_id from :schema.members where session_id = $1::uuid and user_id > $2::bigint
  order by user_id limit $3::integer`,
  USER,
);

// Messages of rounds after the first, of any sessions, packed: one digest after the other, and the entries. Parts are empty where there are
// none.
// Sorted, so that two processes that insert the same users wait for one another in one order. Gives those that were not inserted.
export const insertMessages: Statement<UserRow & { readonly session_id: string }> = statement(
  `
  with written as (
    insert into :schema.messages (session_id, round, user_id, position, digest, entry, part_id)
    select session_id, round, user_id, position, substring($5::bytea from 32 * index::integer - 31 for 32),
      case when length >= 0 then substring($6::bytea from first for length) end, nullif(part_id, '')::uuid
    from unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::integer[], $7::integer[], $8::integer[], $9::text[])
      with ordinality as message (session_id, round, user_id, position, first, length, part_id, index)
    order by session_id, round, user_id
    on conflict do nothing
    returning session_id, user_id)
  select session_id, user_id from unnest($1::uuid[], $3::bigint[]) as message (session_id, user_id)
  except all select session_id, user_id from written`,
  { ...USER, session_id: text },
);

export interface KnownMessage extends UserRow, SharedQuestion {
  readonly round: number;
  readonly digest: Uint8Array;
  /** Of round 1; else null. */
  readonly entry: Uint8Array | null;
}

/** What users of any sessions have said in some rounds. */
export const messagesOf: Statement<KnownMessage> = statement(
  `
  select asked, round, user_id, digest, case when round = 1 then entry end as entry
  from unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::integer[]) as question (session_id, user_id, round, asked)
  ${lookup('digest, entry', 'messages', ['session_id', 'round', 'user_id'])}`,
  { ...USER, asked: integer, round: integer, digest: bytes, entry: nullable(bytes) },
);

interface EntryRow extends UserRow {
  readonly entry: Uint8Array | null;
}

// Pages, because all entries of a round together can be longer than a process should hold twice.
export const entriesOf: Statement<EntryRow> = statement(
  `
  select user_id, entry from :schema.messages
  where session_id = $1::uuid and round = $4::smallint and user_id > $2::bigint order by user_id limit $3::integer`,
  { ...USER, entry: nullable(bytes) },
);

interface PresenceRow extends UserRow {
  readonly position: number | null;
}

export const usersHeard: Statement<PresenceRow> = statement(
  `
  select user_id, position from :schema.messages
  where session_id = $1::uuid and round = $4::smallint and user_id > $2::bigint order by user_id limit $3::integer`,
  { ...USER, position: nullable(integer) },
);

/** Those whose answer of round 4 has a wrong share: verdict 2. $4 is the number of verdicts in an answer. */
export const usersWrong: Statement<UserRow> = statement(
  `
  select user_id from :schema.messages
  where session_id = $1::uuid and round = 4 and position('\\x02'::bytea in substring(entry from 1 for $4::integer)) > 0
    and user_id > $2::bigint
  order by user_id limit $3::integer`,
  USER,
);

interface VerdictsRow extends UserRow {
  readonly position: number;
  readonly verdicts: Uint8Array;
}

/** The verdicts in the answers of round 4, without the shares. $4 is their number in an answer. */
export const verdictsHeard: Statement<VerdictsRow> = statement(
  `
  select user_id, position, substring(entry from 1 for $4::integer) as verdicts from :schema.messages
  where session_id = $1::uuid and round = 4 and user_id > $2::bigint order by user_id limit $3::integer`,
  { ...USER, position: integer, verdicts: bytes },
);

export const countMessages: Statement<{ readonly messages: number }> = statement(
  `select count(*) as messages from :schema.messages where session_id = $1::uuid`,
  { messages: integer },
);

export interface AttendanceRow extends StatusRow {
  /** Users that were heard in the present round. */
  readonly heard: number;
  /** Users that may speak in it: all members, or those that were heard in the round before. */
  readonly speakers: number;
}

export const readAttendance: Statement<AttendanceRow> = statement(
  `
  select status, round, reason, ${EXPIRED},
    (select count(*) from :schema.messages where session_id = $1::uuid and messages.round = sessions.round) as heard,
    case when round = 0 then (select count(*) from :schema.members where session_id = $1::uuid)
      else (select count(*) from :schema.messages where session_id = $1::uuid and messages.round = sessions.round - 1)
    end as speakers
  from :schema.sessions where session_id = $1::uuid`,
  { ...STATUS, heard: integer, speakers: integer },
);

/** The part of a session's row that its messages need, and what decides whether a user is sent one. */
export interface RecipientRow extends StatusRow, Pick<SessionRow, 'admitted' | 'closings' | 'brief'> {
  /** Whether the user may take part: anybody may, unless users are registered. */
  readonly may_take_part: boolean;
  /** Whether the user was heard in the round before. */
  readonly was_heard: boolean;
  /** Whether it was heard in the present round. */
  readonly is_heard: boolean;
  /** Its position, if it was heard after round 0 and in the round before. */
  readonly position: number | null;
  /** U2 if it is to be sent the message of round 2, U3 if that of round 3; else null. */
  readonly members: Uint8Array | null;
}

// The set is read along, because each statement more costs a user's message a third of a millisecond. It has a bit for each user, and is
// shorter than a chunk.
export const readRecipient: Statement<RecipientRow> = statement(
  `
  select status, sessions.round, reason, ${EXPIRED}, admitted, array_to_string(closings, ' ') as closings, brief::text as brief,
    registered is null or exists (select from :schema.members where session_id = $1::uuid and user_id = $2::bigint) as may_take_part,
    before.user_id is not null as was_heard, before.position, present.user_id is not null as is_heard,
    case when sessions.round in (2, 3) and before.user_id is not null and present.user_id is null then (
      select body from :schema.chunks
      where session_id = $1::uuid and set_id = closings[sessions.round] and kind = 'u' || sessions.round and no = 0)
    end as members
  from :schema.sessions
  left join :schema.messages present
    on present.session_id = $1::uuid and present.round = sessions.round and present.user_id = $2::bigint
  left join :schema.messages before
    on before.session_id = $1::uuid and before.round = sessions.round - 1 and before.user_id = $2::bigint
  where sessions.session_id = $1::uuid`,
  {
    ...STATUS,
    admitted: integer,
    closings: text,
    brief: text,
    may_take_part: boolean,
    was_heard: boolean,
    is_heard: boolean,
    position: nullable(integer),
    members: nullable(bytes),
  },
);

/** Forgets a page of the shares that were revealed in round 4. */
export const forgetShares: Statement<UserRow> = statement(
  `
  update :schema.messages set entry = '' where session_id = $1::uuid and ctid = any (array(
    select ctid from :schema.messages where session_id = $1::uuid and round = 4 and octet_length(entry) > 0 limit 1000))
    and not exists (select from :schema.sessions where session_id = $1::uuid and status = 'collecting')
  returning user_id`,
  USER,
);

/** A user that was heard in round 0, or a key that a user has advertised. */
interface AdmittedRow extends SharedQuestion {
  readonly user_id: number | null;
  readonly key: Uint8Array | null;
}

/** Those of some users that were heard in round 0, and those of their keys that are taken; the keys are one after the other, two a user. */
export const findAdmitted: Statement<AdmittedRow> = statement(
  `
  select asked, user_id, null as key
  from unnest($1::uuid[], $2::bigint[], $4::integer[]) as question (session_id, user_id, asked)
  ${lookup('round', 'messages', ['session_id', 'user_id'], 'round = 0')}
  union all
  select asked, null, question.key
  from (
    select session_id, asked, key
    from unnest($1::uuid[], $4::integer[]) with ordinality as line (session_id, asked, index)
    cross join lateral (values (substring($3::bytea from 64 * index::integer - 63 for 32)), (substring($3::bytea from 64 * index::integer - 31 for 32)))
      as advertised (key)
  ) as question
  ${lookup('key', 'keys', ['session_id', 'key'])}`,
  { asked: integer, user_id: nullable(integer), key: nullable(bytes) },
);

/** What was written of messages of round 0. */
interface FirstMessagesRow {
  readonly messages: number;
  readonly keys: number;
  readonly sessions: number;
}

// Inserts messages of round 0 of any sessions, whose rows are locked, with the two keys at the beginning of each entry, and counts them.
// Packed, as for the other rounds.
export const insertFirstMessages: Statement<FirstMessagesRow> = statement(
  `
  with message as materialized (
    select session_id, user_id, substring($3::bytea from 32 * index::integer - 31 for 32) as digest,
      substring($4::bytea from first for length) as entry
    from unnest($1::uuid[], $2::bigint[], $5::integer[], $6::integer[])
      with ordinality as message (session_id, user_id, first, length, index)),
  written as (
    insert into :schema.messages (session_id, round, user_id, digest, entry)
    select session_id, 0, user_id, digest, entry from message order by session_id, user_id
    on conflict do nothing returning user_id),
  advertised as (
    insert into :schema.keys (session_id, key)
    select session_id, key from message
    cross join lateral (values (substring(entry from 1 for 32)), (substring(entry from 33 for 32))) as advertised (key)
    on conflict do nothing returning key),
  counted as (
    update :schema.sessions set admitted = admitted + users
    from (select session_id, count(*) as users from message group by session_id) as more
    where sessions.session_id = any ($1::uuid[]) and more.session_id = sessions.session_id and status = 'collecting' and round = 0
    returning sessions.session_id)
  select (select count(*) from written) as messages, (select count(*) from advertised) as keys, (select count(*) from counted) as sessions`,
  { messages: integer, keys: integer, sessions: integer },
);
