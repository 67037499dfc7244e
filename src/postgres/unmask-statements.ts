// Every statement about the tasks of unmasking. $1 is the session, $2 the token of its closing.
import { integer, nullable, statement, text, type Statement } from './statement.ts';

interface TaskRow {
  readonly first: number;
  readonly last: number;
  /** The chunks of its sum; null until it is done. */
  readonly set_id: string | null;
}

const TASK = { first: integer, last: integer };

export const insertTasks: Statement<{ readonly first: number }> = statement(
  `
  insert into :schema.unmask_tasks (session_id, token, first, last)
  select $1::uuid, $2::uuid, first, last from unnest($3::integer[], $4::integer[]) as task (first, last)
  where exists (select from :schema.sessions where session_id = $1::uuid and closing = $2::uuid)
  order by first returning first`,
  { first: integer },
);

const LEASE = `clock_timestamp() + interval '60 seconds'`;

/** Takes a task that nobody works on, under the lease $3, if the closing is still there. */
export const takeTask: Statement<Omit<TaskRow, 'set_id'>> = statement(
  `
  update :schema.unmask_tasks set lease = $3::uuid, lease_until = ${LEASE}
  where session_id = $1::uuid and token = $2::uuid and first = (
    select first from :schema.unmask_tasks
    where session_id = $1::uuid and token = $2::uuid and set_id is null
      and (lease_until is null or lease_until <= clock_timestamp())
    order by first limit 1 for update skip locked
  ) and exists (select from :schema.sessions where session_id = $1::uuid and closing = $2::uuid)
  returning first, last`,
  TASK,
);

export const renewTask: Statement<{ readonly first: number }> = statement(
  `
  update :schema.unmask_tasks set lease_until = ${LEASE}
  where session_id = $1::uuid and token = $2::uuid and lease = $3::uuid returning first`,
  { first: integer },
);

/** Gives a task back. */
export const releaseTask: Statement<never> = statement(
  `
  update :schema.unmask_tasks set lease = null, lease_until = null
  where session_id = $1::uuid and token = $2::uuid and lease = $3::uuid and set_id is null`,
);

/** Enters the sum of a task, if the lease and the closing are still there. */
export const finishTask: Statement<{ readonly first: number }> = statement(
  `
  update :schema.unmask_tasks set set_id = $4::uuid
  where session_id = $1::uuid and token = $2::uuid and lease = $3::uuid and set_id is null
    and exists (select from :schema.sessions where session_id = $1::uuid and closing = $2::uuid)
  returning first`,
  { first: integer },
);

export const readTasks: Statement<TaskRow> = statement(
  'select first, last, set_id from :schema.unmask_tasks where session_id = $1::uuid and token = $2::uuid order by first',
  { ...TASK, set_id: nullable(text) },
);

/** Tasks of closings that are over, and the sets of their sums. */
export const deleteTasksOf: Statement<{ readonly set_id: string | null }> = statement(
  'delete from :schema.unmask_tasks where session_id = $1::uuid and token = $2::uuid returning set_id',
  { set_id: nullable(text) },
);
