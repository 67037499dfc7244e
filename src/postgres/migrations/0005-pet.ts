// Rounds of PET. Once it is released, a migration is never changed.
import type { Migration } from '../migration.ts';

export const MIGRATION_0005: Migration = {
  version: 5,
  name: 'pet',
  breaking: false,
  sql: `
create table :schema.pet_networks (
  network text not null,
  settings text not null,
  round integer not null,
  round_id uuid not null,
  phase text not null,
  public_key bytea not null,
  secret_key bytea not null,
  seed bytea not null,
  since float8 not null,
  accepted integer not null default 0,
  pending_bytes bigint not null default 0,
  model_round integer,
  model_round_id uuid,
  model_set uuid,
  constraint pet_networks_pkey primary key (network),
  constraint pet_networks_phase_known check (phase in ('sum', 'update', 'sum2')),
  constraint pet_networks_lengths check (octet_length(public_key) = 32 and octet_length(secret_key) = 32 and octet_length(seed) = 32),
  constraint pet_networks_counts check (round > 0 and accepted >= 0 and pending_bytes >= 0),
  constraint pet_networks_model_whole check ((model_round is null) = (model_set is null) and (model_round is null) = (model_round_id is null))
);
comment on table :schema.pet_networks is 'The present round of each network of PET. CONTAINS A SECRET: the key of the round, which opens its messages.';
comment on column :schema.pet_networks.network is 'Name of the network, which the application gives.';
comment on column :schema.pet_networks.settings is 'What all processes must agree on: probabilities, mask configurations and the length of models, as JSON.';
comment on column :schema.pet_networks.round is 'Number of the round, from 1.';
comment on column :schema.pet_networks.round_id is 'Random id of the round, under which its rows are.';
comment on column :schema.pet_networks.phase is 'What is collected now.';
comment on column :schema.pet_networks.public_key is 'X25519 public key of the round.';
comment on column :schema.pet_networks.secret_key is 'SECRET. X25519 secret key of the round; it is overwritten when the round ends.';
comment on column :schema.pet_networks.seed is 'Seed of the round, which participants sign.';
comment on column :schema.pet_networks.since is 'Service time at which the phase began, in milliseconds.';
comment on column :schema.pet_networks.accepted is 'Messages of the phase that were accepted.';
comment on column :schema.pet_networks.pending_bytes is 'Bytes of messages of the phase of which parts are missing.';
comment on column :schema.pet_networks.model_round is 'Number of the last round that gave a mean.';
comment on column :schema.pet_networks.model_round_id is 'Id of that round.';
comment on column :schema.pet_networks.model_set is 'The set of chunks with that mean.';

create table :schema.pet_ended_rounds (
  network text not null,
  round_id uuid not null,
  constraint pet_ended_rounds_pkey primary key (network, round_id)
);
comment on table :schema.pet_ended_rounds is 'Rounds whose rows are to be deleted.';
comment on column :schema.pet_ended_rounds.round_id is 'The round.';
comment on column :schema.pet_ended_rounds.network is 'Its network.';

create table :schema.pet_sums (
  round_id uuid not null,
  participant bytea not null,
  ephemeral_key bytea not null,
  constraint pet_sums_pkey primary key (round_id, participant),
  constraint pet_sums_lengths check (octet_length(participant) = 32 and octet_length(ephemeral_key) = 32)
);
comment on table :schema.pet_sums is 'Sum participants: one row a message that was accepted in the sum phase.';
comment on column :schema.pet_sums.round_id is 'The round.';
comment on column :schema.pet_sums.participant is 'Ed25519 public key of the participant.';
comment on column :schema.pet_sums.ephemeral_key is 'X25519 public key for which seeds are sealed.';

create table :schema.pet_updates (
  round_id uuid not null,
  participant bytea not null,
  seeds bytea not null,
  constraint pet_updates_pkey primary key (round_id, participant),
  constraint pet_updates_lengths check (octet_length(participant) = 32 and octet_length(seeds) % 80 = 0)
);
alter table :schema.pet_updates alter column seeds set storage external;
comment on table :schema.pet_updates is 'Update participants: one row a message that was accepted in the update phase. The masked models are in the sums of pet_totals.';
comment on column :schema.pet_updates.round_id is 'The round.';
comment on column :schema.pet_updates.participant is 'Ed25519 public key of the participant.';
comment on column :schema.pet_updates.seeds is 'The seed of its mask, sealed for each sum participant (80 bytes), in the order of their keys.';

create table :schema.pet_totals (
  round_id uuid not null,
  part_id uuid not null,
  set_id uuid not null,
  revision integer not null,
  models integer not null,
  constraint pet_totals_pkey primary key (round_id, part_id),
  constraint pet_totals_range check (revision > 0 and models > 0)
);
comment on table :schema.pet_totals is 'Sums of masked models: one row for what one process has accepted.';
comment on column :schema.pet_totals.round_id is 'The round.';
comment on column :schema.pet_totals.part_id is 'Random id, which a process takes for each round.';
comment on column :schema.pet_totals.set_id is 'The set of chunks with the sum. Each write makes a new set and flips this pointer.';
comment on column :schema.pet_totals.revision is 'How often the row was written.';
comment on column :schema.pet_totals.models is 'Masked models in the sum.';

create table :schema.pet_votes (
  round_id uuid not null,
  participant bytea not null,
  digest bytea not null,
  constraint pet_votes_pkey primary key (round_id, participant),
  constraint pet_votes_lengths check (octet_length(participant) = 32 and octet_length(digest) = 32)
);
comment on table :schema.pet_votes is 'Which sum of masks each sum participant sent: one row a message that was accepted in the sum2 phase.';
comment on column :schema.pet_votes.round_id is 'The round.';
comment on column :schema.pet_votes.participant is 'Ed25519 public key of the participant.';
comment on column :schema.pet_votes.digest is 'SHA-256 of the mask object.';

create table :schema.pet_masks (
  round_id uuid not null,
  digest bytea not null,
  set_id uuid not null,
  constraint pet_masks_pkey primary key (round_id, digest),
  constraint pet_masks_digest_length check (octet_length(digest) = 32)
);
comment on table :schema.pet_masks is 'The sums of masks that were sent, each once.';
comment on column :schema.pet_masks.round_id is 'The round.';
comment on column :schema.pet_masks.digest is 'SHA-256 of the mask object.';
comment on column :schema.pet_masks.set_id is 'The set of chunks with the mask object.';

create table :schema.pet_messages (
  round_id uuid not null,
  phase text not null,
  participant bytea not null,
  message_id integer not null,
  parts integer not null,
  bytes bigint not null,
  highest integer not null,
  last integer,
  kept timestamptz not null default clock_timestamp(),
  constraint pet_messages_pkey primary key (round_id, phase, participant),
  constraint pet_messages_range check (message_id between 0 and 65535 and highest between 0 and 65535)
) with (fillfactor = 50);
comment on table :schema.pet_messages is 'Messages that are not complete yet, one of a participant: their first part is there.';
comment on column :schema.pet_messages.round_id is 'The round.';
comment on column :schema.pet_messages.phase is 'The phase that the message is for.';
comment on column :schema.pet_messages.participant is 'Ed25519 public key of the participant.';
comment on column :schema.pet_messages.message_id is 'Number of the message, which the participant gave it.';
comment on column :schema.pet_messages.parts is 'Parts that are there.';
comment on column :schema.pet_messages.bytes is 'Bytes of these parts.';
comment on column :schema.pet_messages.highest is 'The highest number of these parts.';
comment on column :schema.pet_messages.last is 'The number of the last part; null if that is not there.';
comment on column :schema.pet_messages.kept is 'When the newest part came.';

create table :schema.pet_message_parts (
  round_id uuid not null,
  phase text not null,
  participant bytea not null,
  message_id integer not null,
  no integer not null,
  is_last boolean not null,
  body bytea not null,
  constraint pet_message_parts_pkey primary key (round_id, phase, participant, message_id, no),
  constraint pet_message_parts_range check (message_id between 0 and 65535 and no between 0 and 65535 and octet_length(body) > 0)
);
alter table :schema.pet_message_parts alter column body set storage external;
comment on table :schema.pet_message_parts is 'Parts of messages that are not complete yet. Parts of one message may come to several processes.';
comment on column :schema.pet_message_parts.round_id is 'The round.';
comment on column :schema.pet_message_parts.phase is 'The phase that the message is for.';
comment on column :schema.pet_message_parts.participant is 'Ed25519 public key of the participant.';
comment on column :schema.pet_message_parts.message_id is 'Number of the message.';
comment on column :schema.pet_message_parts.no is 'Number of the part, from 0.';
comment on column :schema.pet_message_parts.is_last is 'Whether it is the last part.';
comment on column :schema.pet_message_parts.body is 'The bytes.';

comment on column :schema.chunks.session_id is 'The session, or the round of PET.';
`,
};
