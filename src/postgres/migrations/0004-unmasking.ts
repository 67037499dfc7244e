// Unmasking that several processes share. Once it is released, a migration is never changed.
import type { Migration } from '../migration.ts';

export const MIGRATION_0004: Migration = {
  version: 4,
  name: 'unmasking',
  breaking: false,
  sql: `
create table :schema.unmask_tasks (
  session_id uuid not null,
  token uuid not null,
  first integer not null,
  last integer not null,
  lease uuid,
  lease_until timestamptz,
  set_id uuid,
  constraint unmask_tasks_pkey primary key (session_id, token, first),
  constraint unmask_tasks_range check (first >= 0 and last > first),
  constraint unmask_tasks_lease_has_end check ((lease is null) = (lease_until is null)),
  constraint unmask_tasks_done_under_lease check (set_id is null or lease is not null)
);
comment on table :schema.unmask_tasks is 'The masks of a sum that several processes remove: one row a stretch of them. The rows of one closing tile all masks. They hold no secret.';
comment on column :schema.unmask_tasks.session_id is 'The session.';
comment on column :schema.unmask_tasks.token is 'Token of the closing of round 4; if the session has another one, the row counts for nothing.';
comment on column :schema.unmask_tasks.first is 'The first mask, in the order in which the closing counts them.';
comment on column :schema.unmask_tasks.last is 'The one after the last mask.';
comment on column :schema.unmask_tasks.lease is 'Random id of the process that works on it; null if none does.';
comment on column :schema.unmask_tasks.lease_until is 'When another process may take it.';
comment on column :schema.unmask_tasks.set_id is 'The set of chunks with the sum of its masks; null until it is done.';
`,
};
