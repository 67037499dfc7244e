// Every statement about rounds of PET. $1 is the network where a statement asks for the present round, and the round elsewhere.
import { deletePage, type Deletion } from './deletion.ts';
import { boolean, bytes, integer, nullable, number, oneOf, statement, text, type Columns, type Statement } from './statement.ts';

export const insertNetwork: Statement<never> = statement(
  `
  insert into :schema.pet_networks (network, settings, round, round_id, phase, public_key, secret_key, seed, since)
  values ($1, $2, 1, $3::uuid, 'sum', $4::bytea, $5::bytea, $6::bytea, $7::float8)
  on conflict do nothing`,
);

export interface RoundRow {
  readonly settings: string;
  readonly round: number;
  readonly round_id: string;
  readonly phase: 'sum' | 'update' | 'sum2';
  readonly public_key: Uint8Array;
  readonly secret_key: Uint8Array;
  readonly seed: Uint8Array;
  readonly since: number;
  readonly accepted: number;
  readonly sum_participants: number;
}

const ROUND: Columns<RoundRow> = {
  settings: text,
  round: integer,
  round_id: text,
  phase: oneOf(['sum', 'update', 'sum2']),
  public_key: bytes,
  secret_key: bytes,
  seed: bytes,
  since: number,
  accepted: integer,
  sum_participants: integer,
};

export const readRound: Statement<RoundRow> = statement(
  `
  select settings, round, round_id, phase, public_key, secret_key, seed, since, accepted,
    (select count(*) from :schema.pet_sums where pet_sums.round_id = pet_networks.round_id) as sum_participants
  from :schema.pet_networks where network = $1`,
  ROUND,
);

/** A sum participant is heard: the phase is there, has room, and has not heard it. */
export const hearSum: Statement<{ readonly heard: number }> = statement(
  `
  with network as (
    update :schema.pet_networks set accepted = accepted + 1
    where network = $1 and round_id = $2::uuid and phase = 'sum' and accepted < $3::integer
      and not exists (select from :schema.pet_sums where round_id = $2::uuid and participant = $4::bytea)
    returning round_id),
  heard as (
    insert into :schema.pet_sums (round_id, participant, ephemeral_key)
    select round_id, $4::bytea, $5::bytea from network returning participant)
  select count(*) as heard from heard`,
  { heard: integer },
);

/**
 * Update participants are heard, all or none: the phase is there, has room for all, has heard none of them, and each has a seed for each sum
 * participant. The process's sum of masked models is replaced by the one that has theirs.
 */
export const hearUpdates: Statement<{ readonly heard: number; readonly totals: number }> = statement(
  `
  with messages as (
    select participant, seeds from unnest($4::bytea[], $5::bytea[]) as message (participant, seeds)),
  network as (
    update :schema.pet_networks set accepted = accepted + cardinality($4::bytea[])
    where network = $1 and round_id = $2::uuid and phase = 'update' and accepted + cardinality($4::bytea[]) <= $3::integer
      and not exists (
        select from :schema.pet_updates join messages using (participant) where round_id = $2::uuid)
      and not exists (
        select from messages
        where octet_length(seeds) <> 80 * (select count(*) from :schema.pet_sums where round_id = $2::uuid))
    returning round_id),
  heard as (
    insert into :schema.pet_updates (round_id, participant, seeds)
    select round_id, participant, seeds from network cross join messages returning participant),
  total as (
    insert into :schema.pet_totals (round_id, part_id, set_id, revision, models)
    select round_id, $6::uuid, $7::uuid, $8::integer, $9::integer from network
    on conflict (round_id, part_id) do update
    set set_id = excluded.set_id, revision = excluded.revision, models = excluded.models
    where pet_totals.revision = excluded.revision - 1
    returning part_id)
  select (select count(*) from heard) as heard, (select count(*) from total) as totals`,
  { heard: integer, totals: integer },
);

/** A sum participant's masks are heard: the phase is there, has room, knows the participant, and has not heard it. */
export const hearMask: Statement<{ readonly heard: number; readonly masks: number }> = statement(
  `
  with network as (
    update :schema.pet_networks set accepted = accepted + 1
    where network = $1 and round_id = $2::uuid and phase = 'sum2' and accepted < $3::integer
      and exists (select from :schema.pet_sums where round_id = $2::uuid and participant = $4::bytea)
      and not exists (select from :schema.pet_votes where round_id = $2::uuid and participant = $4::bytea)
    returning round_id),
  heard as (
    insert into :schema.pet_votes (round_id, participant, digest)
    select round_id, $4::bytea, $5::bytea from network returning participant),
  mask as (
    insert into :schema.pet_masks (round_id, digest, set_id)
    select round_id, $5::bytea, $6::uuid from network on conflict do nothing returning set_id)
  select (select count(*) from heard) as heard, (select count(*) from mask) as masks`,
  { heard: integer, masks: integer },
);

