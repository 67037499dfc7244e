// Every statement about the runs of a coordinator, except those about their participants. $1 is the task wherever there is one.
import { bytes, integer, nullable, number, oneOf, statement, text, type Columns, type Statement } from './statement.ts';

/** Service time moves by as much as the clock has moved, by 5 seconds at most, and never back. */
export const heartbeat: Statement<{ readonly milliseconds: number }> = statement(
  `
  update :schema.service_time set
    milliseconds = milliseconds + least(greatest(1000 * extract(epoch from clock_timestamp() - read_at)::float8, 0), 5000),
    read_at = clock_timestamp()
  where only_row returning milliseconds`,
  { milliseconds: number },
);

export interface RunRow {
  readonly document: string;
  readonly sum: Uint8Array | null;
  readonly sum_bits: number | null;
}

const RUN: Columns<RunRow> = { document: text, sum: nullable(bytes), sum_bits: nullable(integer) };
const RUN_COLUMNS = 'document::text as document, sum, sum_bits';

export const insertTask: Statement<never> = statement(
  'insert into :schema.tasks (task) values ($1) on conflict (task) do nothing',
);

/** Locks the task's row, so that two runs of it are not created at once. */
export const raiseRun: Statement<{ readonly sums: number }> = statement(
  'update :schema.tasks set highest_run = $2 where task = $1 and highest_run < $2 returning sums',
  { sums: integer },
);

/** Counts a run that ends. Locks the task's row before that of the run, as its creation does. @returns sums before. */
export const countSum: Statement<{ readonly sums: number }> = statement(
  'update :schema.tasks set sums = sums + $2::int where task = $1 returning sums - $2::int as sums',
  { sums: integer },
);

export const insertRun: Statement<{ readonly run: number }> = statement(
  `
  insert into :schema.runs (task, run, source, revision, stage, document, sums_before)
  values ($1, $2, $3, $4, $5, $6::jsonb, $7) on conflict do nothing returning run`,
  { run: integer },
);

export const readRun: Statement<RunRow> = statement(`select ${RUN_COLUMNS} from :schema.runs where task = $1 and run = $2`, RUN);

export interface RunSlot {
  readonly task: string;
  readonly source: string;
}

export type OpenRunRow = RunSlot & RunRow;

/** $1 are tasks, $2 the source of each. */
export const readOpenRunsOf: Statement<OpenRunRow> = statement(
  `
  select task, source, ${RUN_COLUMNS}
  from unnest($1::text[], $2::text[]) as asked (task, source) join :schema.runs using (task, source) where ended_at is null`,
  { task: text, source: text, ...RUN },
);

export const readOpenRuns: Statement<RunRow> = statement(
  `select ${RUN_COLUMNS} from :schema.runs where ended_at is null order by task, run`,
  RUN,
);

const STAGES = ['check-in', 'training', 'draw', 'session', 'finished', 'failed'] as const;

export const lockRun: Statement<{
  readonly revision: number;
  readonly stage: (typeof STAGES)[number];
  readonly sums_before: number;
}> = statement('select revision, stage, sums_before from :schema.runs where task = $1 and run = $2 for no key update', {
  revision: integer,
  stage: oneOf(STAGES),
  sums_before: integer,
});

export const updateRun: Statement<never> = statement(
  `
  update :schema.runs set revision = $3, stage = $4, document = $5::jsonb
  where task = $1 and run = $2`,
);

export const endRun: Statement<never> = statement(
  `
  update :schema.runs set revision = $3, stage = $4, document = $5::jsonb, sum = $6::bytea,
    sum_bits = $7::smallint, ended_at = $8::float8
  where task = $1 and run = $2`,
);

export const updateEnrolment: Statement<never> = statement(
  'update :schema.runs set enrolment = $3::bytea where task = $1 and run = $2',
);

export const readEnrolment: Statement<{ readonly enrolment: Uint8Array | null }> = statement(
  'select enrolment from :schema.runs where task = $1 and run = $2',
  { enrolment: nullable(bytes) },
);

export interface SessionRow {
  readonly document: string;
  readonly sum: Uint8Array | null;
  readonly sum_bits: number | null;
}

