// Transactions. Each one begins, commits, and starts again if the database reports that it lost a race; any other error of
// the database becomes a StoreError. All statements go through here, and none waits longer than the deadline.
import { hex, utf8 } from '../leaves/bytes.ts';
import { StoreError } from '../leaves/errors.ts';
import { checkInteger } from '../leaves/checks.ts';
import { checkListener, emit, type Listener } from '../leaves/events.ts';
import { sha256 } from '../crypto/digest.ts';
import { systemRandom } from '../crypto/random.ts';
import { connectionOf } from './connection.ts';
import { inTime, Late } from './deadline.ts';
import { checkDriver } from './driver-check.ts';
import { isStale, lateError, staleError, storeError } from './driver-error.ts';
import type { StoreEvent } from './events.ts';
import { LockWaits } from './lock-waits.ts';
import { readSchemaId, requireSchemaVersion } from './migrations.ts';
import {
  checkConnection,
  checkPool,
  guardNewConnections,
  quoteSchema,
  send,
  type PoolConnection,
  type PoolQuery,
  type PostgresPool,
} from './pool.ts';
import { requireReadable, statement, type Query, type Statement } from './statement.ts';

/** SQLSTATEs of a transaction that lost a race and can run again: serialization_failure, deadlock_detected. */
const LOST_A_RACE = ['40001', '40P01'];
const MOST_ATTEMPTS = 6;

// READ COMMITTED, whatever the server's default: each statement sees all that was committed before it, so that a statement
// after a lock sees all that was written under the lock before. Under REPEATABLE READ it would see what there was before
// the transaction waited for the lock, and a round would miss acknowledged messages (docs/postgres.md).
// The timeout ends a process that stops in the middle of a transaction, so that it does not hold its locks for longer.
// The setting synchronous_commit makes commits wait for the disk, because what is acknowledged must be on it.
// The setting lock_timeout ends a wait for a lock before the process closes the connection for it: PostgreSQL would not
// notice that, and transactions that nobody needs would pile up behind the lock. A shorter one of the application stays; 0 is no limit.
const beginWith = (lockTimeout: number): Statement<never> =>
  statement(
    'begin isolation level read committed read write; ' +
      "set local idle_in_transaction_session_timeout = '30s'; " +
      "select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'; " +
      `select set_config('lock_timeout', '${lockTimeout}ms', true) ` +
      `where current_setting('lock_timeout')::interval not between '1ms' and '${lockTimeout}ms'`,
  );
const COMMIT = statement('commit');
const ROLLBACK = statement('rollback');

/** Waits for locks end when this share of the deadline has passed. */
const LOCK_SHARE = 0.8;
const DEFAULT_TIMEOUT_MS = 30_000;
/** The longest that a timer waits. */
export const MOST_TIMEOUT_MS: number = 2 ** 31 - 1;

/** A process that was started before a migration notices it after so many milliseconds. */
const CHECK_VERSION_MS = 60_000;

/** A transaction that takes longer is told of. */
const SLOW_MS = 1_000;

/** How a database is used. */
export interface DatabaseOptions {
  /** Name of the schema that has all tables. Default: 'secagg'. */
  readonly schema?: string | undefined;
  /**
   * Most milliseconds that a call waits for one answer of the database: for a connection from the pool, and for each
   * statement. The time in which this process computes does not count. Default: 30,000.
   */
  readonly timeout?: number | undefined;
}

/** Sends one statement and decodes its rows. */
type Run = <Row>(
  statement: Statement<Row>,
  values?: readonly unknown[],
) => Promise<{ readonly rows: readonly Row[]; readonly command?: string | undefined }>;

export class Database {
  /** The schema's name in double quotes. */
  readonly schema: string;
  /** Most milliseconds that a call waits for one answer. */
  readonly timeout: number;
  /** Most milliseconds that a call waits for locks. */
  readonly lockTimeout: number;
  readonly lockWaits: LockWaits = new LockWaits();
  readonly #pool: PostgresPool;
  readonly #prepares: boolean;
  /** What is sent of each statement, by its text. */
  readonly #sent = new Map<string, Pick<PoolQuery, 'text' | 'name'>>();
  /** Until when, by `performance.now()`, the schema's version counts as known. */
  #versionKnownUntil = 0;
  #driverChecked = false;
  #schemaId: string | null = null;
  readonly #listener: Listener<StoreEvent>;

  /**
   * @param prepares whether each connection of the pool prepares a statement once, and does not plan it again. Behind PgBouncer in
   * transaction mode the next transaction may be given another connection to the server.
   * @throws TypeError, RangeError that name the argument.
   */
  constructor(
    pool: PostgresPool,
    { schema = 'secagg', timeout = DEFAULT_TIMEOUT_MS }: DatabaseOptions = {},
    listener?: Listener<StoreEvent>,
    prepares = false,
  ) {
    this.#pool = checkPool(pool);
    this.#prepares = prepares;
    this.#listener = checkListener(listener);
    this.schema = quoteSchema(schema);
    this.timeout = checkInteger(timeout, 'options.timeout', 1, MOST_TIMEOUT_MS);
    this.lockTimeout = Math.ceil(LOCK_SHARE * this.timeout);
    guardNewConnections(pool);
  }

