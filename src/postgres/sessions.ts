// Sessions of servers in PostgreSQL, for any number of processes at once. Docs: docs/postgres.md.
import { copyOf } from '../leaves/bytes.ts';
import { UsageError } from '../leaves/errors.ts';
import { userId } from '../leaves/ids.ts';
import type { ServerProgress } from '../leaves/progress.ts';
import type { ServerOutput } from '../server/output.ts';
import type { ServerOptions } from '../server/options.ts';
import { ServerWrapper } from '../server/server-wrapper.ts';
import { round0Msg } from '../user/user-wrapper.ts';
import { splitState } from './bulk.ts';
import { closeRound, hearAll } from './closing.ts';
import { Database } from './database.ts';
import { Inbox } from './inbox.ts';
import { migrate } from './migrations.ts';
import type { PostgresPool, Query, Row } from './pool.ts';
import { loadSession, recoverSession, requireAlive, requireSessionId, standingOf, type SessionStatus } from './session-row.ts';

/** A session to be made. */
export interface NewSession {
  /** t, as for {@link ServerWrapper}. */
  readonly threshold: number;
  /** Components of the vectors. */
  readonly vecLen: number;
  /** As for {@link ServerWrapper}; a listener cannot be kept. */
  readonly options?: Omit<ServerOptions, 'listener'>;
  /** From then on nothing is accepted, by the database's clock. Default: never. */
  readonly expiresAt?: Date;
}

/** Where a session stands. */
export interface SessionProgress extends ServerProgress {
  readonly status: SessionStatus;
  readonly expiresAt: Date | null;
  /** Why it was aborted; else null. */
  readonly reason: string | null;
}

/** What {@link PostgresSessions.sweep} did, in sessions. */
export interface Swept {
  /** Past their time: what was collected is gone. */
  readonly expired: number;
  /** Ended an hour ago: the messages for their users are gone, the result is there. */
  readonly tidied: number;
  /** Ended before `endedBefore`: gone. */
  readonly removed: number;
}

/** Characters of states that are kept in memory between messages. */
const MOST_WEIGHT = 2 ** 27;
const MOST_INBOXES = 1_000;
const TIDY_AFTER_SECONDS = 3_600;
const PAGE = 100;

/**
 * Durable sessions: a {@link ServerWrapper} each, whose state is in PostgreSQL and not in a process. Any number of
 * processes may serve the same sessions; each method may be called by any of them at any time, and again where its answer
 * was lost.
 *
 * Every method rejects with a StoreError where the database fails; the session is intact then.
 * ERR_SECAGG_UNKNOWN_SESSION, ERR_SECAGG_ABORTED and ERR_SECAGG_EXPIRED (UsageError) say that there is no such session, or
 * none any more.
 *
 * @example
 * ```ts
 * import pg from 'pg';
 * import { PostgresSessions } from 'secagg/postgres';
 *
 * const sessions = new PostgresSessions(new pg.Pool());
 * await sessions.migrate();
 * const id = await sessions.create({ threshold: 3, vecLen: 1000, expiresAt: new Date(Date.now() + 3_600_000) });
 * ```
 */
export class PostgresSessions {
  readonly #database: Database;
  readonly #inboxes = new Map<string, Inbox>();

  /**
   * @param pool a `pg.Pool`, or what looks like one.
   * @param options.schema name of the schema that all tables are in, default 'secagg'.
   */
  constructor(pool: PostgresPool, options: { readonly schema?: string } = {}) {
    this.#database = new Database(pool, options);
  }

