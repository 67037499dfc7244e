// Numbered migrations, after graphile/worker. Each runs once, in one transaction with the row that records it. The row is
// inserted first: if two processes migrate at once, the second waits for the first and then finds the migration done.
import { StoreError } from '../leaves/errors.ts';
import type { Migration } from './migration.ts';
import { MIGRATION_0001 } from './migrations/0001-sessions.ts';
import { MIGRATION_0002 } from './migrations/0002-coordinator.ts';
import { MIGRATION_0003 } from './migrations/0003-overview.ts';
import { MIGRATION_0004 } from './migrations/0004-unmasking.ts';
import { MIGRATION_0005 } from './migrations/0005-pet.ts';
import { boolean, integer, statement, text, type Query } from './statement.ts';

/** The part of the class Database that migrations use. */
interface MigratedDatabase {
  readonly schema: string;
  transactionWithoutVersion<T>(work: (query: Query) => Promise<T>): Promise<T>;
}

const MIGRATIONS: readonly Migration[] = [MIGRATION_0001, MIGRATION_0002, MIGRATION_0003, MIGRATION_0004, MIGRATION_0005];

/** The version of the schema that this code reads and writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** The least PostgreSQL that is tested. */
export const LEAST_POSTGRES = 14;

/** SQLSTATEs of a migration that another process was faster with: unique_violation, duplicate_table, duplicate_schema, duplicate_object. */
const CLASHES = ['23505', '42P07', '42P06', '42710'];
/** After a clash the other process has committed what clashed: first the schema, then all else. A third clash is with a stranger. */
const MOST_CLASHES = 3;

const BOOTSTRAP = statement(`
  create schema if not exists :schema;
  create table if not exists :schema.migrations (
    version integer primary key check (version > 0),
    name text not null,
    breaking boolean not null,
    applied_at timestamptz not null default now()
  );
  comment on table :schema.migrations is 'Which numbered migrations of secagg/postgres have been applied.';
  comment on column :schema.migrations.version is 'Number of the migration.';
  comment on column :schema.migrations.name is 'Name of the migration.';
  comment on column :schema.migrations.breaking is 'Whether processes of the version before cannot go on beside it.';
  comment on column :schema.migrations.applied_at is 'When it was applied.'`);

const FIND_MIGRATIONS = statement('select to_regclass($1) is not null as present', { present: boolean });
const LAST_VERSION = statement(
  `
  select coalesce(max(version), 0) as version, coalesce(bool_or(breaking and version > $1), false) as breaking
  from :schema.migrations`,
  { version: integer, breaking: boolean },
);
const POSTGRES_VERSION = statement(`select current_setting('server_version_num')::integer / 10000 as major`, { major: integer });
const SCHEMA_ID = statement('select schema_id from :schema.identity where only_row', { schema_id: text });
const INSERT_VERSION = statement('insert into :schema.migrations (version, name, breaking) values ($1, $2, $3)');

/** @throws StoreError if PostgreSQL is older than 14, or if a newer version of the schema keeps this code from going on. */
export async function migrate(database: MigratedDatabase): Promise<void> {
  const transaction = <T>(work: (query: Query) => Promise<T>): Promise<T> =>
    retryingClashes(() => database.transactionWithoutVersion(work));
  // Looks first, because looking takes no right to create anything.
  if ((await transaction((query) => workableVersion(query, database.schema))) >= SCHEMA_VERSION) return;
  await transaction(async (query) => {
    await requirePostgres(query);
    if (!(await isBootstrapped(query, database.schema))) await query(BOOTSTRAP);
  });
  for (const { version, name, breaking, sql } of MIGRATIONS) {
    await transaction(async (query) => {
      if ((await workableVersion(query, database.schema)) >= version) return;
      await query(INSERT_VERSION, [version, name, breaking]);
      await query(statement(sql));
    });
  }
}

/**
 * What {@link migrate} does to a schema that has this version, as SQL for people who read it first, or run it themselves.
 *
 * @param schema the quoted name.
 */
export function migrationSql(schema: string, from: number): string {
  const pending = MIGRATIONS.filter(({ version }) => version > from);
  const steps = pending.map(({ version, name, breaking, sql }) => {
    const kind = breaking ? 'breaking: end processes of older versions first' : 'processes of older versions may go on';
    const record = `insert into :schema.migrations (version, name, breaking) values (${version}, '${name}', ${breaking});`;
    return `-- ${version} ${name} (${kind})\nbegin;\n${record}\n${sql.trim()}\ncommit;\n`;
  });
  const bootstrap = from === 0 && pending.length > 0 ? [`${BOOTSTRAP.text.trim()};\n`] : [];
  return [...bootstrap, ...steps].join('\n').replaceAll(':schema', () => schema);
}

async function requirePostgres(query: Query): Promise<void> {
  const [row] = await query(POSTGRES_VERSION);
  if (row !== undefined && row.major >= LEAST_POSTGRES) return;
  const message = `database: expected PostgreSQL ${LEAST_POSTGRES} or later, got ${row?.major ?? 'another database'}`;
  throw new StoreError('ERR_SECAGG_MIGRATION', message, { retryable: false });
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

/** The version of a schema, and whether this code can work with it. */
export interface SchemaVersion {
  /** The number of the newest migration, 0 before the first. */
  readonly version: number;
  /** Whether a migration that this code does not know keeps it from going on. */
  readonly isTooNew: boolean;
}

export async function schemaVersion(query: Query, schema: string): Promise<SchemaVersion> {
  if (!(await isBootstrapped(query, schema))) return { version: 0, isTooNew: false };
  const [row] = await query(LAST_VERSION, [SCHEMA_VERSION]);
  return { version: row?.version ?? 0, isTooNew: row?.breaking ?? false };
}

/** @throws StoreError if this code cannot work with the schema: it may be newer, if no newer migration is breaking. */
async function workableVersion(query: Query, schema: string): Promise<number> {
  const { version, isTooNew } = await schemaVersion(query, schema);
  if (!isTooNew) return version;
  const message = `database: the schema has version ${version}, this secagg knows ${SCHEMA_VERSION}; update secagg`;
  throw new StoreError('ERR_SECAGG_SCHEMA_NEWER', message);
}

/** @throws StoreError unless this code can work with the schema. */
export async function requireSchemaVersion(query: Query, schema: string): Promise<void> {
  const version = await workableVersion(query, schema);
  if (version >= SCHEMA_VERSION) return;
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
