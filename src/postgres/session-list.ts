// Which sessions there are, a page at a time.
import { checkNames, checkOneOf } from '../leaves/checks.ts';
import { secondsUntil, timeIn } from './clock.ts';
import { checkSessionId, SESSION_STATUSES, type SessionStatus } from './session-status.ts';
import { integer, millisecondsOf, nullable, oneOf, statement, text, time, type Query, type Statement } from './statement.ts';

/** Which sessions to list. */
export interface ListOptions {
  /** Only those with this status. Default: any. */
  readonly status?: SessionStatus;
  /** Only those whose `expiresAt` is before this time. Default: any, also without a limit. */
  readonly dueBefore?: Date;
  /** Only those after this id: the last one of the page before. Default: from the first on. */
  readonly after?: string;
}

/** One session in a list. */
export interface ListedSession {
  /** The session's id. */
  readonly id: string;
  /** Whether it goes on, and if not, why. A session whose time is over is `'collecting'` until a sweep. */
  readonly status: SessionStatus;
  /** The open round, 0 to 4, or the round in which it ended; 5 if it is finished. */
  readonly round: number;
  /** When its time is over; null for a session without a limit. */
  readonly expiresAt: Date | null;
  /** When it was created, by the database's clock. */
  readonly createdAt: Date;
  /** When it ended, by the database's clock; null while it goes on. */
  readonly endedAt: Date | null;
}

/** The most sessions in one list. */
const PAGE = 100;

interface ListedRow {
  readonly session_id: string;
  readonly status: SessionStatus;
  readonly round: number;
  readonly expires_at: Date | null;
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

const timeOf = (column: string): string => `${millisecondsOf(column)} as ${column}`;

/** Sessions from $1 on, without $2, in the order of an index: that of `condition`, or the primary key. */
const listed = (condition: string): Statement<ListedRow> =>
  statement(
    `
    select session_id, status, round, ${timeOf('expires_at')}, ${timeOf('created_at')}, ${timeOf('ended_at')}
    from :schema.sessions
    where ${condition} and session_id >= $1::uuid and session_id is distinct from $2::uuid
      and ($3::float8 is null or expires_at < ${timeIn('$3')})
    order by session_id limit ${PAGE}`,
    {
      session_id: text,
      status: oneOf(SESSION_STATUSES),
      round: integer,
      expires_at: nullable(time),
      created_at: time,
      ended_at: nullable(time),
    },
  );

export const listAny: Statement<ListedRow> = listed('true');
export const listByStatus: Statement<ListedRow> = listed('status = $4::text');

/** Before every other id. */
const FIRST = '00000000-0000-0000-0000-000000000000';

/** At most 100 sessions, in the order of their ids. @throws TypeError, RangeError that name the option. */
export async function listSessions(query: Query, options: ListOptions): Promise<readonly ListedSession[]> {
  checkNames(options, 'options', ['status', 'dueBefore', 'after']);
  const { status, dueBefore, after } = options;
  const wanted = status === undefined ? null : checkOneOf(status, 'options.status', SESSION_STATUSES);
  const seconds = dueBefore === undefined ? null : secondsUntil(dueBefore, 'options.dueBefore');
  const last = after === undefined ? null : checkSessionId(after);
  const values = [last ?? FIRST, last, seconds];
  const rows = await (wanted === null ? query(listAny, values) : query(listByStatus, [...values, wanted]));
  return rows.map((row) => ({
    id: row.session_id,
    status: row.status,
    round: row.round,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  }));
}
