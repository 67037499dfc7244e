// Calls that wait until a round is closed. All of one process share one look at the database, once a second; a process that has a
// direct connection is told by NOTIFY, and looks by itself only now and then.
import { Cancellation } from '../leaves/cancellation.ts';
import { sleep } from '../leaves/sleep.ts';
import { throwIfAborted, type AbortSignalLike } from '../leaves/signals.ts';
import { CHANNEL } from './channel.ts';
import type { Database } from './database.ts';
import { connectionOf } from './connection.ts';
import { inTime } from './deadline.ts';
import { send, type PoolConnection, type PostgresPool } from './pool.ts';
import { requireLive, type StatusRow } from './session-status.ts';
import { readStatuses } from './statements.ts';

/** Milliseconds between two looks, without and with notifications. */
const LOOK_MS = 1_000;
const LOOK_SELDOM_MS = 15_000;

interface WaitingCall {
  readonly sessionId: string;
  /** Is given the session's row; undefined if there is none. */
  readonly see: (row: StatusRow | undefined) => void;
  readonly fail: (error: unknown) => void;
}

export class Waiting {
  readonly #database: Database;
  readonly #direct: PostgresPool | null;
  readonly #calls = new Set<WaitingCall>();
  #isLooking = false;
  /** How often there was a reason to look. One that comes during a look is a reason for another look. */
  #reasons = 0;
  #endSleep: () => void = () => undefined;

  /** @param direct a pool whose connections LISTEN; null if there is none. */
  constructor(database: Database, direct: PostgresPool | null) {
    this.#database = database;
    this.#direct = direct;
  }

  /**
   * Fulfilled once a round of a session is closed, or the session has failed.
   *
   * @throws UsageError if the session was aborted, has expired, or is unknown; StoreError; the signal's reason.
   */
  async until(sessionId: string, round: number, signal: AbortSignalLike | undefined): Promise<void> {
    throwIfAborted(signal);
    const waiting = new Cancellation(signal);
    try {
      await new Promise<void>((resolve, reject) => {
        const call: WaitingCall = {
          sessionId,
          see: (row) => {
            const { status, round: present } = requireLive(row, sessionId);
            if (present > round || status !== 'collecting') resolve();
          },
          fail: reject,
        };
        this.#calls.add(call);
        const done = (): void => void this.#calls.delete(call);
        // Also at the end, when `reject` has no effect any more.
        waiting.signal.addEventListener('abort', () => {
          done();
          reject(waiting.signal.reason as Error);
          this.#wake();
        });
        void this.#look();
        this.#wake();
      });
    } finally {
      waiting.cancel();
      waiting.release();
    }
  }

  /** Looks again and again, as long as somebody waits. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const listening = new Listening(this.#direct, this.#database.timeout, (changed) => {
      if (changed === null || [...this.#calls].some(({ sessionId }) => sessionId === changed)) this.#wake();
    });
    const never = new AbortController().signal;
    try {
      while (this.#calls.size > 0) {
        const before = this.#reasons;
        listening.begin();
        await this.#lookOnce();
        if (this.#calls.size === 0) break;
        if (this.#reasons > before) continue;
        await sleep(listening.isAlive ? LOOK_SELDOM_MS : LOOK_MS, never, (wake) => {
          this.#endSleep = wake;
          return () => (this.#endSleep = (): void => undefined);
        });
      }
    } finally {
      this.#isLooking = false;
      listening.end();
      if (this.#calls.size > 0) void this.#look(); // a call that came meanwhile
    }
  }

  #wake(): void {
    this.#reasons++;
    this.#endSleep();
  }

  async #lookOnce(): Promise<void> {
    const calls = [...this.#calls];
    try {
      const rows = await this.#database.read(readStatuses, [[...new Set(calls.map(({ sessionId }) => sessionId))]]);
      const bySession = new Map(rows.map((row) => [row.session_id, row]));
      for (const { sessionId, see, fail } of calls) {
        try {
          see(bySession.get(sessionId));
        } catch (error) {
          fail(error);
        }
      }
    } catch (error) {
      for (const { fail } of calls) fail(error);
    }
  }
}

/** One connection that hears notifications; without a pool, or while it is broken, none. */
class Listening {
  readonly #pool: PostgresPool | null;
  readonly #timeout: number;
  readonly #onChange: (sessionId: string | null) => void;
  #connection: PoolConnection | null = null;
  #isBeginning = false;
  #isOver = false;

  /**
   * @param timeout most milliseconds to wait for a connection, and for the answer to LISTEN.
   * @param onChange is given the session that has changed; null if nobody knows: the connection has begun to listen, or broke.
   */
  constructor(pool: PostgresPool | null, timeout: number, onChange: (sessionId: string | null) => void) {
    this.#pool = pool;
    this.#timeout = timeout;
    this.#onChange = onChange;
  }

  get isAlive(): boolean {
    return this.#connection !== null;
  }

  /**
   * Begins to listen, unless it does. What fails is tried again at the next look. Nobody waits for it: a pool or a network that does not
   * answer keeps no caller from being looked for.
   */
  begin(): void {
    if (this.#pool === null || this.#connection !== null || this.#isBeginning) return;
    this.#isBeginning = true;
    const done = (): void => void (this.#isBeginning = false);
    void this.#listen(this.#pool).then(done, done);
  }

  async #listen(pool: PostgresPool): Promise<void> {
    const connection = await connectionOf(pool, this.#timeout);
    if (this.isOver()) {
      connection.release();
      return;
    }
    connection.on?.('error', (error) => this.#onError(connection, error));
    connection.on?.('notification', ({ payload }) => this.#onChange(payload ?? null));
    try {
      await inTime(send(connection, { text: `listen ${CHANNEL}` }), this.#timeout);
    } catch (error) {
      connection.release(error instanceof Error ? error : true);
      return;
    }
    this.#connection = connection;
    // What was closed before it listened, it was not told of.
    if (this.isOver()) this.end();
    else this.#onChange(null);
  }

  /** Whether nobody waits any more. It may change during any wait. */
  isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
    // Closed, because it would go on to listen in the hands of whoever takes it next.
    this.#connection?.release(true);
    this.#connection = null;
  }

  #onError(connection: PoolConnection, error: Error): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    connection.release(error);
    this.#onChange(null);
  }
}
