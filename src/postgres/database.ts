// Transactions: begun, committed, retried where the database says that they lost a race, and ended in a StoreError where
// it says anything else. All statements go through here.
import { SecAggError, StoreError } from '../leaves/errors.ts';
import { systemRandom } from '../crypto/random.ts';
import { requireSchemaVersion } from './migrations.ts';
import { quoteSchema, requirePool, type PoolConnection, type PostgresPool, type Query, type Row } from './pool.ts';
import { statementsFor, type Statements } from './statements.ts';

/** The transaction lost a race and can be run again: serialization_failure, deadlock_detected. */
const LOST_A_RACE = ['40001', '40P01'];
const MOST_ATTEMPTS = 6;

// READ COMMITTED, whatever the server's default: each statement sees all that was committed before it, so that what is
// read after a lock was waited for is what the lock protects. Under REPEATABLE READ it would be what was there before
// the wait, and an acknowledged message would be missing in the round (docs/postgres.md).
// A process that stops in the middle of a transaction must not hold its locks for longer than this.
// What is acknowledged must be on disk; a server that is set not to wait for it is asked to.
const BEGIN =
  'begin isolation level read committed read write; ' +
  "set local idle_in_transaction_session_timeout = '30s'; " +
  "select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'";

const HEARTBEAT_MS = 5_000;

export class Database {
  readonly sql: Statements;
  readonly schema: string;
  readonly #pool: PostgresPool;
  #versionChecked = false;

  constructor(pool: PostgresPool, options: { readonly schema?: string }) {
    this.#pool = requirePool(pool);
    this.schema = quoteSchema(options.schema ?? 'secagg');
    this.sql = statementsFor(this.schema);
  }

  /** One statement that only reads, which is a transaction of its own. */
  async read(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.#versionChecked
      ? this.#connected((connection) => queryOn(connection)(text, values))
      : this.transaction((query) => query(text, values));
  }

  /**
   * Runs `work` in a transaction. It may run several times, so it must leave nothing behind but in the database.
   *
   * @throws StoreError; or what `work` throws, with all that it wrote undone.
   */
  async transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#connected((connection, onBroken) =>
          inTransaction(connection, onBroken, async (query) => {
            if (!this.#versionChecked) await requireSchemaVersion(query, this.schema);
            this.#versionChecked = true;
            return work(query);
          }),
        );
      } catch (error) {
        const again = error instanceof StoreError && error.sqlState !== null && LOST_A_RACE.includes(error.sqlState);
        if (!again || attempt === MOST_ATTEMPTS) throw error;
        await pause(2 ** attempt * (1 + (systemRandom(1)[0] ?? 0) / 128));
      }
    }
  }

  /** A transaction of a migration, which runs before there is a schema. */
  async unchecked<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.#connected((connection, onBroken) => inTransaction(connection, onBroken, work));
  }

  async #connected<T>(work: (connection: PoolConnection, onBroken: (error: Error) => void) => Promise<T>): Promise<T> {
    const connection = await this.#pool.connect().catch((error: unknown) => {
      throw storeError(error);
    });
    // A connection that breaks while no statement runs tells it by an event, which must be listened to.
    let broken: Error | undefined;
    const onBroken = (error: Error): void => void (broken = error);
    connection.on?.('error', onBroken);
    try {
      return await work(connection, onBroken);
    } finally {
      connection.off?.('error', onBroken);
      connection.release(broken);
    }
  }
}

function queryOn(connection: PoolConnection): Query {
  return async (text, values) => (await run(connection, text, values)).rows as readonly Row[];
}

async function run(connection: PoolConnection, text: string, values?: readonly unknown[]): ReturnType<PoolConnection['query']> {
  try {
    return await (values === undefined ? connection.query(text) : connection.query(text, [...values]));
  } catch (error) {
    throw storeError(error);
  }
}

async function inTransaction<T>(
  connection: PoolConnection,
  onBroken: (error: Error) => void,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  try {
    await run(connection, BEGIN);
    const result = await work(queryOn(connection));
    const { command } = await run(connection, 'commit');
    // PostgreSQL answers so where a statement has failed before: nothing was committed.
    if (command === 'ROLLBACK') throw new StoreError('ERR_SECAGG_STORE', 'database: the transaction was rolled back');
    return result;
  } catch (error) {
    // The first error counts, whatever becomes of the rollback; a connection in an unknown state is not used again.
    await run(connection, 'rollback').catch((failure: unknown) => {
      onBroken(failure instanceof Error ? failure : new Error('the rollback failed'));
    });
    throw error;
  }
}

/** While `work` computes, the transaction is idle; tells the database that it is alive nevertheless. */
export async function keptAlive<T>(query: Query, work: () => Promise<T>): Promise<T> {
  const beat = setInterval(() => void query('select 1').catch(() => undefined), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}

/** undefined_table, invalid_schema_name, undefined_column, undefined_function. */
const NOT_MIGRATED = ['42P01', '3F000', '42703'];

/** What a driver has thrown, as an error that says what to do. */
function storeError(error: unknown): SecAggError {
  if (error instanceof SecAggError) return error;
  const code: unknown = (error as { readonly code?: unknown } | null | undefined)?.code;
  // SQLSTATEs have five characters; the codes of Node's network errors, such as ECONNREFUSED, have more.
  const sqlState = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : null;
  if (sqlState !== null && NOT_MIGRATED.includes(sqlState)) {
    const message = `database: the schema is not there (SQLSTATE ${sqlState}); call migrate() first`;
    return new StoreError('ERR_SECAGG_MIGRATION', message, { sqlState, cause: error });
  }
  const why = sqlState === null ? 'it cannot be reached, or the connection broke' : `SQLSTATE ${sqlState}`;
  const message = `database: ${why}; nothing was acknowledged, try again`;
  return new StoreError('ERR_SECAGG_STORE', message, { sqlState, cause: error });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
