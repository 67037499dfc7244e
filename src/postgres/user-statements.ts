// Every statement about users' states. $1 and $2 are the session and the user.
import { boolean, bytes, integer, nullable, statement, type Columns, type Statement } from './statement.ts';

/** A sealed state of a user. */
export interface UserStateRow {
  readonly revision: number;
  /** Whether the user has answered the unmasking round. */
  readonly answered: boolean;
  /** Null once the state was forgotten; so is sealed. */
  readonly key_id: Uint8Array | null;
  readonly sealed: Uint8Array | null;
}

const USER_STATE: Columns<UserStateRow> = {
  revision: integer,
  answered: boolean,
  key_id: nullable(bytes),
  sealed: nullable(bytes),
};

export const readUserState: Statement<UserStateRow> = statement(
  `select revision, answered, key_id, sealed from :schema.user_states where session = $1::text and user_id = $2::bigint`,
  USER_STATE,
);

export const lockUserState: Statement<UserStateRow> = statement(`${readUserState.text} for update`, USER_STATE);

export const forgetUserState: Statement<never> = statement(`
  update :schema.user_states set key_id = null, sealed = null, answered = true, changed_at = now()
  where session = $1::text and user_id = $2::bigint`);

export const insertUserState: Statement<{ readonly revision: number }> = statement(
  `
  insert into :schema.user_states (session, user_id, revision, answered, key_id, sealed)
  values ($1::text, $2::bigint, $3::bigint, $4::boolean, $5::bytea, $6::bytea)
  on conflict do nothing returning revision`,
  { revision: integer },
);

export const replaceUserState: Statement<{ readonly revision: number }> = statement(
  `
  update :schema.user_states
  set revision = $3::bigint, answered = $4::boolean, key_id = $5::bytea, sealed = $6::bytea, changed_at = now()
  where session = $1::text and user_id = $2::bigint and revision = $7::bigint and answered <= $4::boolean
  returning revision`,
  { revision: integer },
);
