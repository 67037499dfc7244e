// Every statement about the participants of a coordinator's runs. $1 is the task, $2 the run.
import { bytes, integer, nullable, oneOf, statement, text, type Columns, type Statement } from './statement.ts';

const STATUSES = ['checked-in', 'ready', 'left'] as const;

export interface ParticipantRow {
  readonly status: (typeof STATUSES)[number];
  readonly session: number | null;
  readonly refused: number;
  readonly certificate: Uint8Array;
}

const PARTICIPANT: Columns<ParticipantRow> = {
  status: oneOf(STATUSES),
  session: nullable(integer),
  refused: integer,
  certificate: bytes,
};

/** Locks the row, because whoever says that it is ready, or leaves, does not lock the run's. */
export const lockParticipant: Statement<ParticipantRow> = statement(
  'select status, session, refused, certificate from :schema.participants where task = $1 and run = $2 and id = $3 for update',
  PARTICIPANT,
);

export type KeyedParticipantRow = ParticipantRow & { readonly task: string; readonly run: number; readonly id: number };

/** $1 are tasks, $2 the run of each, $3 the id of the participant. */
export const readParticipantsOf: Statement<KeyedParticipantRow> = statement(
  `
  select task, run, id, status, session, refused, certificate
  from unnest($1::text[], $2::bigint[], $3::bigint[]) as asked (task, run, id) join :schema.participants using (task, run, id)`,
  { task: text, run: integer, id: integer, ...PARTICIPANT },
);

/**
 * Participants of a run are counted in so many rows, by their ids: those who are ready at once do not wait for one row. A transaction changes
 * these rows last, after those of participants, so that two transactions never wait for each other.
 */
const PARTS = 16;

const COUNTED = ['task', 'run', 'id', 'status', 'is_excluded'].join(', ');

/**
 * Counts participants that a statement changes.
 *
 * @param was a query of their rows before. @param is a query of them after.
 */
const counting = (was: string, is: string): string => `
  insert into :schema.run_counts as counts (task, run, part, checked_in, selected, ready)
  select task, run, id % ${PARTS} as part, coalesce(sum(sign) filter (where status <> 'left'), 0),
    coalesce(sum(sign) filter (where status = 'checked-in' and not is_excluded), 0),
    coalesce(sum(sign) filter (where status = 'ready' and not is_excluded), 0)
  from (select -1 as sign, was.* from (${was}) as was union all select 1, now.* from (${is}) as now) as changed
  group by task, run, part order by part
  on conflict (task, run, part) do update set checked_in = counts.checked_in + excluded.checked_in,
    selected = counts.selected + excluded.selected, ready = counts.ready + excluded.ready`;

/** Changes participants, and counts them. @param which of them. @param status after. @param isExcluded after. @returns SQL with the CTE `before`. */
const changing = (which: string, status: string, isExcluded = 'is_excluded'): string => `
  with before as (select ${COUNTED} from :schema.participants where ${which} for update),
    present as (select task, run, id, ${status} as status, ${isExcluded} as is_excluded from before),
    written as (
      update :schema.participants set status = present.status, is_excluded = present.is_excluded
      from present where participants.task = present.task and participants.run = present.run and participants.id = present.id),
    counted as (${counting('select * from before', 'select * from present')})`;

/** Enters a participant in place of its entry, if there is room. The run's row is locked. */
export const insertParticipant: Statement<ParticipantRow> = statement(
  `
  with before as (select ${COUNTED} from :schema.participants where task = $1 and run = $2 and id = $3 for update),
    entered as (
      insert into :schema.participants (task, run, id, certificate)
      select $1, $2, $3, $4
      where (select coalesce(sum(checked_in), 0) from :schema.run_counts where task = $1 and run = $2)
        - (select count(*) from before where status <> 'left') < $5
      on conflict (task, run, id) do update
        set status = 'checked-in', session = null, refused = 0, certificate = excluded.certificate
      returning *),
    counted as (${counting('select before.* from before join entered using (id)', `select ${COUNTED} from entered`)})
  select status, session, refused, certificate from entered`,
  PARTICIPANT,
);

export const setReady: Statement<{ readonly id: number }> = statement(
  `${changing(
    `task = $1 and run = $2 and id = $3 and certificate = $4 and (status = 'ready' or status = 'checked-in' and exists (
      select 1 from :schema.runs where runs.task = $1 and runs.run = $2 and runs.stage = 'training'))`,
    `'ready'`,
  )}
  select id from before`,
  { id: integer },
);

export const setLeft: Statement<never> = statement(
  `${changing('task = $1 and run = $2 and id = $3 and certificate = $4', `'left'`)}
  select 1`,
);

/** $3 take no further part, and if $4, those who are ready must say so again. */
export const beginAgain: Statement<never> = statement(
  `${changing(
    `task = $1 and run = $2 and (id = any ($3::bigint[]) and not is_excluded or $4::boolean and status = 'ready')`,
    `case when $4::boolean and status = 'ready' then 'checked-in' else status end`,
    'is_excluded or id = any ($3::bigint[])',
  )}
  select 1`,
);

export const setRefused: Statement<never> = statement(
  'update :schema.participants set refused = $5 where task = $1 and run = $2 and id = $3 and certificate = $4',
);

/** By an index of those that have left a run or an attempt. */
export const readLeft: Statement<{ readonly id: number }> = statement(
  `
  select id from :schema.participants
  where task = $1 and run = $2 and session = $3 and (status = 'left' or refused > 0) and (status = 'left' or refused = $4)
  order by id`,
  { id: integer },
);

export const countParticipants: Statement<{
  readonly checked_in: number;
  readonly selected: number;
  readonly ready: number;
}> = statement(
  `
  select coalesce(sum(checked_in), 0)::bigint as checked_in, coalesce(sum(selected), 0)::bigint as selected,
    coalesce(sum(ready), 0)::bigint as ready
  from :schema.run_counts where task = $1 and run = $2`,
  { checked_in: integer, selected: integer, ready: integer },
);

export const readParticipants: Statement<ParticipantRow> = statement(
  'select status, session, refused, certificate from :schema.participants where task = $1 and run = $2 order by id',
  PARTICIPANT,
);

export const forgetMembers: Statement<never> = statement(
  'update :schema.participants set session = null where task = $1 and run = $2 and session is not null',
);

export const setMembers: Statement<never> = statement(
  'update :schema.participants set session = $3 where task = $1 and run = $2 and id = any ($4::bigint[])',
);
