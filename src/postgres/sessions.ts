// Sessions of servers in PostgreSQL, for any number of processes at a time (docs/postgres.md).
import type { Listener } from '../leaves/events.ts';
import { checkBytes, checkInteger, checkNames, checkString } from '../leaves/checks.ts';
import { userId } from '../leaves/ids.ts';
import type { Attendance } from '../leaves/progress.ts';
import type { UrlLike } from '../leaves/urls.ts';
import type { ConsistencyEvidence } from '../server/evidence.ts';
import type { SumVector } from '../masking/vector.ts';
import { systemRandom } from '../crypto/random.ts';
import { Cancellation } from '../leaves/cancellation.ts';
import { serverLocals, threadOptions, type ServerLocalOptions } from '../server/options.ts';
import { checkSignal, type AbortSignalLike, type RoundOptions } from '../leaves/signals.ts';
import { descriptorWith, type SessionDescriptor } from '../session/descriptor.ts';
import { closeRound, type ClosedRound } from './closing.ts';
import { createSession } from './creation.ts';
import type { StoreEvent } from './events.ts';
import { Database, MOST_TIMEOUT_MS, type DatabaseOptions } from './database.ts';
import { Inboxes } from './inboxes.ts';
import { JobQueue } from './job-queue.ts';
import { migrate } from './migrations.ts';
import { checkNewSession, type NewSession } from './new-session.ts';
import { readMessage, type NextMessage } from './outgoing.ts';
import { checkPool, type PoolConnection, type PostgresPool } from './pool.ts';
import { readEvidence } from './evidence.ts';
import { requireNotFailed } from './end.ts';
import { readResult } from './result.ts';
import { SessionReads } from './session-reads.ts';
import { abortSession, removeSession } from './session-end.ts';
import { secondsUntil } from './clock.ts';
import { listSessions, type ListedSession, type ListOptions } from './session-list.ts';
import { readAttendance, readProgress, type SessionProgress } from './session-progress.ts';
import { checkSessionId } from './session-status.ts';
import { helpUnmasking } from './shared-unmasking.ts';
import type { Query } from './statement.ts';
import { contextOf, readLive, whileThere } from './stored-session.ts';
import { sweepSessions, type Swept } from './sweep.ts';
import { Waiting } from './waiting.ts';

/** What a sweep does besides expiring sessions. */
export interface SweepOptions {
  /** Sessions that ended before this time are removed, with their results. Default: none. */
  readonly endedBefore?: Date;
}

/** Options of {@link PostgresSessions}. */
export interface PostgresSessionsOptions extends DatabaseOptions {
  /** Most worker threads that removing the masks may take in this process. Default: as many as the machine runs at once. */
  readonly threads?: number | undefined;
  /** `file:` URL of what these threads run, if the application is bundled; as the option `worker` of `ServerWrapper`. */
  readonly worker?: UrlLike | undefined;
  /**
   * A pool of connections that do not go through PgBouncer. One of them is kept while calls of `wait` wait, and LISTENs for closed
   * rounds. If it is the same pool, each of its connections prepares its statements once, which saves the database about half of the work
   * of a call. Default: none, so that `wait` looks at the sessions once a second.
   */
  readonly direct?: PostgresPool | undefined;
  /**
   * The schema of graphile-worker, usually `'graphile_worker'`, if jobs are to be added there: for {@link PostgresSessions.closeAt}, and for
   * other processes to help with removing masks (`sessionTasks`). Default: none, so that one process does all.
   */
  readonly jobs?: string | undefined;
  /**
   * Most milliseconds that a message of 16 KiB or more waits for others before it is written and acknowledged. Masked inputs that wait for
   * each other cost one write of their sum instead of one each. Default: until none has come for a quarter of a second, at most 5,000.
   */
  readonly ackWithin?: number | undefined;
  /** Hears what this process does: docs/events.md. */
  readonly listener?: Listener<StoreEvent> | undefined;
}

/** How a session is created. */
export interface CreateOptions {
  /**
   * A connection of the application on which it has begun a transaction: the session is created in that transaction, and is there once it is
   * committed. Default: a transaction of its own.
   */
  readonly client?: PoolConnection | undefined;
}

