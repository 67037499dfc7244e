// The part of `pg.Pool` that is used, so that the application gives its own pool, or whatever wraps one. Imports no driver.
import { checkString } from '../leaves/checks.ts';

/** What a statement gives. */
export interface PoolResult {
  /** The rows, each an object with the names of the columns. */
  readonly rows: readonly unknown[];
  /** The kind of statement that was run, such as `COMMIT`. */
  readonly command?: string;
}

/** One connection, taken from the pool for a transaction. */
export interface PoolConnection {
  /** Runs one statement of SQL, whose parameters are `values`. */
  query(text: string, values?: unknown[]): Promise<PoolResult>;
  /** Gives the connection back to the pool; with an error, the pool closes it. */
  release(error?: Error | boolean): void;
  /** Listens to the connection's errors between statements. */
  on?(event: 'error', listener: (error: Error) => void): unknown;
  /** Takes back what `on` was given. */
  off?(event: 'error', listener: (error: Error) => void): unknown;
}

/**
 * A pool of connections to PostgreSQL, such as a `pg.Pool`.
 *
 * The pool belongs to the application, which chooses its size and credentials, ends it, and listens to its event `error`:
 * `pg` emits it when an idle connection breaks, and Node ends a process that does not listen.
 */
export interface PostgresPool {
  /** Takes a connection from the pool. */
  connect(): Promise<PoolConnection>;
}

/** @throws TypeError if it has no method `connect`. */
export function checkPool(pool: PostgresPool): PostgresPool {
  const connect: unknown = (pool as Partial<PostgresPool> | null | undefined)?.connect;
  if (typeof connect !== 'function') throw new TypeError('pool: expected a pool of connections, such as a pg.Pool');
  return pool;
}

/** The schema's name in double quotes, so that it is an identifier whatever it contains. @throws TypeError, RangeError. */
export function quoteSchema(schema: unknown): string {
  // PostgreSQL cuts longer names without an error, and two of them could become one.
  const name = checkString(schema, 'options.schema', { least: 1, most: 63 });
  if (name.includes('\0') || name.startsWith('pg_')) {
    throw new RangeError("options.schema: expected a name without a zero byte that does not begin with 'pg_'");
  }
  return `"${name.replaceAll('"', '""')}"`;
}
