// Sessions of servers, and sealed states of users. Once it is released, a migration is never changed.
import type { Migration } from '../migration.ts';

export const MIGRATION_0001: Migration = {
  version: 1,
  name: 'sessions',
  sql: `
create table :schema.sessions (
  session_id uuid not null,
  status text not null default 'collecting',
  round smallint not null default 0,
  state jsonb,
  bulk bytea,
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
  constraint sessions_state_unless_dropped check ((state is null) = (status in ('aborted', 'expired'))),
  constraint sessions_bulk_with_state check ((state is null) = (bulk is null)),
  constraint sessions_state_is_object check (jsonb_typeof(state) = 'object'),
  constraint sessions_reason_where_aborted check ((status = 'aborted') = (reason is not null)),
  constraint sessions_ended_unless_collecting check ((status = 'collecting') = (ended_at is null)),
  constraint sessions_expired_where_limited check (status <> 'expired' or expires_at is not null),
  constraint sessions_tidied_after_end check (tidied_at is null or ended_at is not null)
);
-- Its bytes are encrypted, masked or hashed, and no compression makes them shorter.
alter table :schema.sessions alter column bulk set storage external;
comment on table :schema.sessions is 'Sessions of secure aggregation: one row a session, with the server''s state at the start of the open round, or at the end. It holds no secret.';
comment on column :schema.sessions.session_id is 'Id of the session, made by create(). Every table of sessions has it, so that it can be the distribution column.';
comment on column :schema.sessions.status is 'collecting: a round is open. finished: state and bulk have the sum. failed: the protocol ended the session, and state says why. aborted: the application ended it. expired: expires_at passed before the end.';
comment on column :schema.sessions.round is 'The open round, 0 to 4, or the round in which the session ended; 5 if it is finished.';
comment on column :schema.sessions.state is 'ServerWrapper.serializeState() without its long byte strings; null once the session was aborted or has expired.';
comment on column :schema.sessions.bulk is 'The long byte strings of state, one after the other; state says where each of them belongs.';
comment on column :schema.sessions.reason is 'Why the application aborted the session.';
comment on column :schema.sessions.expires_at is 'The time from which on nothing is accepted, and sweep() drops what was collected; null for a session without a limit.';
comment on column :schema.sessions.created_at is 'When the session was created.';
comment on column :schema.sessions.changed_at is 'When state was last written, which is when the last round was closed.';
comment on column :schema.sessions.ended_at is 'When the session finished, failed, was aborted or expired; null while a round is open.';
comment on column :schema.sessions.tidied_at is 'When the messages for users were dropped, by sweep() or by the end itself; null before.';
create index sessions_to_expire on :schema.sessions (expires_at, session_id) where status = 'collecting' and expires_at is not null;
create index sessions_to_tidy on :schema.sessions (ended_at, session_id) where ended_at is not null and tidied_at is null;
create index sessions_ended on :schema.sessions (ended_at, session_id) where ended_at is not null;

create table :schema.parts (
  session_id uuid not null,
  part_id uuid not null,
  round smallint not null default 2,
  revision integer not null,
  users integer not null,
  state jsonb not null,
  bulk bytea not null,
  changed_at timestamptz not null default now(),
  constraint parts_pkey primary key (session_id, part_id),
  constraint parts_session foreign key (session_id) references :schema.sessions (session_id) on delete cascade,
  constraint parts_of_masked_inputs check (round = 2),
  constraint parts_revision_positive check (revision > 0),
  constraint parts_users_positive check (users > 0),
  constraint parts_state_is_object check (jsonb_typeof(state) = 'object')
);
alter table :schema.parts alter column bulk set storage external;
comment on table :schema.parts is 'Partial sums of the masked inputs of open rounds: one row a process that hears users of the session. The process replaces its row with every group commit; the row is deleted when the round is closed.';
comment on column :schema.parts.session_id is 'The session.';
comment on column :schema.parts.part_id is 'Random id of the sum in the memory of a process that this row is a copy of.';
comment on column :schema.parts.round is 'The round of the inputs, always 2: the other rounds have no sums.';
comment on column :schema.parts.revision is 'How often the row was written; a write names the revision that it replaces.';
comment on column :schema.parts.users is 'Number of users in the sum, which is the number of rows of messages that name this part.';
comment on column :schema.parts.state is 'ServerWrapper.serializePart() without its long byte strings.';
comment on column :schema.parts.bulk is 'The long byte strings of state, which are the sum.';
comment on column :schema.parts.changed_at is 'When the row was last written.';

create table :schema.messages (
  session_id uuid not null,
  round smallint not null,
  user_id bigint not null,
  digest bytea not null,
  body bytea,
  part_id uuid,
  received_at timestamptz not null default now(),
  constraint messages_pkey primary key (session_id, round, user_id),
  constraint messages_session foreign key (session_id) references :schema.sessions (session_id) on delete cascade,
  constraint messages_part foreign key (session_id, part_id) references :schema.parts (session_id, part_id)
    on delete cascade deferrable initially deferred,
  constraint messages_round_range check (round between 0 and 4),
  constraint messages_user_range check (user_id between 0 and 9007199254740991),
  constraint messages_digest_length check (octet_length(digest) = 32),
  constraint messages_masked_input_in_part check ((round = 2) = (part_id is not null)),
  constraint messages_masked_input_not_kept check ((round = 2) = (body is null))
);
alter table :schema.messages alter column body set storage external;
comment on table :schema.messages is 'Acknowledged messages of open rounds: one row a user that was heard. The row is deleted when the round is closed, because state then has the digest.';
comment on column :schema.messages.session_id is 'The session.';
comment on column :schema.messages.round is 'The round, 0 to 4.';
comment on column :schema.messages.user_id is 'The user that sent the message.';
comment on column :schema.messages.digest is 'SHA-256 of what the user signed and of the signature: the same message again is harmless, another one is equivocation.';
comment on column :schema.messages.body is 'The bytes of the message; null in round 2, in which only the sum of a part has the input.';
comment on column :schema.messages.part_id is 'In round 2, the one part whose sum has the input; null in other rounds.';
comment on column :schema.messages.received_at is 'When the message was accepted.';

create table :schema.outgoing (
  session_id uuid not null,
  round smallint not null,
  user_id bigint not null,
  same_as bigint,
  body bytea,
  constraint outgoing_pkey primary key (session_id, round, user_id),
  constraint outgoing_session foreign key (session_id) references :schema.sessions (session_id) on delete cascade,
  constraint outgoing_same_as foreign key (session_id, round, same_as) references :schema.outgoing (session_id, round, user_id)
    on delete cascade,
  constraint outgoing_round_range check (round between 1 and 4),
  constraint outgoing_user_range check (user_id between 0 and 9007199254740991),
  constraint outgoing_body_once check ((same_as is null) <> (body is null))
);
alter table :schema.outgoing alter column body set storage external;
comment on table :schema.outgoing is 'Messages for users, which the closing of a round has made.';
comment on column :schema.outgoing.session_id is 'The session.';
comment on column :schema.outgoing.round is 'The round whose message the user answers this one with, 1 to 4.';
comment on column :schema.outgoing.user_id is 'The user that receives the message.';
comment on column :schema.outgoing.same_as is 'The user whose row has the bytes, if several users are sent the same message; else null.';
comment on column :schema.outgoing.body is 'The bytes of the message; null if the row of another user has them.';
create index outgoing_same_as on :schema.outgoing (session_id, round, same_as) where same_as is not null;

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
