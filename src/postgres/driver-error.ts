// The errors of a driver as StoreErrors that say what to do.
import { SecAggError, StoreError } from '../leaves/errors.ts';
import type { Late } from './deadline.ts';

/** SQLSTATEs of a schema that is not there: undefined_table, invalid_schema_name, undefined_column. */
const NOT_MIGRATED = ['42P01', '3F000', '42703'];

/**
 * Classes of SQLSTATEs with which the same call fails again until somebody changes the database, its settings or the
 * connection's: feature_not_supported, data_exception, integrity_constraint_violation, invalid_authorization_specification,
 * invalid_catalog_name, invalid_schema_name, syntax_error_or_access_rule_violation, with_check_option_violation,
 * program_limit_exceeded, and errors that triggers raise.
 */
const PERMANENT_CLASSES = ['0A', '22', '23', '28', '3D', '3F', '42', '44', '54', 'P0'];

/** The SQLSTATE of a transaction that others have kept from a lock for longer than `lock_timeout`. */
export const LOCK_NOT_AVAILABLE = '55P03';

/** SQLSTATEs of a connection that has lost what it had prepared: invalid_sql_statement_name, feature_not_supported. */
const STALE = ['26000', '0A000'];

/**
 * The error of a prepared statement that only this connection refuses, because somebody has run DISCARD or DEALLOCATE on it, or has changed
 * the type of a column. The driver would send the name again and again, so the connection is to be closed. Null for any other error.
 */
export function staleError(error: unknown): StoreError | null {
  const sqlState = sqlStateOf(error);
  if (sqlState === null || !STALE.includes(sqlState)) return null;
  // What PostgreSQL does not support, another connection will not do either. It tells the two apart by the function that has failed.
  const { routine } = error as { readonly routine?: unknown };
  if (sqlState === '0A000' && routine !== 'RevalidateCachedQuery') return null;
  const message = `database: a connection has lost its prepared statements (SQLSTATE ${sqlState}) and is closed; nothing was acknowledged, try again`;
  return new StoreError('ERR_SECAGG_STORE', message, { sqlState, retryable: true, cause: error });
}

/** Whether a transaction has failed only because of what its connection had prepared. */
export function isStale(error: unknown): error is StoreError & { readonly sqlState: string } {
  return error instanceof StoreError && error.retryable && error.sqlState !== null && STALE.includes(error.sqlState);
}

/** The error of a call that has waited too long. If it has waited for a commit, nobody knows whether that took place. */
export function lateError(what: string, cause: Late): StoreError {
  const message = `database: ${what}; the same call again is harmless, whether or not this one took effect`;
  return new StoreError('ERR_SECAGG_STORE', message, { cause });
}

/** The error of a driver as a StoreError; an error of this library as it is. */
export function storeError(error: unknown): SecAggError {
  if (error instanceof SecAggError) return error;
  const sqlState = sqlStateOf(error);
  if (sqlState === null) {
    const message = 'database: it cannot be reached, or the connection broke; nothing was acknowledged, try again';
    return new StoreError('ERR_SECAGG_STORE', message, { cause: error });
  }
  if (NOT_MIGRATED.includes(sqlState)) {
    const message = `database: the schema is missing (SQLSTATE ${sqlState}); call migrate() first`;
    return new StoreError('ERR_SECAGG_MIGRATION', message, { sqlState, cause: error });
  }
  const retryable = !PERMANENT_CLASSES.includes(sqlState.slice(0, 2));
  const advice = retryable ? 'try again' : 'the same call fails again until the database or its settings are changed';
  const message = `database: SQLSTATE ${sqlState}; nothing was acknowledged, ${advice}`;
  return new StoreError('ERR_SECAGG_STORE', message, { sqlState, retryable, cause: error });
}

/**
 * Errors of the connection or of the whole server, which say nothing about the rows of a session: connection_exception,
 * invalid_transaction_state (the server is read-only), invalid_sql_statement_name, invalid_authorization_specification,
 * invalid_catalog_name, insufficient_resources, and a server that shuts down or starts.
 */
const OF_DATABASE = ['08', '25', '26', '28', '3D', '53', '57P'];

/** Whether every call fails now as this one has. Else the rows of one session may be the reason, and other sessions go on without it. */
export function isOfDatabase(error: unknown): boolean {
  if (!(error instanceof StoreError)) return false;
  const { code, sqlState, retryable } = error;
  if (code !== 'ERR_SECAGG_STORE') return true;
  // Without an SQLSTATE either the connection broke, or this library refuses what the rows are.
  return sqlState === null ? retryable : isStale(error) || OF_DATABASE.some((prefix) => sqlState.startsWith(prefix));
}

/** Whether a transaction has ended because others hold what it needs. */
export function isHeld(error: unknown): boolean {
  return error instanceof StoreError && error.sqlState === LOCK_NOT_AVAILABLE;
}

/** The SQLSTATE that an error carries; null if the database did not raise it. */
function sqlStateOf(error: unknown): string | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  // Five characters, of which one is a digit. Codes of Node's network errors, such as ECONNREFUSED or EPIPE, have no digit.
  return typeof code === 'string' && /^(?=.*[0-9])[0-9A-Z]{5}$/.test(code) ? code : null;
}
