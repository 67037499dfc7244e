// Whether this driver, with the settings of this connection and whatever the application has changed in it, gives back what it was
// given. A driver that does not would corrupt sessions in ways that show much later.
import { equalBytes } from '../leaves/bytes.ts';
import { StoreError } from '../leaves/errors.ts';
import { boolean, bytes, integer, number, statement, text, type Query, type Statement } from './statement.ts';

interface Echo {
  readonly bytes: Uint8Array;
  readonly bigint: number;
  readonly boolean: boolean;
  readonly text: string;
  readonly uuid: string;
  readonly jsonb: string;
  readonly float8: number;
  readonly list: string;
}

const EVERY_BYTE: Uint8Array = Uint8Array.from({ length: 256 }, (_, i) => i);
const UUID = '00112233-4455-6677-8899-aabbccddeeff';
const TEXT = 'a\'b"c\\d é €';
const FLOAT = 0.5;

const ECHO: Statement<Echo> = statement(
  `
  select $1::bytea as bytes, $2::bigint as bigint, $3::boolean as boolean, $4::text as text, $5::uuid as uuid,
    $6::jsonb::text as jsonb, $7::float8 as float8, array_to_string($8::text[], ' ') as list`,
  { bytes, bigint: integer, boolean, text, uuid: text, jsonb: text, float8: number, list: text },
);

const VALUES = [EVERY_BYTE, Number.MAX_SAFE_INTEGER, true, TEXT, UUID, '{"a":[1,null]}', FLOAT, ['x', 'null']];

/**
 * Sends one value of each type that this library uses, and compares what comes back.
 *
 * @throws StoreError ERR_SECAGG_STORE, not retryable, that names the type which came back changed.
 */
export async function checkDriver(query: Query): Promise<void> {
  const [echo] = await query(ECHO, VALUES);
  const changed = echo === undefined ? 'every type' : changedIn(echo);
  if (changed === null) return;
  const message =
    `database: the driver does not give back what it was given (${changed}); use pg in its JavaScript form, or a driver that takes the ` +
    'types of a query';
  throw new StoreError('ERR_SECAGG_STORE', message, { retryable: false });
}

function changedIn(echo: Echo): string | null {
  if (!equalBytes(echo.bytes, EVERY_BYTE)) return 'bytea';
  if (echo.bigint !== Number.MAX_SAFE_INTEGER) return 'bigint';
  if (!echo.boolean) return 'boolean';
  if (echo.text !== TEXT) return 'text';
  if (echo.uuid !== UUID) return 'uuid';
  if (echo.jsonb.replaceAll(' ', '') !== '{"a":[1,null]}') return 'jsonb';
  if (echo.float8 !== FLOAT) return 'float8';
  if (echo.list !== 'x null') return 'text[]';
  return null;
}
