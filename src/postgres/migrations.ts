// Numbered migrations: each runs once, in one transaction with the row that says so, which is inserted first, so that of
// two processes that migrate at once the second waits for the first and then finds it done. After graphile/worker.
import { StoreError } from '../leaves/errors.ts';
import type { Migration } from './migration.ts';
import { MIGRATION_0001 } from './migrations/0001-sessions.ts';
import type { Query } from './pool.ts';

/** What a migration needs of a database. */
interface Migrated {
  readonly schema: string;
  /** Runs a transaction without asking for the schema's version. */
  unchecked<T>(work: (query: Query) => Promise<T>): Promise<T>;
}

const MIGRATIONS: readonly Migration[] = [MIGRATION_0001];

/** The version of the schema that this code reads and writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** Another process was faster: unique_violation, duplicate_table, duplicate_schema, duplicate_object. */
const CLASHES = ['23505', '42P07', '42P06', '42710'];
const MOST_CLASHES = 50;

const BOOTSTRAP = `
  create schema if not exists :schema;
  create table if not exists :schema.migrations (
    version integer primary key check (version > 0),
    name text not null,
    applied_at timestamptz not null default now()
  );
  comment on table :schema.migrations is 'Which numbered migrations of secagg/postgres have been applied.';
  comment on column :schema.migrations.version is 'Number of the migration.';
  comment on column :schema.migrations.name is 'What it brought.';
  comment on column :schema.migrations.applied_at is 'When it was applied.'`;

export async function migrate(database: Migrated): Promise<void> {
  const inSchema = (sql: string): string => sql.replaceAll(':schema', () => database.schema);
  // First a look, for which no right to create anything is needed.
  if ((await clashing(() => database.unchecked((query) => appliedVersion(query, database.schema)))) === SCHEMA_VERSION) return;
  await clashing(() => database.unchecked((query) => query(inSchema(BOOTSTRAP))));
  for (const { version, name, sql } of MIGRATIONS) {
    await clashing(() =>
      database.unchecked(async (query) => {
        if ((await appliedVersion(query, database.schema)) >= version) return;
        await query(inSchema('insert into :schema.migrations (version, name) values ($1, $2)'), [version, name]);
        await query(inSchema(sql));
      }),
    );
  }
}

/** Runs it again where another process was faster. */
async function clashing<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const clash = error instanceof StoreError && error.sqlState !== null && CLASHES.includes(error.sqlState);
      if (!clash || attempt === MOST_CLASHES) throw error;
    }
  }
}

/** The newest migration, 0 before the first. @throws StoreError where it is newer than this code. */
async function appliedVersion(query: Query, schema: string): Promise<number> {
  const [table] = await query('select to_regclass($1) is not null as there', [`${schema}.migrations`]);
  if (table?.there !== true) return 0;
  const [row] = await query(`select coalesce(max(version), 0) as version from ${schema}.migrations`);
  const version = Number(row?.version);
  if (version <= SCHEMA_VERSION) return version;
  const text = `database: the schema has version ${version}, this secagg knows ${SCHEMA_VERSION}; update secagg`;
  throw new StoreError('ERR_SECAGG_SCHEMA_NEWER', text);
}

/** @throws StoreError where the schema is not the one that this code was written for. */
export async function requireSchemaVersion(query: Query, schema: string): Promise<void> {
  const version = await appliedVersion(query, schema);
  if (version === SCHEMA_VERSION) return;
  const text = `database: the schema has version ${version}, expected ${SCHEMA_VERSION}; call migrate() first`;
  throw new StoreError('ERR_SECAGG_MIGRATION', text);
}
