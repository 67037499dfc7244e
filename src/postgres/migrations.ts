// Numbered migrations, after graphile/worker. Each runs once, in one transaction with the row that records it. The row is
// inserted first: if two processes migrate at once, the second waits for the first and then finds the migration done.
import { StoreError } from '../leaves/errors.ts';
import type { Migration } from './migration.ts';
import { MIGRATION_0001 } from './migrations/0001-sessions.ts';
import { MIGRATION_0002 } from './migrations/0002-coordinator.ts';
import { boolean, integer, statement, text, type Query } from './statement.ts';

/** The part of the class Database that migrations use. */
interface MigratedDatabase {
  readonly schema: string;
  transactionWithoutVersion<T>(work: (query: Query) => Promise<T>): Promise<T>;
}

const MIGRATIONS: readonly Migration[] = [MIGRATION_0001, MIGRATION_0002];

/** The version of the schema that this code reads and writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** SQLSTATEs of a migration that another process was faster with: unique_violation, duplicate_table, duplicate_schema, duplicate_object. */
const CLASHES = ['23505', '42P07', '42P06', '42710'];
/** After a clash the other process has committed what clashed: first the schema, then all else. A third clash is with a stranger. */
const MOST_CLASHES = 3;

const BOOTSTRAP = statement(`
  create schema if not exists :schema;
  create table if not exists :schema.migrations (
    version integer primary key check (version > 0),
    name text not null,
    applied_at timestamptz not null default now()
  );
  comment on table :schema.migrations is 'Which numbered migrations of secagg/postgres have been applied.';
  comment on column :schema.migrations.version is 'Number of the migration.';
  comment on column :schema.migrations.name is 'Name of the migration.';
  comment on column :schema.migrations.applied_at is 'When it was applied.'`);

const FIND_MIGRATIONS = statement('select to_regclass($1) is not null as present', { present: boolean });
const LAST_VERSION = statement('select coalesce(max(version), 0) as version from :schema.migrations', { version: integer });
const SCHEMA_ID = statement('select schema_id from :schema.identity where only_row', { schema_id: text });
const INSERT_VERSION = statement('insert into :schema.migrations (version, name) values ($1, $2)');

export async function migrate(database: MigratedDatabase): Promise<void> {
  const transaction = <T>(work: (query: Query) => Promise<T>): Promise<T> =>
    retryingClashes(() => database.transactionWithoutVersion(work));
  // Looks first, because looking takes no right to create anything.
  if ((await transaction((query) => appliedVersion(query, database.schema))) === SCHEMA_VERSION) return;
  await transaction(async (query) => {
    if (!(await isBootstrapped(query, database.schema))) await query(BOOTSTRAP);
  });
  for (const { version, name, sql } of MIGRATIONS) {
    await transaction(async (query) => {
      if ((await appliedVersion(query, database.schema)) >= version) return;
      await query(INSERT_VERSION, [version, name]);
      await query(statement(sql));
    });
  }
}

/** Runs `work`, and again if another process was faster. */
async function retryingClashes<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const clash = error instanceof StoreError && error.sqlState !== null && CLASHES.includes(error.sqlState);
      if (!clash || attempt === MOST_CLASHES) throw error;
    }
  }
}

/** Whether the table of migrations is there. */
async function isBootstrapped(query: Query, schema: string): Promise<boolean> {
  const [table] = await query(FIND_MIGRATIONS, [`${schema}.migrations`]);
  return table?.present === true;
}

/** The number of the newest migration, 0 before the first. @throws StoreError if it is newer than this code. */
async function appliedVersion(query: Query, schema: string): Promise<number> {
  if (!(await isBootstrapped(query, schema))) return 0;
  const [row] = await query(LAST_VERSION);
  const version = row?.version ?? 0;
  if (version <= SCHEMA_VERSION) return version;
  const message = `database: the schema has version ${version}, this secagg knows ${SCHEMA_VERSION}; update secagg`;
  throw new StoreError('ERR_SECAGG_SCHEMA_NEWER', message);
}

/** @throws StoreError if this code was written for another version of the schema. */
export async function requireSchemaVersion(query: Query, schema: string): Promise<void> {
  const version = await appliedVersion(query, schema);
  if (version === SCHEMA_VERSION) return;
  const message = `database: the schema has version ${version}, expected ${SCHEMA_VERSION}; call migrate() first`;
  throw new StoreError('ERR_SECAGG_MIGRATION', message);
}

/** The random identifier of the schema. @throws StoreError if its row is missing. */
export async function readSchemaId(query: Query): Promise<string> {
  const [row] = await query(SCHEMA_ID);
  if (row !== undefined) return row.schema_id;
  const message = 'database: the row of the table identity is missing; was the schema restored without its data?';
  throw new StoreError('ERR_SECAGG_STORE', message, { retryable: false });
}