const SESSION: Columns<SessionRow> = { document: text, sum: nullable(bytes), sum_bits: nullable(integer) };

export const deleteSessions: Statement<never> = statement('delete from :schema.run_sessions where task = $1 and run = $2');

export const insertSession: Statement<never> = statement(
  `
  insert into :schema.run_sessions (task, run, index, revision, attempt, document, roster)
  values ($1, $2, $3, $4, $5, $6::jsonb, $7::bytea)`,
);

export const readSession: Statement<SessionRow> = statement(
  'select document::text as document, sum, sum_bits from :schema.run_sessions where task = $1 and run = $2 and index = $3',
  SESSION,
);

export const readRoster: Statement<{ readonly roster: Uint8Array }> = statement(
  'select roster from :schema.run_sessions where task = $1 and run = $2 and index = $3 and attempt = $4',
  { roster: bytes },
);

export const readCertificate: Statement<{ readonly certificate: string | null }> = statement(
  'select certificate from :schema.run_sessions where task = $1 and run = $2 and index = $3',
  { certificate: nullable(text) },
);

export const readOpenSessions: Statement<{ readonly index: number }> = statement(
  'select index from :schema.run_sessions where task = $1 and run = $2 and not has_ended order by index',
  { index: integer },
);

export const replaceSession: Statement<{ readonly index: number }> = statement(
  `
  update :schema.run_sessions set revision = $4, document = $6::jsonb, has_ended = $7, sum = $8::bytea, sum_bits = $9::smallint,
    certificate = coalesce($10::text, certificate)
  where task = $1 and run = $2 and index = $3 and revision = $4::bigint - 1 and attempt = $5 returning index`,
  { index: integer },
);

export const dropSums: Statement<never> = statement(
  'update :schema.run_sessions set sum = null, sum_bits = null where task = $1 and run = $2 and sum is not null',
);

export const deleteRunsBefore: Statement<never> = statement(
  `
  with gone as (delete from :schema.runs where task = $1 and ended_at <= $2::float8 returning task, run),
    sessions as (delete from :schema.run_sessions using gone where run_sessions.task = gone.task and run_sessions.run = gone.run),
    counts as (delete from :schema.run_counts using gone where run_counts.task = gone.task and run_counts.run = gone.run)
  delete from :schema.participants using gone where participants.task = gone.task and participants.run = gone.run`,
);

export const raiseRevocationList: Statement<never> = statement(
  `
  insert into :schema.revocation_lists (registrar, number, list) values ($1, $2, $3)
  on conflict (registrar) do update set number = excluded.number, list = excluded.list
  where revocation_lists.number < excluded.number`,
);

export const readRevocationList: Statement<{ readonly list: Uint8Array }> = statement(
  'select list from :schema.revocation_lists where registrar = $1 and number > $2',
  { list: bytes },
);

export interface RequestRow {
  readonly sequence: number;
  readonly digest: Uint8Array;
}

const REQUEST: Columns<RequestRow> = { sequence: integer, digest: bytes };

export const readRequest: Statement<RequestRow> = statement(
  'select sequence, digest from :schema.requests where task = $1 and sender = $2',
  REQUEST,
);

export interface RequestSlot {
  readonly task: string;
  readonly sender: string;
}

export type KeyedRequestRow = RequestSlot & RequestRow;

/** $1 are tasks, $2 the sender of each. */
export const readRequestsOf: Statement<KeyedRequestRow> = statement(
  `
  select task, sender, sequence, digest
  from unnest($1::text[], $2::text[]) as asked (task, sender) join :schema.requests using (task, sender)`,
  { task: text, sender: text, ...REQUEST },
);

export const noteRequest: Statement<RequestRow> = statement(
  `
  insert into :schema.requests (task, sender, sequence, digest, epoch) values ($1, $2, $3, $4, $5)
  on conflict (task, sender) do update set sequence = excluded.sequence, digest = excluded.digest, epoch = excluded.epoch
  where requests.sequence < excluded.sequence returning sequence, digest`,
  REQUEST,
);

export const deleteRequests: Statement<never> = statement('delete from :schema.requests where epoch < $1');