/**
 * Durable sessions: each is a server whose state is rows in PostgreSQL instead of objects in a process. Any number of
 * processes may serve the same sessions. Each of them may call any method at any time, and again if the answer was lost.
 *
 * Every method rejects with a StoreError if the database fails; the session is intact then. It rejects with a UsageError
 * if there is no such session (ERR_SECAGG_UNKNOWN_SESSION), or if the session was aborted (ERR_SECAGG_ABORTED) or has
 * expired (ERR_SECAGG_EXPIRED).
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
  readonly #locals: Pick<ServerLocalOptions, 'threads' | 'worker'>;
  readonly #reads: SessionReads;
  readonly #inboxes: Inboxes;
  readonly #waiting: Waiting;
  readonly #jobs: JobQueue | null;
  /** Tokens of closings of this process that have failed without knowing whether the token was given back. */
  readonly #abandoned = new Set<string>();

  /**
   * @param pool a `pg.Pool`, or an object with the same methods.
   * @param options where the tables are, how long to wait for the database, and how many threads to use and what they run.
   * @throws TypeError, RangeError that name the argument.
   */
  constructor(pool: PostgresPool, options: PostgresSessionsOptions = {}) {
    checkNames(options, 'options', ['schema', 'timeout', 'threads', 'worker', 'direct', 'jobs', 'ackWithin', 'listener']);
    const { ackWithin } = options;
    const mostWait = ackWithin === undefined ? null : checkInteger(ackWithin, 'options.ackWithin', 0, MOST_TIMEOUT_MS);
    this.#database = new Database(pool, options, options.listener, options.direct === pool);
    this.#locals = threadOptions(options);
    this.#reads = new SessionReads(this.#database.read);
    this.#inboxes = new Inboxes(this.#database, this.#reads, mostWait);
    this.#jobs = options.jobs === undefined ? null : new JobQueue(options.jobs);
    this.#waiting = new Waiting(
      this.#database,
      options.direct === undefined ? null : checkPool(options.direct, 'options.direct'),
    );
  }

  /**
   * Creates the schema, or brings it to this version. It does so once, however many processes call it, and does nothing
   * if that was done before.
   *
   * @throws StoreError ERR_SECAGG_SCHEMA_NEWER if the schema has a later version than this code knows.
   */
  async migrate(): Promise<void> {
    await migrate(this.#database);
  }

  /**
   * Creates a session.
   *
   * @returns the session's id, a uuid.
   * @param options a transaction to create it in.
   * @throws TypeError, RangeError as the constructor of `ServerWrapper`; TypeError for a listener or threads.
   */
  async create(session: NewSession, options: CreateOptions = {}): Promise<string> {
    const client = clientIn(options);
    const row = checkNewSession(session);
    if (client === undefined) await this.#database.transaction((query) => createSession(query, row));
    else await this.#database.within(client, (query) => createSession(query, row));
    return row.id;
  }

  /**
   * What a user needs to know of a session to take part in it, as plain JSON; `UserWrapper.fromDescriptor` makes a user
   * from it. It stays the same for the whole session.
   */
  async describe(id: string): Promise<SessionDescriptor> {
    const row = await readLive(this.#database.read, checkSessionId(id));
    return descriptorWith(contextOf(row).parameters, row.roster);
  }

  /**
   * Takes one user's message. It is durable when the promise resolves. The same bytes again are accepted and change
   * nothing, so that a message whose acknowledgement was lost can be sent again, to any process.
   *
   * Messages of one session that arrive while others are being written are written together; messages of 16 KiB or more
   * wait for others (option `ackWithin`).
   *
   * @param user the sender, as the transport knows it.
   * @param input bytes from that user. They are not copied, for they may be long: leave them as they are until the promise settles.
   * @returns whether the message was new, or one that had been accepted before, by whatever process.
   * @throws what `ServerWrapper.recv` throws, if the message is refused. StoreError if the message was not accepted
   * or nobody knows whether it was: send it again.
   */
  async recv(id: string, user: number, input: Uint8Array): Promise<'accepted' | 'repeated'> {
    const sessionId = checkSessionId(id);
    const sender = userId(user, 'user');
    const bytes = checkBytes(input, 'input');
    return this.#whileThere(sessionId, () => this.#inboxes.put(sessionId, sender, bytes));
  }

  /**
   * Closes a round: users that were not heard are out. One of the processes that call it does the work. All of them, and
   * all later calls, are told the same; what each user is sent then, {@link message} gives. {@link sweep} drops the messages an hour
   * after the session's end, and the sum stays.
   *
   * The work is done outside of any transaction. Messages that arrive meanwhile wait; a process that closes the round and dies is
   * replaced by another call within 10 seconds.
   *
   * @param r the round, 0 to 4.
   * @param options `signal` calls the work, or the wait for another process, off.
   * @returns the users that go on, or, for round 4, the sum.
   * @throws ThresholdError if too few users were heard: the session goes on as it was. Any other error of the protocol, as
   * `ServerWrapper.round` throws it, ends the session, and later calls throw UsageError ERR_SECAGG_FAILED.
   * @throws UsageError ERR_SECAGG_USAGE if an earlier round must be closed first; the reason of the signal.
   */
  async round(id: string, r: number, options: RoundOptions = {}): Promise<ClosedRound> {
    const sessionId = checkSessionId(id);
    checkInteger(r, 'r', 0, 4);
    checkNames(options, 'options', ['signal']);
    const signal: AbortSignalLike | undefined = checkSignal(options.signal, 'options.signal');
    const inbox = this.#inboxes.find(sessionId);
    const abandoned = this.#abandoned;
    const [locals, jobs, reads] = [this.#locals, this.#jobs, this.#reads];
    const closing = { sessionId, round: r, locals, jobs, reads, signal, known: inbox, abandoned };
    const close = (): Promise<ClosedRound> => closeRound(this.#database, closing);
    return this.#whileThere(sessionId, () => (inbox === null ? close() : inbox.afterWriting(signal, close)));
  }

  /**
   * Lets graphile-worker close a round at a time; a later call for the same round changes the time. The process that runs graphile-worker
   * has `sessionTasks` in its task list.
   *
   * @param r the round, 0 to 4.
   * @param at when: as long from now as it is by this process's clock, counted by the database's clock.
   * @param options a transaction of the application in which the job is added.
   * @throws TypeError, RangeError that name the argument; TypeError for sessions that were made without the option `jobs`.
   */
  async closeAt(id: string, r: number, at: Date, options: CreateOptions = {}): Promise<void> {
    const client = clientIn(options);
    const [sessionId, round, seconds] = [checkSessionId(id), checkInteger(r, 'r', 0, 4), secondsUntil(at, 'at')];
    const jobs = this.#requireJobs();
    const add = (query: Query): Promise<void> => jobs.addClosing(query, sessionId, round, seconds);
    if (client === undefined) await this.#database.transaction(add);
    else await this.#database.within(client, add);
  }

  /**
   * Helps to remove the masks of a sum, if another process closes round 4 of the session and has divided the work. `sessionTasks` calls it.
   *
   * @returns whether there was anything to do.
   */
  async unmask(id: string, options: RoundOptions = {}): Promise<boolean> {
    const sessionId = checkSessionId(id);
    checkNames(options, 'options', ['signal']);
    const work = new Cancellation(checkSignal(options.signal, 'options.signal'));
    try {
      const locals = { ...serverLocals(this.#locals, systemRandom), onProgress: () => undefined };
      return await helpUnmasking(this.#database, this.#reads, sessionId, { ...locals, signal: work.signal });
    } finally {
      work.release();
    }
  }

  /**
   * Adds jobs that close rounds whose closing was begun by a process that has stopped without an end. `sessionTasks` calls it once a minute.
   *
   * @returns for how many sessions.
   * @throws TypeError for sessions that were made without the option `jobs`.
   */
  async recover(): Promise<number> {
    const jobs = this.#requireJobs();
    return this.#database.transaction((query) => jobs.recoverClosings(query));
  }

  #whileThere<T>(sessionId: string, call: () => Promise<T>): Promise<T> {
    return whileThere(this.#database.read, sessionId, call);
  }

  #requireJobs(): JobQueue {
    if (this.#jobs === null) throw new TypeError('options.jobs: missing; it names the schema of graphile-worker');
    return this.#jobs;
  }

  /**
   * What there is for a user in the present round: a message that the user is to answer, in round 0 the one that starts every user, later
   * the one that answers the round before; or that it waits, is out, or that the session is finished. A message is made from the rows that
   * it needs.
   *
   * A user that was heard in the present round has nothing to answer, and is told to wait: call {@link wait}, or this again later.
   *
   * @param user the user, as the transport knows it.
   * @returns its `kind` tells which.
   * @throws UsageError ERR_SECAGG_FAILED if the session has failed.
   * @example
   * ```ts
   * import type { UserWrapper } from 'secagg';
   * import type { PostgresSessions } from 'secagg/postgres';
   *
   * async function answerOnce(sessions: PostgresSessions, id: string, user: UserWrapper): Promise<void> {
   *   const next = await sessions.message(id, user.id);
   *   if (next.kind === 'message') await sessions.recv(id, user.id, await user.round(next.bytes));
   * }
   * ```
   */
  async message(id: string, user: number): Promise<NextMessage> {
    const [sessionId, recipient] = [checkSessionId(id), userId(user, 'user')];
    return this.#whileThere(sessionId, () => readMessage(this.#reads, sessionId, recipient));
  }

  /**
   * Waits until a round is closed, by whatever process, or the session has failed. Then {@link message} has the next message, or throws.
   *
   * Many calls may wait at a time: those of one process look at the database together.
   *
   * @param r the round, 0 to 4.
   * @param options its `signal` calls the waiting off: the call throws its reason.
   */
  async wait(id: string, r: number, options: RoundOptions = {}): Promise<void> {
    const sessionId = checkSessionId(id);
    checkInteger(r, 'r', 0, 4);
    checkNames(options, 'options', ['signal']);
    await this.#waiting.until(sessionId, r, checkSignal(options.signal, 'options.signal'));
  }

  /**
   * At most 100 sessions, in the order of their ids. For the next page give the id of the last one as `after`.
   *
   * @throws TypeError, RangeError that name the option.
   */
  async list(options: ListOptions = {}): Promise<readonly ListedSession[]> {
    return listSessions(this.#database.read, options);
  }

  /** Who vouched for the set of users in the sum; null unless round 4 is being collected. @internal */
  async evidence(id: string): Promise<ConsistencyEvidence | null> {
    const sessionId = checkSessionId(id);
    return this.#whileThere(sessionId, () => readEvidence(this.#reads, sessionId));
  }

  /** How many have spoken in the present round: of {@link progress} what one statement tells. @internal */
  async attendance(id: string): Promise<Attendance> {
    return readAttendance(this.#database.read, checkSessionId(id));
  }

  /**
   * Where the session stands, by what is durable. If it was aborted or has expired, only its status, `expiresAt` and
   * `reason` are known.
   */
  async progress(id: string): Promise<SessionProgress> {
    const sessionId = checkSessionId(id);
    return this.#whileThere(sessionId, () => readProgress(this.#database.read, sessionId));
  }

  /**
   * The sum; null until round 4 is closed.
   *
   * @throws UsageError ERR_SECAGG_FAILED if the session has failed.
   */
  async result(id: string): Promise<SumVector | null> {
    const sessionId = checkSessionId(id);
    const { read } = this.#database;
    return this.#whileThere(sessionId, async () => {
      const row = await readLive(read, sessionId);
      await requireNotFailed(read, sessionId, row);
      return row.status === 'finished' ? readResult(read, sessionId, row) : null;
    });
  }

  /**
   * Ends a session that has no result yet, and drops what was collected. A second call changes nothing.
   *
   * @param reason for people; later calls report it. The first 1,000 characters are kept.
   * @throws UsageError ERR_SECAGG_USAGE if the session is finished, ERR_SECAGG_FAILED if it has failed.
   */
  async abort(id: string, reason: string): Promise<void> {
    const sessionId = checkSessionId(id);
    checkString(reason, 'reason');
    await abortSession(this.#database, sessionId, reason);
    this.#inboxes.end(sessionId);
  }

  /** Removes a session with all that belongs to it, whatever its status; does nothing if there is none. */
  async remove(id: string): Promise<void> {
    const sessionId = checkSessionId(id);
    await removeSession(this.#database, sessionId);
    this.#inboxes.end(sessionId);
  }

  /**
   * Expires sessions whose time is over, and drops what nobody needs any more. Call it now and then, from one process or
   * several. It takes each session in a transaction of its own, and leaves a session that another transaction holds for the
   * next time.
   *
   * @param options which sessions to remove: those that ended as long ago as `endedBefore` is by this process's clock, counted by the
   * database's clock.
   */
  async sweep(options: SweepOptions = {}): Promise<Swept> {
    checkNames(options, 'options', ['endedBefore']);
    const { endedBefore } = options;
    return sweepSessions(this.#database, endedBefore === undefined ? null : secondsUntil(endedBefore, 'options.endedBefore'));
  }
}

function clientIn(options: CreateOptions): PoolConnection | undefined {
  checkNames(options, 'options', ['client']);
  return options.client;
}