/** Which of some participants an update was heard of. */
export const updatesOf: Statement<{ readonly participant: Uint8Array }> = statement(
  'select participant from :schema.pet_updates where round_id = $1::uuid and participant = any ($2::bytea[])',
  { participant: bytes },
);

export const readSums: Statement<{ readonly participant: Uint8Array; readonly ephemeral_key: Uint8Array }> = statement(
  'select participant, ephemeral_key from :schema.pet_sums where round_id = $1::uuid order by participant',
  { participant: bytes, ephemeral_key: bytes },
);

/** A page of the seeds that are sealed for one sum participant. $2 is where they begin in each row, $3 the participant before the page. */
export const readSeeds: Statement<{ readonly participant: Uint8Array; readonly seed: Uint8Array }> = statement(
  `
  select participant, substring(seeds from $2::integer for 80) as seed from :schema.pet_updates
  where round_id = $1::uuid and participant > $3::bytea order by participant limit $4::integer`,
  { participant: bytes, seed: bytes },
);

export const readTotals: Statement<{ readonly set_id: string; readonly models: number }> = statement(
  'select set_id, models from :schema.pet_totals where round_id = $1::uuid order by part_id',
  { set_id: text, models: integer },
);

export const readVotes: Statement<{ readonly set_id: string; readonly votes: number }> = statement(
  `
  select set_id, count(*) as votes from :schema.pet_votes join :schema.pet_masks using (round_id, digest)
  where round_id = $1::uuid group by set_id order by votes desc`,
  { set_id: text, votes: integer },
);

export const readMask: Statement<{ readonly set_id: string }> = statement(
  'select set_id from :schema.pet_masks where round_id = $1::uuid and digest = $2::bytea',
  { set_id: text },
);

export const closePhase: Statement<{ readonly round: number }> = statement(
  `
  update :schema.pet_networks set phase = $4, since = $5::float8, accepted = 0, pending_bytes = 0
  where network = $1 and round_id = $2::uuid and phase = $3 and accepted >= $6::integer returning round`,
  { round: integer },
);

/** Ends a round whose phase has from $4 to $5 messages, and begins the next one. $11 is the set of its mean, or null. */
export const endRound: Statement<{ readonly round: number }> = statement(
  `
  with before as (
    select round, round_id, model_round_id from :schema.pet_networks
    where network = $1 and round_id = $2::uuid and phase = $3 and accepted between $4::integer and $5::integer for no key update),
  network as (
    update :schema.pet_networks set round = before.round + 1, round_id = $6::uuid, phase = 'sum', public_key = $7::bytea,
      secret_key = $8::bytea, seed = $9::bytea, since = $10::float8, accepted = 0, pending_bytes = 0,
      model_round = case when $11::uuid is null then model_round else before.round end,
      model_round_id = case when $11::uuid is null then pet_networks.model_round_id else before.round_id end,
      model_set = coalesce($11::uuid, model_set)
    from before where network = $1 returning pet_networks.round),
  ended as (
    insert into :schema.pet_ended_rounds (round_id, network)
    select round_id, $1 from before
    union select model_round_id, $1 from before where $11::uuid is not null and model_round_id is not null
    on conflict do nothing)
  select round from network`,
  { round: integer },
);

interface ModelRow {
  readonly model_round: number | null;
  readonly model_round_id: string | null;
  readonly model_set: string | null;
}

export const readModel: Statement<ModelRow> = statement(
  'select model_round, model_round_id, model_set from :schema.pet_networks where network = $1',
  { model_round: nullable(integer), model_round_id: nullable(text), model_set: nullable(text) },
);

/** Whether a participant was heard in a phase. */
export const heardIn: Statement<{ readonly participant: Uint8Array }> = statement(
  `
  select participant from :schema.pet_sums where $2::text = 'sum' and round_id = $1::uuid and participant = $3::bytea
  union all
  select participant from :schema.pet_updates where $2::text = 'update' and round_id = $1::uuid and participant = $3::bytea
  union all
  select participant from :schema.pet_votes where $2::text = 'sum2' and round_id = $1::uuid and participant = $3::bytea`,
  { participant: bytes },
);

