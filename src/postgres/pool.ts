// What is asked of the database's driver: the part of `pg.Pool` that is used, so that a pool of `pg`, or whatever wraps
// one, is given as it is. No driver is imported. Imports nothing.

/** A row, by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** Runs one statement and gives its rows. */
export type Query = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** One connection, taken from the pool for a transaction. */
export interface PoolConnection {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[]; readonly command?: string }>;
  /** Gives it back; with an error, the connection is of no use any more. */
  release(error?: Error | boolean): void;
  on?(event: 'error', listener: (error: Error) => void): unknown;
  off?(event: 'error', listener: (error: Error) => void): unknown;
}

/**
 * A pool of connections to PostgreSQL, such as a `pg.Pool`.
 *
 * It belongs to the application: its size, its credentials, its end, and its event `error`, which `pg` emits when an idle
 * connection breaks and which ends a process that does not listen.
 */
export interface PostgresPool {
  connect(): Promise<PoolConnection>;
}

/** An identifier in double quotes, so that it is a name whatever is in it. @throws TypeError, RangeError. */
export function quoteSchema(schema: unknown): string {
  if (typeof schema !== 'string') throw new TypeError(`options.schema: expected a string, got ${typeof schema}`);
  const bytes = new TextEncoder().encode(schema).length;
  // Longer names would be cut silently, and two of them could become one.
  if (bytes < 1 || bytes > 63 || schema.includes('\0') || schema.startsWith('pg_')) {
    throw new RangeError(`options.schema: expected a name of 1 to 63 bytes that does not begin with 'pg_'`);
  }
  return `"${schema.replaceAll('"', '""')}"`;
}

export function requirePool(pool: unknown): PostgresPool {
  const connect: unknown = (pool as Partial<PostgresPool> | null | undefined)?.connect;
  if (typeof connect !== 'function') throw new TypeError('pool: expected a pool of connections, such as a pg.Pool');
  return pool as PostgresPool;
}
