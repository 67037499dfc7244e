// The columns of a row of sessions, as they are selected and as they are decoded.
import { SESSION_STATUSES, type StatusRow } from './session-status.ts';
import { boolean, bytes, integer, millisecondsOf, nullable, oneOf, text, time, type Columns } from './statement.ts';

export const STATUS: Columns<StatusRow> = {
  status: oneOf(SESSION_STATUSES),
  round: integer,
  reason: nullable(text),
  expired: boolean,
};

// The database decides whether a session is past its time: the processes' clocks differ.
export const EXPIRED = `status = 'collecting' and coalesce(expires_at <= clock_timestamp(), false) as expired`;

/** A time in seconds since 1970, with microseconds, as a text that no setting of the connection changes. `to_timestamp` reads it. */
export function secondsOf(column: string): string {
  return `extract(epoch from ${column})::text`;
}

/** When a session was created, as a text that no setting of the connection changes. Another session with its id has another one. */
export const CREATED: string = secondsOf('created_at');

/** Where a session is: two rows with the same moment have the same sets of earlier rounds. */
export interface MomentRow extends StatusRow {
  readonly session_id: string;
  readonly admitted: number;
  /** Tokens, with spaces between them. */
  readonly closings: string;
  readonly closing: string | null;
  /** Whether the process that is closing the round has a lease. */
  readonly leased: boolean;
  /** When it was created: a session that was removed and created again is another one. */
  readonly created: string;
  readonly expires_at: Date | null;
  readonly tidied: boolean;
}

/** All of a session that is not in the rows of other tables. */
export interface SessionRow extends MomentRow {
  readonly brief: string;
  readonly registered: number | null;
  readonly roster: Uint8Array | null;
  readonly directory_digest: Uint8Array | null;
  readonly view2: Uint8Array | null;
  readonly view3: Uint8Array | null;
}

export const MOMENT: Columns<MomentRow> = {
  ...STATUS,
  session_id: text,
  admitted: integer,
  closings: text,
  closing: nullable(text),
  leased: boolean,
  created: text,
  expires_at: nullable(time),
  tidied: boolean,
};

export const SESSION: Columns<SessionRow> = {
  ...MOMENT,
  brief: text,
  registered: nullable(integer),
  roster: nullable(bytes),
  directory_digest: nullable(bytes),
  view2: nullable(bytes),
  view3: nullable(bytes),
};

export const MOMENT_COLUMNS: string = [
  `sessions.session_id, status, sessions.round, reason, ${EXPIRED}, admitted, array_to_string(closings, ' ') as closings, closing::text as closing`,
  `coalesce(lease_until > clock_timestamp(), false) as leased, ${CREATED} as created`,
  `${millisecondsOf('expires_at')} as expires_at, tidied_at is not null as tidied`,
].join(', ');

/** The columns of a row of sessions; those of other tables that a statement joins have other names. */
export const SESSION_COLUMNS: string = [
  MOMENT_COLUMNS,
  'brief::text as brief, registered, roster, directory_digest, view2, view3',
].join(', ');
