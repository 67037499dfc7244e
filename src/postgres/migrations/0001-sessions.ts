// Sessions of servers, and sealed states of users. Once it is released, a migration is never changed.
import type { Migration } from '../migration.ts';

export const MIGRATION_0001: Migration = {
  version: 1,
  name: 'sessions',
  breaking: true,
  sql: `
create table :schema.sessions (
  session_id uuid not null,
  status text not null default 'collecting',
  round smallint not null default 0,
  brief jsonb not null,
  registered integer,
  roster bytea,
  admitted integer not null default 0,
  directory_digest bytea,
  view2 bytea,
  view3 bytea,
  closings uuid[] not null default '{}',
  closing uuid,
  lease_until timestamptz,
  reason text,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  ended_at timestamptz,
  tidied_at timestamptz,
  constraint sessions_pkey primary key (session_id),
  constraint sessions_status_known check (status in ('collecting', 'finished', 'failed', 'aborted', 'expired')),
  constraint sessions_round_range check (round between 0 and 5),
  constraint sessions_finished_in_round_5 check ((status = 'finished') = (round = 5)),
  constraint sessions_brief_is_object check (jsonb_typeof(brief) = 'object'),
  constraint sessions_roster_of_registered check ((registered is null) = (roster is null)),
  constraint sessions_roster_length check (octet_length(roster) = 32),
  constraint sessions_admitted_range check (admitted >= 0),
  constraint sessions_directory_digest_length check (octet_length(directory_digest) = 32),
  constraint sessions_view2_length check (octet_length(view2) = 32),
  constraint sessions_view3_length check (octet_length(view3) = 32),
  constraint sessions_digests_of_closed_rounds check (
    (directory_digest is not null) = (round >= 1) and (view2 is not null) = (round >= 2) and (view3 is not null) = (round >= 3)
  ),
  constraint sessions_closing_of_each_round check (cardinality(closings) = round + case when status = 'failed' then 1 else 0 end),
  constraint sessions_closing_has_lease check ((closing is null) = (lease_until is null)),
  constraint sessions_closing_while_collecting check (closing is null or status = 'collecting'),
  constraint sessions_reason_where_aborted check ((status = 'aborted') = (reason is not null)),
  constraint sessions_ended_unless_collecting check ((status = 'collecting') = (ended_at is null)),
  constraint sessions_expired_where_limited check (status <> 'expired' or expires_at is not null),
  constraint sessions_tidied_after_end check (tidied_at is null or ended_at is not null)
);
comment on table :schema.sessions is 'Sessions of secure aggregation: one small row a session. The rows of the other tables are its state. None of them holds a secret.';
comment on column :schema.sessions.session_id is 'Id of the session, made by create(). Every table of sessions has it, so that it can be the distribution column.';
comment on column :schema.sessions.status is 'collecting: a round is open. finished: there is a sum. failed: the protocol ended the session. aborted: the application ended it. expired: expires_at passed before the end.';
comment on column :schema.sessions.round is 'The open round, 0 to 4, or the round in which the session ended; 5 if it is finished.';
comment on column :schema.sessions.brief is 'What the session was created with: the parameters, which all parties agree on, and the server''s policy.';
comment on column :schema.sessions.registered is 'Number of rows of members; null if the session takes users without registered keys.';
comment on column :schema.sessions.roster is 'Digest of the registered users and their keys; null without them.';
comment on column :schema.sessions.admitted is 'Number of users whose keys were accepted in round 0; from round 1 on that is the size of U1.';
comment on column :schema.sessions.directory_digest is 'Digest of the directory, which round 0 has fixed; chunks that were changed do not fit it.';
comment on column :schema.sessions.view2 is 'Digest of the directory and U2, which round 1 has fixed.';
comment on column :schema.sessions.view3 is 'Digest of the directory, U2 and U3, which round 2 has fixed.';
comment on column :schema.sessions.closings is 'For each closed round the token of the process that has closed it, under which the chunks of its result are; one more if closing a round has ended the session.';
comment on column :schema.sessions.closing is 'Token of the process that is closing the round; null if none is. While it is there, nobody adds messages.';
comment on column :schema.sessions.lease_until is 'When another process may take over the closing; the process that closes the round puts it off while it works.';
comment on column :schema.sessions.reason is 'Why the application aborted the session.';
comment on column :schema.sessions.expires_at is 'The time from which on nothing is accepted, and sweep() drops what was collected; null for a session without a limit.';
comment on column :schema.sessions.created_at is 'When the session was created.';
comment on column :schema.sessions.changed_at is 'When the last round was closed.';
comment on column :schema.sessions.ended_at is 'When the session finished, failed, was aborted or expired; null while a round is open.';
comment on column :schema.sessions.tidied_at is 'When everything except the result was dropped, by sweep() or by the end itself; null before.';
create index sessions_to_expire on :schema.sessions (expires_at, session_id) where status = 'collecting' and expires_at is not null;
create index sessions_to_tidy on :schema.sessions (ended_at, session_id) where ended_at is not null and tidied_at is null;
create index sessions_ended on :schema.sessions (ended_at, session_id) where ended_at is not null;
-- Not by lease_until: a lease is put off every 2 seconds, and an index of it would change with it.
create index sessions_closing on :schema.sessions (session_id) where closing is not null;
create index sessions_by_status on :schema.sessions (status, session_id);

create table :schema.members (
  session_id uuid not null,
  user_id bigint not null,
  public_key bytea not null,
  constraint members_pkey primary key (session_id, user_id),
  constraint members_user_range check (user_id between 0 and 9007199254740991),
  constraint members_public_key_length check (octet_length(public_key) = 32)
);
comment on table :schema.members is 'The users that are registered for a session, and their public keys.';
comment on column :schema.members.session_id is 'The session.';
comment on column :schema.members.user_id is 'The user.';
comment on column :schema.members.public_key is 'The Ed25519 public key that speaks for the user, as the application vouches for it.';

create table :schema.messages (
  session_id uuid not null,
  round smallint not null,
  user_id bigint not null,
  position integer,
  digest bytea not null,
  entry bytea,
  part_id uuid,
  received_at timestamptz not null default now(),
  constraint messages_pkey primary key (session_id, round, user_id),
  constraint messages_round_range check (round between 0 and 4),
  constraint messages_user_range check (user_id between 0 and 9007199254740991),
  constraint messages_position_from_round_1 check ((round = 0) = (position is null)),
  constraint messages_position_range check (position >= 0),
  constraint messages_digest_length check (octet_length(digest) = 32),
  constraint messages_masked_input_in_part check ((round = 2) = (part_id is not null)),
  constraint messages_masked_input_not_kept check ((round = 2) = (entry is null))
);
-- What is long here is encrypted, masked or hashed, and no compression makes it shorter.
alter table :schema.messages alter column entry set storage external;
comment on table :schema.messages is 'Acknowledged messages: one row a user that was heard in a round. The rows of closed rounds say who is in U1 to U4, and what later rounds need of each message.';
comment on column :schema.messages.session_id is 'The session.';
comment on column :schema.messages.round is 'The round, 0 to 4.';
comment on column :schema.messages.user_id is 'The user that sent the message.';
comment on column :schema.messages.position is 'The user''s position in the directory; null in round 0, before there is one.';
comment on column :schema.messages.digest is 'SHA-256 of what the user signed and of the signature: the same message again is harmless, another one is equivocation.';
comment on column :schema.messages.entry is 'What the state keeps of the message. Round 0: two public keys and the signature. Round 1: digest of the deal and commitments to what its owner keeps. Round 3: the signature. Round 4: verdicts, then shares; empty once the session is over. Null in round 2, in which only the sum of a part has the input.';
comment on column :schema.messages.part_id is 'In round 2, the one part whose sum has the input; null in other rounds.';
comment on column :schema.messages.received_at is 'When the message was accepted.';

create table :schema.keys (
  session_id uuid not null,
  key bytea not null,
  constraint keys_pkey primary key (session_id, key),
  constraint keys_length check (octet_length(key) = 32)
);
comment on table :schema.keys is 'The public keys that users of a session have advertised in round 0, so that none comes twice.';
comment on column :schema.keys.session_id is 'The session.';
comment on column :schema.keys.key is 'An X25519 public key.';

create table :schema.tiles (
  session_id uuid not null,
  tile_id uuid not null,
  owners integer[] not null,
  body bytea not null,
  constraint tiles_pkey primary key (session_id, tile_id),
  constraint tiles_owners_some check (cardinality(owners) > 0),
  constraint tiles_body_length check (octet_length(body) <= 16777216)
);
alter table :schema.tiles alter column body set storage external;
-- Tiles of small sessions stay in their rows, of which everybody who answers reads a piece.
alter table :schema.tiles set (toast_tuple_target = 8160);
comment on table :schema.tiles is 'On the complete graph, the records that users dealt in round 1, several owners a row, sorted by holder: what one holder is to be given is one piece of each row.';
comment on column :schema.tiles.session_id is 'The session.';
comment on column :schema.tiles.tile_id is 'Random id of the row.';
comment on column :schema.tiles.owners is 'Positions of the users that dealt, ascending.';
comment on column :schema.tiles.body is 'For each position of the directory, what each owner dealt to it: all ciphertexts (104 bytes each), then all commitments (32 bytes each); zeros where both are the same user.';

create table :schema.deals (
  session_id uuid not null,
  owner integer not null,
  sealed bytea not null,
  constraint deals_pkey primary key (session_id, owner),
  constraint deals_owner_range check (owner >= 0)
);
alter table :schema.deals alter column sealed set storage external;
comment on table :schema.deals is 'On a sparse graph, the records that users dealt in round 1, one owner a row.';
comment on column :schema.deals.session_id is 'The session.';
comment on column :schema.deals.owner is 'Position of the user that dealt.';
comment on column :schema.deals.sealed is 'One record of 136 bytes for each neighbor, in the graph''s order.';

create table :schema.parts (
  session_id uuid not null,
  part_id uuid not null,
  set_id uuid not null,
  revision integer not null,
  users integer not null,
  changed_at timestamptz not null default now(),
  constraint parts_pkey primary key (session_id, part_id),
  constraint parts_revision_positive check (revision > 0),
  constraint parts_users_positive check (users > 0)
);
comment on table :schema.parts is 'Partial sums of the masked inputs of round 2: one row a process that hears users of the session. The row is deleted when the round is closed.';
comment on column :schema.parts.session_id is 'The session.';
comment on column :schema.parts.part_id is 'Random id of the sum in the memory of a process that this row is a copy of.';
comment on column :schema.parts.set_id is 'The set of chunks that hold the sum. Each group commit writes a new set and flips this pointer.';
comment on column :schema.parts.revision is 'How often the row was written; a write names the revision that it replaces.';
comment on column :schema.parts.users is 'Number of users in the sum, which is the number of rows of messages that name this part.';
comment on column :schema.parts.changed_at is 'When the row was last written.';

create table :schema.chunks (
  session_id uuid not null,
  set_id uuid not null,
  kind text not null,
  no integer not null,
  body bytea not null,
  constraint chunks_pkey primary key (session_id, set_id, kind, no),
  constraint chunks_kind_known check (
    kind in ('ids', 'keys', 'signatures', 'tree', 'places', 'pages', 'u2', 'u3', 'u4', 'sum', 'signed', 'silent', 'end')
  ),
  constraint chunks_no_range check (no >= 0),
  constraint chunks_body_length check (octet_length(body) between 1 and 16777216)
);
alter table :schema.chunks alter column body set storage external;
comment on table :schema.chunks is 'Long byte strings in chunks of 4 MB, the last one shorter: partial sums, and what closing a round has given. A set counts once a row of sessions or parts names it.';
comment on column :schema.chunks.session_id is 'The session.';
comment on column :schema.chunks.set_id is 'The token of the closing, or the set of a partial sum.';
comment on column :schema.chunks.kind is 'Round 0: ids (8 bytes each), keys (64) and signatures (64) of the directory by position; on a sparse graph tree, the directory''s hash tree from the leaves up, and places, the users by id with their positions, in pages whose first ids are in pages. Rounds 1 to 3: u2, u3, u4, the sets over the positions. Round 2 and parts: sum, lanes. Round 3: signed, the signatures (64) by position, zeros outside of U4. Rounds 1 to 3: silent, the ids of those who were not heard. Round 4: sum. The end: end, JSON.';
comment on column :schema.chunks.no is 'Number of the chunk, from 0.';
comment on column :schema.chunks.body is 'The bytes.';

create table :schema.identity (
  only_row boolean not null default true,
  schema_id uuid not null default gen_random_uuid(),
  constraint identity_pkey primary key (only_row),
  constraint identity_one_row check (only_row)
);
comment on table :schema.identity is 'What tells this schema from others of the same name: one row, made by the migration and never changed. A restored backup has the same row.';
comment on column :schema.identity.only_row is 'Always true, so that there is one row.';
comment on column :schema.identity.schema_id is 'Random id of the schema, to which sealed states of users are bound.';
insert into :schema.identity default values;

create table :schema.user_states (
  session text not null,
  user_id bigint not null,
  revision bigint not null,
  answered boolean not null,
  key_id bytea,
  sealed bytea,
  changed_at timestamptz not null default now(),
  constraint user_states_pkey primary key (session, user_id),
  constraint user_states_session_length check (octet_length(session) between 1 and 1000),
  constraint user_states_user_range check (user_id between 0 and 9007199254740991),
  constraint user_states_revision_range check (revision between 0 and 9007199254740991),
  constraint user_states_sealed_length check (octet_length(sealed) > 40),
  constraint user_states_key_id_length check (octet_length(key_id) = 16),
  constraint user_states_key_id_with_sealed check ((key_id is null) = (sealed is null))
);
alter table :schema.user_states alter column sealed set storage external;
comment on table :schema.user_states is 'Sealed states of users: nobody without a key of the application can read a state, make one, or move one to another row. An older row that is put back in its own place opens.';
comment on column :schema.user_states.session is 'The application''s name of the session.';
comment on column :schema.user_states.user_id is 'The user.';
comment on column :schema.user_states.revision is 'Revision of the state, which only grows.';
comment on column :schema.user_states.answered is 'Whether the user has answered the unmasking round, which it does once, or its state was forgotten. Once true, it stays true.';
comment on column :schema.user_states.key_id is 'Id of the key that has sealed the state: the first 16 bytes of SHA-256 of a label and the key. Null once the state was forgotten.';
comment on column :schema.user_states.sealed is 'UserWrapper.serializeState() sealed with XChaCha20-Poly1305 (nonce, ciphertext, tag). The associated data are table, schema_id, session, user, revision and answered. Null once the state was forgotten.';
comment on column :schema.user_states.changed_at is 'When the state was last saved.';
`,
};
