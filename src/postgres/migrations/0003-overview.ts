// A view for people and dashboards. Once it is released, a migration is never changed.
import type { Migration } from '../migration.ts';

export const MIGRATION_0003: Migration = {
  version: 3,
  name: 'overview',
  breaking: false,
  sql: `
create view :schema.overview as
select
  session_id, status, round,
  (brief -> 'parameters' ->> 'threshold')::integer as needed,
  registered, admitted,
  (select count(*) from :schema.messages where messages.session_id = sessions.session_id and messages.round = sessions.round) as heard,
  (brief -> 'parameters' ->> 'vecLen')::integer as vec_len,
  (brief -> 'parameters' ->> 'bits')::integer as bits,
  closing is not null as is_closing, lease_until, reason, expires_at, created_at, changed_at, ended_at, tidied_at
from :schema.sessions;
comment on view :schema.overview is 'One line a session, for people and dashboards. Its columns stay as they are, whatever becomes of the tables.';
comment on column :schema.overview.session_id is 'Id of the session.';
comment on column :schema.overview.status is 'collecting, finished, failed, aborted or expired.';
comment on column :schema.overview.round is 'The open round, 0 to 4, or the round in which the session ended; 5 if it is finished.';
comment on column :schema.overview.needed is 'The threshold: users that each round needs at least.';
comment on column :schema.overview.registered is 'Registered users; null if the session takes users without registered keys.';
comment on column :schema.overview.admitted is 'Users whose keys were accepted in round 0.';
comment on column :schema.overview.heard is 'Users that were heard in the open round.';
comment on column :schema.overview.vec_len is 'Components of a vector.';
comment on column :schema.overview.bits is 'Bits of a component.';
comment on column :schema.overview.is_closing is 'Whether a process is closing the round.';
comment on column :schema.overview.lease_until is 'When another process may take over the closing.';
comment on column :schema.overview.reason is 'Why the application aborted the session.';
comment on column :schema.overview.expires_at is 'The time from which on nothing is accepted.';
comment on column :schema.overview.created_at is 'When the session was created.';
comment on column :schema.overview.changed_at is 'When the last round was closed.';
comment on column :schema.overview.ended_at is 'When the session ended; null while a round is open.';
comment on column :schema.overview.tidied_at is 'When everything except the result was dropped.';
`,
};
