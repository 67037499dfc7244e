// A statement: its SQL text together with the type of its rows. What the driver gives for a column is checked and decoded
// here and nowhere else: it is PostgreSQL's text, or a value of the type if the driver does not know `PoolQuery.types`.
import { platform } from '#platform';
import { StateError, StoreError } from '../leaves/errors.ts';
import { typedArrayOf } from '../leaves/typed-arrays.ts';

/** Decodes the value of one column; the name is for errors. @throws StoreError if the value has another type. */
type Column<T> = (value: unknown, name: string) => T;

/** The columns of a row, by name. */
export type Columns<Row> = { readonly [Name in keyof Row]: Column<Row[Name]> };

/** SQL text, and the row that it returns. `:schema` stands for the quoted name of the schema; values are `$1`, `$2`, … */
export interface Statement<Row> {
  readonly text: string;
  /** Decodes one row as the driver gives it; null if nobody reads the rows. */
  readonly decode: ((row: unknown) => Row) | null;
}

/** Runs one statement and returns its rows; an empty array if the statement names no columns. */
export type Query = <Row>(statement: Statement<Row>, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** A row that answers one of several questions. */
export interface SharedQuestion {
  /** Which of them. */
  readonly asked: number;
}

/**
 * Makes a statement.
 *
 * @param columns the columns that the caller reads; without them the rows are ignored.
 */
export function statement(text: string): Statement<never>;
export function statement<Row>(text: string, columns: Columns<Row>): Statement<Row>;
export function statement<Row>(text: string, columns?: Columns<Row>): Statement<Row> {
  if (columns === undefined) return { text, decode: null };
  const decoders = Object.entries<Column<unknown>>(columns);
  const decode = (row: unknown): Row => {
    const values = row as Readonly<Record<string, unknown>>;
    const decoded: Record<string, unknown> = {};
    for (const [name, column] of decoders) decoded[name] = column(values[name], name);
    return decoded as Row;
  };
  return { text, decode };
}

/**
 * SQL that finds rows of a table for each row of `question`, by columns that both have. They are looked up in an index one by one. A plain
 * join may read the whole table, that is the rows of all sessions, until the table is many times as large as what it joins.
 */
export function lookup(columns: string, table: string, keys: readonly string[], condition = 'true'): string {
  const same = keys.map((key) => `${table}.${key} = question.${key}`).join(' and ');
  // OFFSET 0 keeps the planner from making a join of it.
  return `cross join lateral (select ${columns} from :schema.${table} where ${same} and ${condition} offset 0) as found`;
}

/**
 * Runs a statement that must insert or change exactly one row, and that returns the rows that it has written.
 *
 * @throws StoreError if it has written none: somebody has deleted the row, or a trigger or rule of the database suppresses the
 * write without an error.
 */
export async function writeOne<Row>(query: Query, statement: Statement<Row>, values: readonly unknown[]): Promise<void> {
  requireWritten((await query(statement, values)).length, 1);
}

/** @throws StoreError as `writeOne`, unless so many rows were written. */
export function requireWritten(rows: number, expected: number): void {
  if (rows === expected) return;
  const text = `database: expected ${expected} rows to be written, got ${rows}; nothing was acknowledged`;
  throw new StoreError('ERR_SECAGG_STORE', text, { retryable: false });
}

/**
 * Most bytes of one bytea. The driver reads it as text with two digits for each byte, in one string; if that has more than the
 * 2^29 − 24 characters of a string of V8, the driver's error ends the process.
 */
export const MOST_BYTEA_BYTES: number = 2 ** 28 - 64;

/** @throws StateError ERR_SECAGG_STATE_SIZE if a value could be written and never be read. */
export function requireReadable(values: readonly unknown[]): void {
  for (const value of values) {
    if (!(value instanceof Uint8Array) || value.length <= MOST_BYTEA_BYTES) continue;
    const text = `database: expected at most ${MOST_BYTEA_BYTES} bytes in one value, got ${value.length}`;
    throw new StateError(text, 'ERR_SECAGG_STATE_SIZE');
  }
}

function wrongType(name: string, expected: string, value: unknown): StoreError {
  const got = value === null ? 'null' : typeof value;
  const text = `database: column ${name}: expected ${expected}, got ${got}; does the application change the driver's parsers of types?`;
  return new StoreError('ERR_SECAGG_STORE', text, { retryable: false });
}

/** A smallint, an integer, or a bigint up to 2^53 - 1. */
export const integer: Column<number> = (value, name) => {
  const number = typeof value === 'string' || typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw wrongType(name, 'an integer', value);
  return number;
};

/** A text, a uuid, or a jsonb that the statement casts to text. */
export const text: Column<string> = (value, name) => {
  if (typeof value !== 'string') throw wrongType(name, 'text', value);
  return value;
};

export const boolean: Column<boolean> = (value, name) => {
  if (value === true || value === 't') return true;
  if (value === false || value === 'f') return false;
  throw wrongType(name, 'a boolean', value);
};

/** A bytea; the bytes of a driver's Buffer stay where they are. */
export const bytes: Column<Uint8Array> = (value, name) => {
  const plain = typeof value === 'string' ? bytesOfText(value) : typedArrayOf(value, 'Uint8Array', name);
  if (plain === null) throw wrongType(name, 'bytes', value);
  return plain;
};

/** The bytes of a bytea in either of its formats: the setting `bytea_output` chooses. */
function bytesOfText(text: string): Uint8Array | null {
  if (text.startsWith('\\x')) {
    const read = platform.fromHex(text.slice(2));
    return 2 * read.length === text.length - 2 ? read : null;
  }
  const out: number[] = [];
  for (const [, octal, backslash, plain] of text.matchAll(/\\([0-3][0-7]{2})|(\\\\)|([ -~])/g)) {
    out.push(octal === undefined ? (backslash ?? plain ?? '').charCodeAt(0) : parseInt(octal, 8));
  }
  return Uint8Array.from(out);
}

/** A float8, of which nothing depends on its last digits. */
export const number: Column<number> = (value, name) => {
  const read = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof read !== 'number' || Number.isNaN(read)) throw wrongType(name, 'a number', value);
  return read;
};

/** A time, which the statement gives as `millisecondsOf`. */
export const time: Column<Date> = (value, name) => new Date(integer(value, name));

/** A time in whole milliseconds since 1970, which no setting of the connection shortens. */
export const millisecondsOf = (column: string): string => `floor(extract(epoch from ${column}) * 1000)::bigint`;

/** A text that is one of some words. */
export function oneOf<Word extends string>(words: readonly Word[]): Column<Word> {
  return (value, name) => {
    const word = words.find((known) => known === value);
    if (word === undefined) throw wrongType(name, `one of ${words.join(', ')}`, value);
    return word;
  };
}

/** A column that may be null. */
export function nullable<T>(column: Column<T>): Column<T | null> {
  return (value, name) => (value === null ? null : column(value, name));
}