/** Makes room for a part. */
export const reservePart: Statement<{ readonly round: number }> = statement(
  `
  update :schema.pet_networks set pending_bytes = greatest(pending_bytes + $4::bigint, 0)
  where network = $1 and round_id = $2::uuid and phase = $3 and pending_bytes + $4::bigint <= $5::bigint returning round`,
  { round: integer },
);

/** A message that is not complete. */
export interface PendingMessage {
  /** Parts that are there, and their bytes. */
  readonly parts: number;
  readonly bytes: number;
}

interface PendingRow extends PendingMessage {
  readonly message_id: number;
  /** The highest number of the parts that are there. */
  readonly highest: number;
  /** The number of the last part; null if it is not there. */
  readonly last: number | null;
}

/** The message of a participant that is not complete. */
export const readMessage: Statement<PendingRow> = statement(
  `
  select message_id, parts, bytes, highest, last from :schema.pet_messages
  where round_id = $1::uuid and phase = $2 and participant = $3::bytea`,
  { message_id: integer, parts: integer, bytes: integer, highest: integer, last: nullable(integer) },
);

export const writeMessage: Statement<never> = statement(`
  insert into :schema.pet_messages (round_id, phase, participant, message_id, parts, bytes, highest, last)
  values ($1::uuid, $2, $3::bytea, $4::integer, $5::integer, $6::bigint, $7::integer, $8::integer)
  on conflict (round_id, phase, participant) do update
  set parts = excluded.parts, bytes = excluded.bytes, highest = excluded.highest, last = excluded.last, kept = excluded.kept`);

/** Forgets the message of a participant that is not complete. */
export const dropMessage: Statement<PendingMessage> = statement(
  `
  with message as (
    delete from :schema.pet_messages where round_id = $1::uuid and phase = $2 and participant = $3::bytea
    returning parts, bytes),
  dropped as (delete from :schema.pet_message_parts where round_id = $1::uuid and phase = $2 and participant = $3::bytea)
  select parts, bytes from message`,
  { parts: integer, bytes: integer },
);

/** The participant, except $4, whose message has waited longest for a part, if that is $3 seconds or more. */
export const idlestMessage: Statement<{ readonly participant: Uint8Array }> = statement(
  `
  select participant from :schema.pet_messages
  where round_id = $1::uuid and phase = $2 and participant <> $4::bytea
    and kept <= clock_timestamp() - make_interval(secs => $3::integer)
  order by kept limit 1`,
  { participant: bytes },
);

export const insertPart: Statement<{ readonly no: number }> = statement(
  `
  insert into :schema.pet_message_parts (round_id, phase, participant, message_id, no, is_last, body)
  values ($1::uuid, $2, $3::bytea, $4::integer, $5::integer, $6::boolean, $7::bytea) on conflict do nothing returning no`,
  { no: integer },
);

export const readPart: Statement<{ readonly is_last: boolean; readonly body: Uint8Array }> = statement(
  `
  select is_last, body from :schema.pet_message_parts
  where round_id = $1::uuid and phase = $2 and participant = $3::bytea and message_id = $4::integer and no = $5::integer`,
  { is_last: boolean, body: bytes },
);

export const readEnded: Statement<{ readonly round_id: string; readonly kept_set: string | null }> = statement(
  `
  select pet_ended_rounds.round_id, case when model_round_id = pet_ended_rounds.round_id then model_set end as kept_set
  from :schema.pet_ended_rounds join :schema.pet_networks using (network) where network = $1`,
  { round_id: text, kept_set: nullable(text) },
);

export const deleteEnded: Statement<never> = statement(
  'delete from :schema.pet_ended_rounds where network = $1 and round_id = $2::uuid',
);

/** Delete what a round leaves. */
export const DELETE_PAGES: readonly Deletion[] = [
  deletePage('pet_sums', 'round_id', 10_000),
  deletePage('pet_updates', 'round_id', 1_000),
  deletePage('pet_totals', 'round_id', 10_000),
  deletePage('pet_votes', 'round_id', 10_000),
  deletePage('pet_masks', 'round_id', 10_000),
  deletePage('pet_messages', 'round_id', 10_000),
  deletePage('pet_message_parts', 'round_id', 4),
];
