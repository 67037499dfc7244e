// Every statement, by name. Values are parameters; the schema's name is quoted. $1 is the session wherever there is one:
// three statements of sweep() have none, and read an index.

export type Statements = Readonly<Record<keyof ReturnType<typeof build>, string>>;

export function statementsFor(schema: string): Statements {
  return build(schema);
}

// Whether a session is past its time is the database's to say: there are many clocks and only one of these.
const EXPIRED = `status = 'collecting' and coalesce(expires_at <= clock_timestamp(), false) as expired`;

/* eslint-disable @typescript-eslint/explicit-function-return-type -- the names are the type */
const build = (schema: string) => ({
  createSession: `insert into ${schema}.sessions (session_id, state, bulk, expires_at)
    values ($1::uuid, $2::jsonb, $3::bytea, to_timestamp($4::float8))
    on conflict do nothing`,

  readSession: `select status, round, state::text as state, bulk, reason, ${EXPIRED},
      extract(epoch from expires_at)::float8 as expires_at
    from ${schema}.sessions where session_id = $1::uuid`,

  readStanding: `select status, round, reason, ${EXPIRED} from ${schema}.sessions where session_id = $1::uuid`,

  // Whoever writes messages holds this lock until it commits: it goes with itself, and not with lockToClose.
  lockToHear: `select status, round, reason, ${EXPIRED}
    from ${schema}.sessions where session_id = $1::uuid for key share`,

  // Round 0 only: one process at a time.
  lockToAdmit: `select status, round, reason, ${EXPIRED}
    from ${schema}.sessions where session_id = $1::uuid for no key update`,

  lockToClose: `select status, round, reason, ${EXPIRED}
    from ${schema}.sessions where session_id = $1::uuid for update`,

  // Sorted, so that two processes that claim the same users wait for one another in one order.
  insertMessages: `insert into ${schema}.messages (session_id, round, user_id, digest, body, part_id)
    select $1::uuid, $2::smallint, user_id, digest, body, $6::uuid
    from unnest($3::bigint[], $4::bytea[], $5::bytea[]) as message (user_id, digest, body)
    order by user_id
    on conflict do nothing
    returning user_id`,

  digestsOf: `select user_id, digest from ${schema}.messages
    where session_id = $1::uuid and round = $2::smallint and user_id = any ($3::bigint[])`,

  messagesOfOthers: `select user_id, body from ${schema}.messages
    where session_id = $1::uuid and round = $2::smallint and user_id <> all ($3::bigint[])
    order by user_id`,

  usersHeard: `select user_id, part_id from ${schema}.messages
    where session_id = $1::uuid and round = $2::smallint order by user_id`,

  insertPart: `insert into ${schema}.parts (session_id, part_id, revision, users, state, bulk)
    values ($1::uuid, $2::uuid, $3::integer, $4::integer, $5::jsonb, $6::bytea)
    on conflict do nothing returning part_id`,

  replacePart: `update ${schema}.parts
    set revision = $3::integer, users = $4::integer, state = $5::jsonb, bulk = $6::bytea, changed_at = now()
    where session_id = $1::uuid and part_id = $2::uuid and revision = $3::integer - 1 returning part_id`,

  readParts: `select part_id, users from ${schema}.parts where session_id = $1::uuid order by part_id`,

  readPart: `select state::text as state, bulk from ${schema}.parts where session_id = $1::uuid and part_id = $2::uuid`,

  advanceSession: `update ${schema}.sessions
    set status = $2::text, round = $3::smallint, state = $4::jsonb, changed_at = now(),
      ended_at = case when $2::text = 'collecting' then null else now() end
    where session_id = $1::uuid`,

  replaceBulk: `update ${schema}.sessions set bulk = $2::bytea where session_id = $1::uuid`,

  dropSession: `update ${schema}.sessions
    set status = $2::text, reason = $3::text, state = null, bulk = null, ended_at = now(), tidied_at = now()
    where session_id = $1::uuid`,

  insertOutgoing: `insert into ${schema}.outgoing (session_id, round, user_id, same_as, body)
    select $1::uuid, $2::smallint, user_id, same_as, body
    from unnest($3::bigint[], $4::bigint[], $5::bytea[]) as message (user_id, same_as, body)`,

  readOutgoing: `select user_id, same_as, body from ${schema}.outgoing
    where session_id = $1::uuid and round = $2::smallint order by user_id`,

  readMessage: `select status, sessions.round, reason, ${EXPIRED}, coalesce(own.body, other.body) as body
    from ${schema}.sessions
    left join ${schema}.outgoing own
      on own.session_id = $1::uuid and own.round = sessions.round and own.user_id = $2::bigint
    left join ${schema}.outgoing other
      on other.session_id = $1::uuid and other.round = own.round and other.user_id = own.same_as
    where sessions.session_id = $1::uuid`,

  deleteMessages: `delete from ${schema}.messages where session_id = $1::uuid`,
  deleteParts: `delete from ${schema}.parts where session_id = $1::uuid`,
  deleteOutgoing: `delete from ${schema}.outgoing where session_id = $1::uuid`,
  deleteSession: `delete from ${schema}.sessions where session_id = $1::uuid returning session_id`,

  // The three that look for sessions: they read one page of one index.
  sessionsToExpire: `select session_id from ${schema}.sessions
    where status = 'collecting' and expires_at is not null and expires_at <= clock_timestamp()
    order by expires_at limit $1::integer`,
  sessionsToTidy: `select session_id from ${schema}.sessions
    where ended_at is not null and tidied_at is null and ended_at <= clock_timestamp() - $1::float8 * interval '1 second'
    order by ended_at limit $2::integer`,
  sessionsToRemove: `select session_id from ${schema}.sessions
    where ended_at is not null and ended_at < to_timestamp($1::float8)
    order by ended_at limit $2::integer`,

  tidySession: `update ${schema}.sessions set tidied_at = now()
    where session_id = $1::uuid and ended_at is not null and tidied_at is null returning session_id`,

  readUserState: `select revision, answered, sealed from ${schema}.user_states
    where session = $1::text and user_id = $2::bigint`,
  lockUserState: `select revision, answered, sealed from ${schema}.user_states
    where session = $1::text and user_id = $2::bigint for update`,
  forgetUserState: `update ${schema}.user_states set sealed = null, answered = true, changed_at = now()
    where session = $1::text and user_id = $2::bigint`,
  insertUserState: `insert into ${schema}.user_states (session, user_id, revision, answered, sealed)
    values ($1::text, $2::bigint, $3::bigint, $4::boolean, $5::bytea)
    on conflict do nothing returning revision`,
  replaceUserState: `update ${schema}.user_states
    set revision = $3::bigint, answered = $4::boolean, sealed = $5::bytea, changed_at = now()
    where session = $1::text and user_id = $2::bigint and revision = $6::bigint and answered <= $4::boolean
    returning revision`,
});
