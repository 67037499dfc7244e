// Sessions of servers, and the sealed states of users. A migration that was released is never changed.
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
-- What is in it is encrypted, masked or hashed: no compression makes it smaller.
alter table :schema.sessions alter column bulk set storage external;
comment on table :schema.sessions is 'One row a session of secure aggregation: the server''s state at the start of the round that is being collected, or at the end. No secret is in it.';
comment on column :schema.sessions.session_id is 'Made by create(); in every table and statement, so that it can be the distribution column.';
comment on column :schema.sessions.status is 'collecting: a round is open. finished: the sum is in state and bulk. failed: the protocol ended it, state says why. aborted: by the application. expired: expires_at passed before the end.';
comment on column :schema.sessions.round is 'The round being collected, 0 to 4, or in which the session ended; 5 where it is finished.';
comment on column :schema.sessions.state is 'ServerWrapper.serializeState(), without its long byte strings; null once aborted or expired.';
comment on column :schema.sessions.bulk is 'The long byte strings of state, one after the other; state says which part belongs where.';
comment on column :schema.sessions.reason is 'Why the application aborted the session.';
comment on column :schema.sessions.expires_at is 'From then on nothing is accepted, and sweep() drops what was collected; null: never.';
comment on column :schema.sessions.created_at is 'When the session was made.';
comment on column :schema.sessions.changed_at is 'When state was written last: when the last round was closed.';
comment on column :schema.sessions.ended_at is 'When it was finished, failed, aborted or expired.';
comment on column :schema.sessions.tidied_at is 'When sweep(), or the end itself, dropped the messages for users.';
create index sessions_to_expire on :schema.sessions (expires_at) where status = 'collecting' and expires_at is not null;
create index sessions_to_tidy on :schema.sessions (ended_at) where ended_at is not null and tidied_at is null;
create index sessions_ended on :schema.sessions (ended_at) where ended_at is not null;

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
comment on table :schema.parts is 'Partial sums of the masked inputs of a round that is being collected. One row a process that hears users of the session; replaced with every group commit, deleted when the round is closed.';
comment on column :schema.parts.session_id is 'The session.';
comment on column :schema.parts.part_id is 'Which sum in the memory of which process it is a copy of; made at random.';
comment on column :schema.parts.round is 'The round of the inputs: always 2, the other rounds have no sums.';
comment on column :schema.parts.revision is 'How often it was written; a write states the revision that it replaces.';
comment on column :schema.parts.users is 'How many users are in the sum: as many as rows of messages name this part.';
comment on column :schema.parts.state is 'ServerWrapper.serializePart(), without its long byte strings.';
comment on column :schema.parts.bulk is 'The long byte strings of state: the sum.';
comment on column :schema.parts.changed_at is 'When it was written last.';

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
comment on table :schema.messages is 'Who has been heard in the round that is being collected: a row is an acknowledged message. Deleted when the round is closed, for state then has the digests.';
comment on column :schema.messages.session_id is 'The session.';
comment on column :schema.messages.round is 'The round, 0 to 4.';
comment on column :schema.messages.user_id is 'The sender.';
comment on column :schema.messages.digest is 'What tells the message from any other (SHA-256): the same again is harmless, another one is equivocation.';
comment on column :schema.messages.body is 'The message as it came; null in round 2, where it is in the sum of a part and nowhere else.';
comment on column :schema.messages.part_id is 'In round 2: the one partial sum that the message is in.';
comment on column :schema.messages.received_at is 'When it was accepted.';

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
comment on table :schema.outgoing is 'What users are sent, as the closing of a round has made it.';
comment on column :schema.outgoing.session_id is 'The session.';
comment on column :schema.outgoing.round is 'The round that the user answers with its next message, 1 to 4.';
comment on column :schema.outgoing.user_id is 'The receiver.';
comment on column :schema.outgoing.same_as is 'The user whose row has the bytes, where several are sent the same.';
comment on column :schema.outgoing.body is 'The message.';
create index outgoing_same_as on :schema.outgoing (session_id, round, same_as) where same_as is not null;

create table :schema.user_states (
  session text not null,
  user_id bigint not null,
  revision bigint not null,
  answered boolean not null,
  sealed bytea,
  changed_at timestamptz not null default now(),
  constraint user_states_pkey primary key (session, user_id),
  constraint user_states_session_length check (octet_length(session) between 1 and 1000),
  constraint user_states_user_range check (user_id between 0 and 9007199254740991),
  constraint user_states_revision_range check (revision between 0 and 9007199254740991),
  constraint user_states_sealed_length check (octet_length(sealed) > 40)
);
alter table :schema.user_states alter column sealed set storage external;
comment on table :schema.user_states is 'States of users, sealed: without the application''s key nothing can be read or changed unnoticed.';
comment on column :schema.user_states.session is 'The session, as the application calls it.';
comment on column :schema.user_states.user_id is 'The user.';
comment on column :schema.user_states.revision is 'Revision of the state; only grows.';
comment on column :schema.user_states.answered is 'Whether the user has answered the unmasking round, which it does once; never false again.';
comment on column :schema.user_states.sealed is 'UserWrapper.serializeState() under XChaCha20-Poly1305 (nonce, ciphertext, tag), bound to table, session, user and revision; null once forgotten.';
comment on column :schema.user_states.changed_at is 'When it was saved last.';
`,
};
