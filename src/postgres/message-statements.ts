// Every statement about members, messages and the keys of round 0. $1 is the session.
import { SESSION, SESSION_COLUMNS, type SessionRow } from './session-columns.ts';
import { boolean, bytes, integer, nullable, statement, type Columns, type Statement } from './statement.ts';

interface UserRow {
  readonly user_id: number;
}

const USER: Columns<UserRow> = { user_id: integer };

interface MemberRow extends UserRow {
  readonly public_key: Uint8Array;
}

export const insertMembers: Statement<UserRow> = statement(
  `
  insert into :schema.members (session_id, user_id, public_key)
  select $1::uuid, user_id, public_key from unnest($2::bigint[], $3::bytea[]) as member (user_id, public_key)
  returning user_id`,
  USER,
);

export const readMembers: Statement<MemberRow> = statement(
  `select user_id, public_key from :schema.members where session_id = $1::uuid and user_id = any ($2::bigint[])`,
  { ...USER, public_key: bytes },
);

// Sorted, so that two processes that insert the same users wait for one another in one order.
export const insertMessages: Statement<UserRow> = statement(
  `
  insert into :schema.messages (session_id, round, user_id, position, digest, entry, part_id)
  select $1::uuid, $2::smallint, user_id, position, digest, entry, $7::uuid
  from unnest($3::bigint[], $4::integer[], $5::bytea[], $6::bytea[]) as message (user_id, position, digest, entry)
  order by user_id
  on conflict do nothing
  returning user_id`,
  USER,
);

interface KnownMessage extends UserRow {
  readonly round: number;
  readonly digest: Uint8Array;
  /** Of round 1; else null. */
  readonly entry: Uint8Array | null;
}

/** What some users have said so far. */
export const messagesOf: Statement<KnownMessage> = statement(
  `
  select round, user_id, digest, case when round = 1 then entry end as entry from :schema.messages
  where session_id = $1::uuid and round = any ('{0,1,2,3,4}'::smallint[]) and user_id = any ($2::bigint[])`,
  { ...USER, round: integer, digest: bytes, entry: nullable(bytes) },
);

interface EntryRow extends UserRow {
  readonly entry: Uint8Array | null;
}

// Pages, because all entries of a round together can be longer than a process should hold twice.
export const entriesOf: Statement<EntryRow> = statement(
  `
  select user_id, entry from :schema.messages
  where session_id = $1::uuid and round = $2::smallint and user_id > $3::bigint order by user_id limit $4::integer`,
  { ...USER, entry: nullable(bytes) },
);

interface PresenceRow extends UserRow {
  readonly position: number | null;
}

export const usersHeard: Statement<PresenceRow> = statement(
  `
  select user_id, position from :schema.messages
  where session_id = $1::uuid and round = $2::smallint and user_id > $3::bigint order by user_id limit $4::integer`,
  { ...USER, position: nullable(integer) },
);

// Those of the round before that were not heard in a round. If the round is closed, they are out.
export const usersSilent: Statement<UserRow> = statement(
  `
  select before.user_id from :schema.messages before
  left join :schema.messages now on now.session_id = $1::uuid and now.round = $2::smallint and now.user_id = before.user_id
  where before.session_id = $1::uuid and before.round = $2::smallint - 1 and before.user_id > $3::bigint and now.user_id is null
  order by before.user_id limit $4::integer`,
  USER,
);

// In round 0 those before are the registered users.
export const membersSilent: Statement<UserRow> = statement(
  `
  select members.user_id from :schema.members
  left join :schema.messages now on now.session_id = $1::uuid and now.round = $2::smallint and now.user_id = members.user_id
  where members.session_id = $1::uuid and members.user_id > $3::bigint and now.user_id is null
  order by members.user_id limit $4::integer`,
  USER,
);

/** Those whose answer of round 4 has a wrong share: verdict 2. $2 is the number of verdicts in an answer. */
export const usersWrong: Statement<UserRow> = statement(
  `
  select user_id from :schema.messages
  where session_id = $1::uuid and round = 4 and position('\\x02'::bytea in substring(entry from 1 for $2::integer)) > 0
    and user_id > $3::bigint
  order by user_id limit $4::integer`,
  USER,
);

interface VerdictsRow extends UserRow {
  readonly position: number;
  readonly verdicts: Uint8Array;
}

/** The verdicts in the answers of round 4, without the shares. */
export const verdictsHeard: Statement<VerdictsRow> = statement(
  `
  select user_id, position, substring(entry from 1 for $2::integer) as verdicts from :schema.messages
  where session_id = $1::uuid and round = 4 and user_id > $3::bigint order by user_id limit $4::integer`,
  { ...USER, position: integer, verdicts: bytes },
);

export const countMessages: Statement<{ readonly messages: number }> = statement(
  `select count(*) as messages from :schema.messages where session_id = $1::uuid`,
  { messages: integer },
);

export interface RecipientRow extends SessionRow {
  /** Whether the user is registered, or need not be. */
  readonly registers: boolean;
  /** Whether the user was heard in the round before. */
  readonly was_heard: boolean;
  /** Its position, if it was heard after round 0 and in the round before. */
  readonly position: number | null;
}

/** A session, and what decides whether a user is sent anything in its present round. */
export const readRecipient: Statement<RecipientRow> = statement(
  `
  select ${SESSION_COLUMNS}, registered is null or members.user_id is not null as registers,
    before.user_id is not null as was_heard, before.position
  from :schema.sessions
  left join :schema.members on members.session_id = $1::uuid and members.user_id = $2::bigint
  left join :schema.messages before
    on before.session_id = $1::uuid and before.round = sessions.round - 1 and before.user_id = $2::bigint
  where sessions.session_id = $1::uuid`,
  {
    ...SESSION,
    registers: boolean,
    was_heard: boolean,
    position: nullable(integer),
  },
);

export const findKeys: Statement<{ readonly key: Uint8Array }> = statement(
  `select key from :schema.keys where session_id = $1::uuid and key = any ($2::bytea[])`,
  { key: bytes },
);

export const insertKeys: Statement<{ readonly key: Uint8Array }> = statement(
  `
  insert into :schema.keys (session_id, key) select $1::uuid, key from unnest($2::bytea[]) as advertised (key)
  order by key returning key`,
  { key: bytes },
);
