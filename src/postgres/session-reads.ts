// What a process reads of many sessions in shared statements: where they are, their rows, short strings of chunks, and what some of
// their users have said. No answer depends on which questions it shares a statement with.
import * as messages from './message-statements.ts';
import type { Round } from '../session/notation.ts';
import { readSlicesOfMany, readString, type SizedString } from './chunks.ts';
import { findRecords, lengthOfRecords, type AskedRecords, type FoundRecords } from './records.ts';
import type { MomentRow, SessionRow } from './session-columns.ts';
import { SharedRead } from './shared-read.ts';
import type { Query, SharedQuestion, Statement } from './statement.ts';
import * as sql from './statements.ts';

/** Most questions of one statement. */
const MOST = 256;
/** Most users of one statement. */
const MOST_USERS = 4_000;
/** Most bytes that one question is answered with in a shared statement, so that no answer of the database is long. */
const SHORT_BYTES = 2 ** 14;

interface AskedUsers {
  readonly sessionId: string;
  readonly users: readonly number[];
}

/** A message that may have been heard before. */
export interface AskedMessage {
  readonly user: number;
  readonly round: Round;
}

interface AskedMessages {
  readonly sessionId: string;
  readonly messages: readonly AskedMessage[];
}

interface AskedStrings {
  readonly sessionId: string;
  readonly strings: readonly SizedString[];
}

export class SessionReads {
  /** Reads what is not shared. */
  readonly query: Query;
  readonly #moments: SharedRead<string, MomentRow | undefined>;
  readonly #sessions: SharedRead<string, SessionRow | undefined>;
  readonly #keys: SharedRead<AskedUsers, messages.MemberRow[]>;
  readonly #said: SharedRead<AskedMessages, messages.KnownMessage[]>;
  readonly #strings: SharedRead<AskedStrings, Uint8Array[]>;
  readonly #records: SharedRead<AskedRecords, FoundRecords>;

  constructor(query: Query) {
    this.query = query;
    this.#moments = new SharedRead(MOST, (ids) => rowsById(query, sql.readMoments, ids));
    this.#sessions = new SharedRead(MOST, (ids) => rowsById(query, sql.readSessions, ids));
    this.#keys = new SharedRead(
      MOST_USERS,
      (asked) => keysOfUsers(query, asked),
      ({ users: { length } }) => length,
    );
    this.#said = new SharedRead(
      MOST_USERS,
      (asked) => rowsOfMessages(query, asked),
      ({ messages: { length } }) => length,
    );
    this.#strings = new SharedRead(MOST, (asked) => readShort(query, asked));
    this.#records = new SharedRead(MOST, (asked) => findRecords(query, asked));
  }

  /** Where a session is; undefined if there is none. */
  moment(sessionId: string): Promise<MomentRow | undefined> {
    return this.#moments.ask(sessionId);
  }

  session(sessionId: string): Promise<SessionRow | undefined> {
    return this.#sessions.ask(sessionId);
  }

  /** The keys of those of the users that are registered. */
  keys(sessionId: string, users: readonly number[]): Promise<readonly messages.MemberRow[]> {
    return this.#keys.ask({ sessionId, users });
  }

  /** Those of some messages that were heard. */
  said(sessionId: string, asked: readonly AskedMessage[]): Promise<readonly messages.KnownMessage[]> {
    return this.#said.ask({ sessionId, messages: asked });
  }

  /** What some holders were dealt, as far as it is there. */
  readonly records = async (asked: AskedRecords): Promise<FoundRecords> => {
    if (lengthOfRecords(asked) <= SHORT_BYTES) return this.#records.ask(asked);
    const [found] = await findRecords(this.query, [asked]);
    return found ?? new Map();
  };

  /** Whole strings of a session. @throws StateError unless they have their lengths. */
  async strings(sessionId: string, strings: readonly SizedString[]): Promise<readonly Uint8Array[]> {
    if (strings.length === 0) return [];
    const total = strings.reduce((sum, { length }) => sum + length, 0);
    if (total <= SHORT_BYTES) return this.#strings.ask({ sessionId, strings });
    const all: Uint8Array[] = [];
    for (const string of strings) all.push(await readString(this.query, sessionId, string, string.length));
    return all;
  }
}

async function rowsById<Row extends { readonly session_id: string }>(
  query: Query,
  statement: Statement<Row>,
  ids: readonly string[],
): Promise<(Row | undefined)[]> {
  const rows = new Map((await query(statement, [[...new Set(ids)]])).map((row) => [row.session_id, row]));
  return ids.map((id) => rows.get(id));
}

async function keysOfUsers(query: Query, asked: readonly AskedUsers[]): Promise<messages.MemberRow[][]> {
  const all = asked.flatMap(({ sessionId, users }, i) => users.map((user) => ({ sessionId, user, i })));
  const values = [all.map(({ sessionId }) => sessionId), all.map(({ user }) => user), all.map(({ i }) => i)];
  return answersOf(asked, await query(messages.readMembers, values));
}

async function rowsOfMessages(query: Query, asked: readonly AskedMessages[]): Promise<messages.KnownMessage[][]> {
  const all = asked.flatMap(({ sessionId, messages: some }, i) => some.map(({ user, round }) => ({ sessionId, user, round, i })));
  const values = [
    all.map(({ sessionId }) => sessionId),
    all.map(({ user }) => user),
    all.map(({ round }) => round),
    all.map(({ i }) => i),
  ];
  return answersOf(asked, await query(messages.messagesOf, values));
}

function answersOf<Row extends SharedQuestion>(asked: readonly unknown[], rows: readonly Row[]): Row[][] {
  const answers = asked.map((): Row[] => []);
  for (const row of rows) answers[row.asked]?.push(row);
  return answers;
}

async function readShort(query: Query, asked: readonly AskedStrings[]): Promise<Uint8Array[][]> {
  const slices = asked.map(({ sessionId, strings }) => ({
    sessionId,
    slices: strings.map((string) => ({ ...string, from: 0 })),
  }));
  return readSlicesOfMany(query, slices);
}