  /**
   * Brings the schema to this version; once, however many processes call it, and again without effect.
   *
   * @throws StoreError ERR_SECAGG_SCHEMA_NEWER where it has been brought to a later version than this code knows.
   */
  async migrate(): Promise<void> {
    await migrate(this.#database);
  }

  /**
   * Makes a session.
   *
   * @returns its id, a uuid.
   * @throws TypeError, RangeError as the constructor of {@link ServerWrapper}.
   */
  async create({ threshold, vecLen, options = {}, expiresAt }: NewSession): Promise<string> {
    if (expiresAt !== undefined && Number.isNaN(new Date(expiresAt).getTime())) {
      throw new RangeError('expiresAt: expected a valid Date');
    }
    const id = crypto.randomUUID();
    const { json, bulk } = splitState(new ServerWrapper(threshold, vecLen, options).serializeState());
    const expires = expiresAt === undefined ? null : new Date(expiresAt).getTime() / 1000;
    await this.#database.transaction((query) => query(this.#database.sql.createSession, [id, json, bulk, expires]));
    return id;
  }

  /**
   * Takes one user's message. It is durable when the promise resolves. The same bytes again are accepted and change
   * nothing, so that a message whose acknowledgement was lost can be sent again, to any process.
   *
   * Messages of one session that arrive while others are being written are written together; messages of 16 KiB and more
   * wait up to a quarter of a second for others (docs/postgres.md).
   *
   * @param user whom the transport takes for the sender.
   * @param input bytes from that user; copied.
   * @throws what {@link ServerWrapper.recv} throws, where the message is refused; StoreError where it was not accepted,
   * or nobody knows: send it again.
   */
  async recv(id: string, user: number, input: Uint8Array): Promise<void> {
    const sessionId = requireSessionId(id);
    const sender = userId(user, 'userId');
    if (!(input instanceof Uint8Array)) throw new TypeError('bytes: expected a Uint8Array');
    const inbox = this.#inboxes.get(sessionId) ?? new Inbox(this.#database, sessionId);
    // The one used last is the last one.
    this.#inboxes.delete(sessionId);
    this.#inboxes.set(sessionId, inbox);
    await inbox.put(sender, copyOf(input));
    this.#forget();
  }

  /** Forgets copies that take too much memory, the ones longest unused first: they are read again when needed. */
  #forget(): void {
    let weight = 0;
    for (const inbox of this.#inboxes.values()) weight += inbox.weight;
    for (const [sessionId, inbox] of this.#inboxes) {
      if (weight <= MOST_WEIGHT && this.#inboxes.size <= MOST_INBOXES) return;
      if (!inbox.idle) continue;
      weight -= inbox.weight;
      this.#inboxes.delete(sessionId);
    }
  }

  /**
   * Closes a round: whoever has not been heard is out. One of the processes that call it does the work; to all of them,
   * and to whoever calls it later, it gives the same output. (The messages are dropped by {@link sweep} an hour after the
   * end; the sum stays.)
   *
   * @param r the round, 0 to 4.
   * @returns the messages for the users that go on, or, for round 4, the sum.
   * @throws ThresholdError where too few users were heard: the session goes on as it was. What else
   * {@link ServerWrapper.round} throws ends the session, and later calls throw UsageError ERR_SECAGG_FAILED.
   * UsageError ERR_SECAGG_USAGE where an earlier round is still to be closed.
   */
  async round(id: string, r: number): Promise<ServerOutput> {
    const sessionId = requireSessionId(id);
    if (typeof r !== 'number') throw new TypeError(`r: expected a number, got ${typeof r}`);
    if (!Number.isInteger(r) || r < 0 || r > 4) throw new RangeError(`r: expected a round from 0 to 4, got ${r}`);
    const inbox = this.#inboxes.get(sessionId);
    await inbox?.flush();
    const lent = inbox?.lend() ?? null;
    let usable = lent;
    const database = this.#database;
    const closed = await database.transaction((query) => {
      // Closing changes it, so that it serves one attempt.
      const copy = usable;
      usable = null;
      return closeRound({ database, query, sessionId }, r, copy);
    });
    if ('error' in closed) throw closed.error;
    if (lent !== null && closed.next?.server === lent.server) inbox?.takeBack(lent, closed.next);
    return closed.output;
  }

  /**
   * The message for a user in the present round: in round 0 what starts every user, later what closing a round has made.
   *
   * @returns fresh bytes; null where there are none, for the user is out or not registered, or the session is finished.
   * @throws UsageError ERR_SECAGG_FAILED where the session has failed.
   */
  async message(id: string, user: number): Promise<Uint8Array | null> {
    const sessionId = requireSessionId(id);
    const receiver = userId(user, 'userId');
    const [row] = await this.#database.read(this.#database.sql.readMessage, [sessionId, receiver]);
    const { status, round } = standingOf(row, sessionId);
    const body = row?.body as Uint8Array | null;
    if (body !== null && status === 'collecting') return copyOf(body);
    if (status !== 'failed' && round !== 0) return null;
    const loaded = await this.#load(sessionId);
    await requireAlive(loaded);
    const { heard, missing } = loaded.server.progress();
    // Without registered users, whoever comes is one.
    const registered = [...heard, ...missing];
    return registered.length === 0 || registered.includes(receiver) ? round0Msg() : null;
  }

  /** Where the session stands, by what is durable. Of one that was aborted or has expired, no more than that is known. */
  async progress(id: string): Promise<SessionProgress> {
    const sessionId = requireSessionId(id);
    const database = this.#database;
    return database.transaction(async (query) => {
      // Shared with who writes messages, not with who closes the round: what is read belongs together.
      await query(database.sql.lockToHear, [sessionId]);
      const [row] = await query(database.sql.readSession, [sessionId]);
      const more = { expiresAt: expiryOf(row), reason: (row?.reason as string | null | undefined) ?? null };
      if (row?.state === null) return { ...NOTHING, ...more, status: row.status as SessionStatus };
      const expired = row?.expired === true;
      const copy = recoverSession(row && { ...row, expired: false }, sessionId);
      const { status, round, server } = copy;
      if (status !== 'collecting') return { ...server.progress(), ...more, status };
      // In round 4 it depends on what the answers say whether they are enough; before, on how many there are.
      if (round === 4) await hearAll({ database, query, sessionId }, copy, null);
      const users = await query(database.sql.usersHeard, [sessionId, round]);
      return { ...withHeard(server, users), ...more, status: expired ? 'expired' : status };
    });
  }

  /**
   * The sum; null until round 4 is closed.
   *
   * @throws UsageError ERR_SECAGG_FAILED where the session has failed.
   */
  async result(id: string): Promise<Int32Array | BigInt64Array | null> {
    const sessionId = requireSessionId(id);
    const [row] = await this.#database.read(this.#database.sql.readStanding, [sessionId]);
    if (standingOf(row, sessionId).status === 'collecting') return null;
    const loaded = await this.#load(sessionId);
    await requireAlive(loaded);
    const output = loaded.server.output();
    return output?.isVector() === true ? output.getVector() : null;
  }

  /**
   * Ends a session that has no result yet: what was collected is dropped. Again it changes nothing.
   *
   * @param reason for people; later calls report it. At most 1,000 characters are kept.
   * @throws UsageError ERR_SECAGG_USAGE where the session is finished, ERR_SECAGG_FAILED where it has failed.
   */
  async abort(id: string, reason: string): Promise<void> {
    const sessionId = requireSessionId(id);
    if (typeof reason !== 'string') throw new TypeError(`reason: expected a string, got ${typeof reason}`);
    const { sql } = this.#database;
    await this.#database.transaction(async (query) => {
      const [row] = await query(sql.lockToClose, [sessionId]);
      if (row?.status === 'aborted') return;
      const { status } = standingOf(row, sessionId);
      if (status === 'failed') await requireAlive(await loadSession(this.#database, query, sessionId));
      if (status === 'finished') throw new UsageError('ERR_SECAGG_USAGE', `session ${sessionId}: finished, see result()`);
      await this.#drop(query, sessionId, { status: 'aborted', reason: reason.replaceAll('\0', '').slice(0, 1_000) });
    });
    this.#inboxes.delete(sessionId);
  }

  /** Removes all that there is of a session, whatever its state; where there is none, nothing. */
  async remove(id: string): Promise<void> {
    const sessionId = requireSessionId(id);
    await this.#database.transaction((query) => query(this.#database.sql.deleteSession, [sessionId]));
    this.#inboxes.delete(sessionId);
  }

  /**
   * Expires sessions whose time is over, and drops what nobody needs any more. Call it now and then, from any process or
   * several; it takes sessions a page at a time, each in a transaction of its own.
   *
   * @param options.endedBefore sessions that ended before are removed, with their results. Default: none.
   */
  async sweep(options: { readonly endedBefore?: Date } = {}): Promise<Swept> {
    const { sql } = this.#database;
    const expired = await this.#each(sql.sessionsToExpire, [], async (query, sessionId) => {
      const [row] = await query(sql.lockToClose, [sessionId]);
      if (row?.expired !== true) return false;
      await this.#drop(query, sessionId, { status: 'expired', reason: null });
      return true;
    });
    const tidied = await this.#each(sql.sessionsToTidy, [TIDY_AFTER_SECONDS], async (query, sessionId) => {
      const rows = await query(sql.tidySession, [sessionId]);
      await query(sql.deleteOutgoing, [sessionId]);
      return rows.length > 0;
    });
    const { endedBefore } = options;
    if (endedBefore === undefined) return { expired, tidied, removed: 0 };
    const removed = await this.#each(sql.sessionsToRemove, [endedBefore.getTime() / 1000], async (query, sessionId) => {
      const rows = await query(sql.deleteSession, [sessionId]);
      return rows.length > 0;
    });
    return { expired, tidied, removed };
  }

  async #each(
    page: string,
    values: readonly unknown[],
    work: (query: Query, sessionId: string) => Promise<boolean>,
  ): Promise<number> {
    let done = 0;
    for (;;) {
      const rows = await this.#database.read(page, [...values, PAGE]);
      let here = 0;
      for (const row of rows) {
        const sessionId = row.session_id as string;
        if (await this.#database.transaction((query) => work(query, sessionId))) here++;
      }
      done += here;
      // Where others have done all of a page, they will do the rest.
      if (rows.length < PAGE || here === 0) return done;
    }
  }

  async #drop(
    query: Query,
    sessionId: string,
    { status, reason }: { readonly status: 'aborted' | 'expired'; readonly reason: string | null },
  ): Promise<void> {
    const { sql } = this.#database;
    await query(sql.dropSession, [sessionId, status, reason]);
    for (const statement of [sql.deleteMessages, sql.deleteParts, sql.deleteOutgoing]) await query(statement, [sessionId]);
  }

  async #load(sessionId: string): ReturnType<typeof loadSession> {
    return loadSession(this.#database, (text, values) => this.#database.read(text, values ?? []), sessionId);
  }
}

/** What is known of a session whose state was dropped. */
const NOTHING: ServerProgress = {
  round: null,
  revision: 0,
  heard: [],
  missing: [],
  needed: 0,
  ready: false,
  dropped: [],
  included: null,
  colludersBorne: null,
  error: null,
};

function expiryOf(row: Row | undefined): Date | null {
  const seconds = row?.expires_at ?? null;
  return seconds === null ? null : new Date(Number(seconds) * 1000);
}

/** As if the server had heard those users itself. */
function withHeard(server: ServerWrapper, rows: readonly Row[]): ServerProgress {
  const progress = server.progress();
  const heard = rows.map((row) => Number(row.user_id));
  const spoken = new Set(heard);
  return {
    ...progress,
    revision: progress.revision + heard.length - progress.heard.length,
    heard,
    missing: progress.missing.filter((user) => !spoken.has(user)),
    ready: progress.round === 4 ? progress.ready : server.readyWith(heard),
  };
}
