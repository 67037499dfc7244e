// The part of `pg.Pool` that is used, so that the application gives its own pool, or whatever wraps one. Imports no driver.
import { checkStorable, checkString } from '../leaves/checks.ts';

/** What a statement gives. */
export interface PoolResult {
  /** The rows, each an object with the names of the columns. */
  readonly rows: readonly unknown[];
  /** The kind of statement that was run, such as `COMMIT`. */
  readonly command?: string;
}

/** One statement, as `pg` takes it. */
export interface PoolQuery {
  /** SQL. Without values it may be several statements. */
  readonly text: string;
  /** Name under which the connection prepares the statement when it first runs it; only for pools that do not go through PgBouncer. */
  readonly name?: string;
  /** The values of its parameters. */
  readonly values?: unknown[];
  /**
   * Gives each value of a column as PostgreSQL's own text, so that parsers of types which the application has set change nothing. A driver
   * that does not know it may give numbers, booleans and bytes as such.
   */
  readonly types: {
    /** What makes a value of the text. */
    getTypeParser(): (text: string) => string;
  };
}

/** One connection, taken from the pool for a transaction. */
export interface PoolConnection {
  /** Runs one statement. */
  query(query: PoolQuery): Promise<PoolResult>;
  /** Gives the connection back to the pool; with an error, the pool closes it. */
  release(error?: Error | boolean): void;
  /** Listens to the connection's errors between statements. */
  on?(event: 'error', listener: (error: Error) => void): unknown;
  /** Listens to what NOTIFY sends to a channel that the connection listens to. */
  on?(event: 'notification', listener: (message: { readonly payload?: string | undefined }) => void): unknown;
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
  /** Tells of each new connection, which is then listened to for errors. */
  on?(event: 'connect', listener: (connection: PoolConnection) => void): unknown;
  /** The listeners that a pool has. */
  listeners?(event: 'connect'): readonly unknown[];
}

const AS_TEXT: PoolQuery['types'] = { getTypeParser: () => (text) => text };

/** Sends a statement. @param text with the name under which it is prepared, if it is to be. */
export function send(
  connection: PoolConnection,
  text: Pick<PoolQuery, 'text' | 'name'>,
  values?: readonly unknown[],
): Promise<PoolResult> {
  if (values === undefined) return connection.query({ text: text.text, types: AS_TEXT });
  return connection.query({
    ...text,
    values: values.map((value) => (isPlainArray(value) ? arrayText(value) : value)),
    types: AS_TEXT,
  });
}

function isOfStrings(array: readonly number[] | readonly string[]): array is readonly string[] {
  return typeof array[0] === 'string';
}

/** Whether a value is an array of numbers alone, or of strings alone. */
function isPlainArray(value: unknown): value is readonly number[] | readonly string[] {
  if (!Array.isArray(value)) return false;
  const type = typeof value[0];
  return (value.length === 0 || type === 'number' || type === 'string') && value.every((element) => typeof element === type);
}

/** An array in PostgreSQL's text. A driver takes longer to make it, because it expects anything in it. */
function arrayText(array: readonly number[] | readonly string[]): string {
  if (!isOfStrings(array)) return `{${array.join()}}`;
  // One search for all of them: most have nothing to escape.
  const escaped = /["\\]/.test(array.join('')) ? array.map((text) => text.replaceAll(/["\\]/g, String.raw`\$&`)) : array;
  return `{"${escaped.join('","')}"}`;
}

/** @throws TypeError if it has no method `connect`, or is one connection instead of a pool. */
export function checkPool(pool: unknown, name = 'pool'): PostgresPool {
  const { connect, getTypeParser } = (pool ?? {}) as { readonly connect?: unknown; readonly getTypeParser?: unknown };
  // Neither postgres.js, which prepares statements by itself, nor PGlite, which has one connection for all, has this method.
  if (typeof connect !== 'function') throw new TypeError(`${name}: expected a pool of connections, such as a pg.Pool`);
  // A pg.Client has a method `connect` too, but only clients have parsers of types.
  if (typeof getTypeParser === 'function')
    throw new TypeError(`${name}: expected a pg.Pool, got a pg.Client, which is one connection`);
  return pool as PostgresPool;
}

/** @throws TypeError if what a pool has handed over is no connection. */
export function checkConnection(connection: unknown): PoolConnection {
  const { query, release } = (connection ?? {}) as { readonly query?: unknown; readonly release?: unknown };
  if (typeof query === 'function' && typeof release === 'function') return connection as PoolConnection;
  throw new TypeError('pool: expected connect() to give a promise of a connection with the methods query and release');
}

/**
 * Lets new connections of a pool break without ending the process.
 *
 * A server may end a connection in the same packet in which it says that the connection is ready. Then `pg` emits the
 * connection's event `error` before `connect()` resolves, and so before whoever called it can listen. The pool's event
 * `connect` comes earlier. The error is not lost: the first statement on the connection fails.
 */
export function guardNewConnections(pool: PostgresPool): void {
  // Several objects may use one pool.
  if (pool.listeners?.('connect').includes(guardConnection) !== true) pool.on?.('connect', guardConnection);
}

function guardConnection(connection: PoolConnection): void {
  connection.on?.('error', () => undefined);
}

/** The schema's name in double quotes, so that it is an identifier whatever it contains. @throws TypeError, RangeError. */
export function quoteSchema(schema: unknown, name = 'options.schema'): string {
  // PostgreSQL cuts longer names without an error, and two of them could become one.
  const text = checkString(schema, name, { least: 1, most: 63 });
  checkStorable(text, name);
  if (text.startsWith('pg_')) throw new RangeError(`${name}: expected a name that does not begin with 'pg_'`);
  return `"${text.replaceAll('"', '""')}"`;
}
