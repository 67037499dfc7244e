// Runs of a coordinator, who takes part in them, and service time. Once it is released, a migration is never changed.
import type { Migration } from '../migration.ts';

export const MIGRATION_0002: Migration = {
  version: 2,
  name: 'coordinator',
  breaking: false,
  sql: `
create table :schema.service_time (
  only_row boolean primary key default true check (only_row),
  milliseconds float8 not null default 0,
  read_at timestamptz not null default clock_timestamp()
);
comment on table :schema.service_time is 'How long the coordinator has been there for its participants. One row.';
comment on column :schema.service_time.only_row is 'Always true, so that there is one row.';
comment on column :schema.service_time.milliseconds is 'Service time. It moves with the clock of the database, by 5 seconds at most for each reading.';
comment on column :schema.service_time.read_at is 'When it was read last.';
insert into :schema.service_time default values;

create table :schema.tasks (
  task text not null,
  highest_run bigint not null default -1,
  sums bigint not null default 0,
  constraint tasks_pkey primary key (task)
);
comment on table :schema.tasks is 'Tasks of a coordinator that have had runs.';
comment on column :schema.tasks.task is 'Digest of the task, 64 hexadecimal digits.';
comment on column :schema.tasks.highest_run is 'The highest number that a run of the task had.';
comment on column :schema.tasks.sums is 'Runs of the task that have ended with a sum.';

create table :schema.runs (
  task text not null,
  run bigint not null,
  source text not null,
  revision bigint not null,
  stage text not null,
  document jsonb not null,
  enrolment bytea,
  sum bytea,
  sum_bits smallint,
  ended_at float8,
  sums_before bigint not null,
  constraint runs_pkey primary key (task, run),
  constraint runs_stage_known check (stage in ('check-in', 'training', 'draw', 'session', 'finished', 'failed')),
  constraint runs_ended check ((stage in ('finished', 'failed')) = (ended_at is not null)),
  constraint runs_sum_if_finished check ((stage = 'finished') = (sum is not null)),
  constraint runs_sum_bits check ((sum is null) = (sum_bits is null) and sum_bits in (32, 64))
);
alter table :schema.runs alter column sum set storage external, alter column enrolment set storage external;
create unique index runs_open on :schema.runs (task, source) where ended_at is null;
comment on table :schema.runs is 'Runs of a coordinator. They hold no secret.';
comment on column :schema.runs.task is 'Digest of the task, 64 hexadecimal digits.';
comment on column :schema.runs.run is 'Number of the run, which the publisher gave.';
comment on column :schema.runs.source is 'The data source that the run asks about. One run a source goes on.';
comment on column :schema.runs.revision is 'Grows with every change.';
comment on column :schema.runs.stage is 'check-in: participants come. training: they load their inputs. draw: the seed of the cohorts is to come. session: the five rounds. finished: there is a sum. failed: there is none.';
comment on column :schema.runs.document is 'All of the run except enrolment and sum.';
comment on column :schema.runs.enrolment is 'Ids of those who are enrolled in the present attempt, for the draw of its cohorts.';
comment on column :schema.runs.sum is 'The sum: components of sum_bits bits, little-endian.';
comment on column :schema.runs.sum_bits is 'Bits of each component of the sum, 32 or 64.';
comment on column :schema.runs.ended_at is 'Service time of the end, in milliseconds.';
comment on column :schema.runs.sums_before is 'Runs of its task that had ended with a sum when it was opened.';

create table :schema.run_sessions (
  task text not null,
  run bigint not null,
  index integer not null,
  revision bigint not null,
  attempt bigint not null,
  document jsonb not null,
  roster bytea not null,
  certificate text,
  has_ended boolean not null default false,
  sum bytea,
  sum_bits smallint,
  constraint run_sessions_pkey primary key (task, run, index),
  constraint run_sessions_sum_if_ended check (sum is null or has_ended),
  constraint run_sessions_sum_bits check ((sum is null) = (sum_bits is null) and sum_bits in (32, 64))
);
alter table :schema.run_sessions alter column sum set storage external, alter column roster set storage external;
comment on table :schema.run_sessions is 'Sessions of the present attempt of each run: one, or one for each cohort.';
comment on column :schema.run_sessions.task is 'Digest of the task.';
comment on column :schema.run_sessions.run is 'Number of the run.';
comment on column :schema.run_sessions.index is 'Index of the session in the attempt, from 0.';
comment on column :schema.run_sessions.revision is 'Grows with every change.';
comment on column :schema.run_sessions.attempt is 'Number of the attempt, from 1.';
comment on column :schema.run_sessions.document is 'All of the session except what grows with the number of its participants, and the sum.';
comment on column :schema.run_sessions.roster is 'Certificates and revocation list, as participants get them.';
comment on column :schema.run_sessions.certificate is 'From round 4 on, what auditors are given.';
comment on column :schema.run_sessions.has_ended is 'Whether there is a sum, or an error.';
comment on column :schema.run_sessions.sum is 'The sum, until the run has ended: components of sum_bits bits, little-endian.';
comment on column :schema.run_sessions.sum_bits is 'Bits of each component of the sum, 32 or 64.';

create table :schema.participants (
  task text not null,
  run bigint not null,
  id bigint not null,
  status text not null default 'checked-in',
  session integer,
  refused bigint not null default 0,
  is_excluded boolean not null default false,
  certificate bytea not null,
  constraint participants_pkey primary key (task, run, id),
  constraint participants_status_known check (status in ('checked-in', 'ready', 'left'))
);
create index participants_left on :schema.participants (task, run, session) where status = 'left' or refused > 0;
comment on table :schema.participants is 'Who takes part in which run.';
comment on column :schema.participants.task is 'Digest of the task.';
comment on column :schema.participants.run is 'Number of the run.';
comment on column :schema.participants.id is 'Id of the participant.';
comment on column :schema.participants.status is 'checked-in: it has come. ready: its input is loaded. left: it takes no further part.';
comment on column :schema.participants.session is 'Index of the session that it is in, or was in last.';
comment on column :schema.participants.refused is 'The newest attempt in which it takes no part; 0 if there was none.';
comment on column :schema.participants.is_excluded is 'Whether it takes part in no later attempt.';
comment on column :schema.participants.certificate is 'Its certificate.';

create table :schema.run_counts (
  task text not null,
  run bigint not null,
  part smallint not null,
  checked_in bigint not null,
  selected bigint not null,
  ready bigint not null,
  constraint run_counts_pkey primary key (task, run, part)
) with (fillfactor = 50);
comment on table :schema.run_counts is 'How many participants a run has, in some rows whose sums count. They change with the rows of participants.';
comment on column :schema.run_counts.task is 'Digest of the task.';
comment on column :schema.run_counts.run is 'Number of the run.';
comment on column :schema.run_counts.part is 'Which of the rows: the remainder of the ids that it counts.';
comment on column :schema.run_counts.checked_in is 'Participants that have not left.';
comment on column :schema.run_counts.selected is 'Those of them that are not ready, and not excluded.';
comment on column :schema.run_counts.ready is 'Those of them that are ready, and not excluded.';

create table :schema.revocation_lists (
  registrar text not null,
  number bigint not null,
  list bytea not null,
  constraint revocation_lists_pkey primary key (registrar)
);
alter table :schema.revocation_lists alter column list set storage external;
comment on table :schema.revocation_lists is 'The newest revocation list of each registrar. Processes check its signature.';
comment on column :schema.revocation_lists.registrar is 'Digest of the key and the scope of the registrar, 64 hexadecimal digits.';
comment on column :schema.revocation_lists.number is 'Number of the list.';
comment on column :schema.revocation_lists.list is 'The list itself, signed by the registrar.';

create table :schema.requests (
  task text not null,
  sender text not null,
  sequence bigint not null,
  digest bytea not null,
  epoch bigint not null,
  constraint requests_pkey primary key (task, sender)
);
create index requests_epoch on :schema.requests (epoch);
comment on table :schema.requests is 'The last request of each participant with one key that changed something, so that an older one is refused.';
comment on column :schema.requests.task is 'Digest of the task.';
comment on column :schema.requests.sender is 'Id of the participant, and its key.';
comment on column :schema.requests.sequence is 'Number of the request.';
comment on column :schema.requests.digest is 'Digest of the request, 32 bytes.';
comment on column :schema.requests.epoch is 'Epoch of the token with which it came. The row is deleted a little over a week later.';
`,
};