  /** Tells the application's listener. */
  tell(event: StoreEvent): void {
    emit(this.#listener, event);
  }

  /** The random identifier of the schema. @throws StoreError if it is missing. */
  async schemaId(query: Query): Promise<string> {
    this.#schemaId ??= await readSchemaId(query);
    return this.#schemaId;
  }

  /** Runs one statement that only reads and is a transaction of its own. */
  readonly read: Query = async (statement, values) => {
    if (!this.#isVersionKnown) return this.transaction((query) => query(statement, values));
    try {
      return await this.#connected(async (run) => (await run(statement, values)).rows);
    } catch (error) {
      if (!isStale(error)) throw error;
      return this.transaction((query) => query(statement, values));
    }
  };

  /**
   * Runs `work` in a transaction. It may run several times, so it must have no effect outside of the database.
   *
   * @param lockTimeout most milliseconds of a wait for a lock; a shorter `lock_timeout` of the application counts.
   * @throws StoreError; or what `work` throws, after a rollback.
   */
  async transaction<T>(work: (query: Query) => Promise<T>, lockTimeout?: number): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.transactionWithoutVersion(async (query) => {
          if (!this.#isVersionKnown) await this.#check(query);
          return work(query);
        }, lockTimeout);
      } catch (error) {
        if (attempt === MOST_ATTEMPTS || !mayRunAgain(error)) throw error;
        this.tell({ type: 'transaction-retried', sqlState: error.sqlState });
        // Another connection may do at once what this one could not.
        if (!isStale(error)) await pause(2 ** attempt * (1 + (systemRandom(1)[0] ?? 0) / 128));
      }
    }
  }

  get #isVersionKnown(): boolean {
    return performance.now() < this.#versionKnownUntil;
  }

  async #check(query: Query): Promise<void> {
    await requireSchemaVersion(query, this.schema);
    if (!this.#driverChecked) await checkDriver(query);
    this.#driverChecked = true;
    this.#versionKnownUntil = performance.now() + CHECK_VERSION_MS;
  }

  /** Runs `work` on a connection of the application, in its own transaction, which it commits or rolls back. */
  async within<T>(connection: PoolConnection, work: (query: Query) => Promise<T>): Promise<T> {
    const run = this.#runOn(
      checkConnection(connection),
      () => undefined,
      () => undefined,
      false,
    );
    const query: Query = async (statement, values) => (await run(statement, values)).rows;
    if (!this.#isVersionKnown) await this.#check(query);
    return work(query);
  }

  /** Runs `work` in a transaction once, whatever version the schema has, for migrations. */
  async transactionWithoutVersion<T>(work: (query: Query) => Promise<T>, lockTimeout?: number): Promise<T> {
    return this.#connected(async (run, onBroken) => {
      const started = performance.now();
      try {
        return await inTransaction(run, onBroken, beginWith(Math.min(lockTimeout ?? Infinity, this.lockTimeout)), work);
      } finally {
        const milliseconds = performance.now() - started;
        if (milliseconds >= SLOW_MS) this.tell({ type: 'transaction-slow', milliseconds });
      }
    });
  }

  async #connected<T>(work: (run: Run, onBroken: (error: Error) => void) => Promise<T>): Promise<T> {
    const connection = await connectionOf(this.#pool, this.timeout);
    // A connection that breaks while no statement runs emits an event, and Node ends a process that does not listen to it.
    let broken: Error | undefined;
    const onBroken = (error: Error): void => void (broken ??= error);
    connection.on?.('error', onBroken);
    try {
      return await work(
        this.#runOn(connection, () => broken, onBroken),
        onBroken,
      );
    } finally {
      connection.off?.('error', onBroken);
      connection.release(broken);
    }
  }

  /** @param onUseless is told why the connection is of no use any more. */
  #runOn(
    connection: PoolConnection,
    broken: () => Error | undefined,
    onUseless: (error: Error) => void,
    prepares = this.#prepares,
  ): Run {
    return async ({ text, decode }, values) => {
      const why = broken();
      // A statement would wait behind the one that is not answered.
      if (why !== undefined) throw storeError(why);
      requireReadable(values ?? []);
      const sent = this.#sentOf(text);
      try {
        const { rows, command } = await inTime(send(connection, prepares ? sent : { text: sent.text }, values), this.timeout);
        return { rows: decode === null ? [] : rows.map((row) => decode(row)), command };
      } catch (error) {
        const stale = prepares && values !== undefined ? staleError(error) : null;
        if (stale !== null) {
          onUseless(stale);
          throw stale;
        }
        if (!(error instanceof Late)) throw storeError(error);
        onUseless(error);
        throw lateError(`no answer within ${this.timeout} ms`, error);
      }
    };
  }

  /** A statement for this schema, and a name that no other statement has. */
  #sentOf(text: string): Pick<PoolQuery, 'text' | 'name'> {
    const known = this.#sent.get(text);
    if (known !== undefined) return known;
    const sql = text.replaceAll(':schema', () => this.schema);
    const sent = { text: sql, name: `secagg_${hex(sha256([utf8(sql)]).subarray(0, 16))}` };
    this.#sent.set(text, sent);
    return sent;
  }
}

async function inTransaction<T>(
  run: Run,
  onBroken: (error: Error) => void,
  begin: Statement<never>,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  try {
    await run(begin);
    const result = await work(async (statement, values) => (await run(statement, values)).rows);
    const { command } = await run(COMMIT);
    // PostgreSQL answers a commit with ROLLBACK if a statement has failed before: nothing was committed.
    if (command === 'ROLLBACK') throw new StoreError('ERR_SECAGG_STORE', 'database: the transaction was rolled back');
    return result;
  } catch (error) {
    // The first error is thrown, even if the rollback fails too; then the connection is in an unknown state and is closed.
    await run(ROLLBACK).catch((failure: unknown) => {
      onBroken(failure instanceof Error ? failure : new Error('the rollback failed'));
    });
    throw error;
  }
}

function mayRunAgain(error: unknown): error is StoreError & { readonly sqlState: string } {
  if (!(error instanceof StoreError) || error.sqlState === null) return false;
  return LOST_A_RACE.includes(error.sqlState) || isStale(error);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
