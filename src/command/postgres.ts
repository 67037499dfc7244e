// `secagg postgres`: what an operator of the database does, without a program: its schema's version, migrations, and what is wrong with it.
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { shownText } from '../leaves/checks.ts';
import { StoreError } from '../leaves/errors.ts';
import { Database } from '../postgres/database.ts';
import { examine, type Finding } from '../postgres/doctor.ts';
import { migrate, migrationSql, SCHEMA_VERSION, schemaVersion } from '../postgres/migrations.ts';
import { quoteSchema } from '../postgres/pool.ts';
import type { Outcome } from './outcome.ts';
import { table } from './table.ts';

const HELP = `Usage: secagg postgres <version | plan | migrate | doctor> [options]

Commands:
  version   show the version of the schema, and the one that this secagg needs
  plan      print the SQL that brings the schema to this version, and run nothing
  migrate   run it; does nothing if it was done before
  doctor    look for what keeps sessions from going on, makes them slow, or was forgotten

Options:
  --url <url>       of the database (default: the variable DATABASE_URL, else the
                    variables that psql knows, such as PGHOST)
  --schema <name>   of all tables (default: secagg)
  --from <version>  for plan: the version that the schema has, without a look at a database
  --json            for version and doctor: print JSON
  --help            show this

Exit codes: 0 all is well, 1 something is to be done or has failed, 2 wrong usage.
`;

interface Values {
  readonly url?: string;
  readonly schema?: string;
  readonly from?: string;
  readonly json?: boolean;
  readonly help?: boolean;
}

type Command = (database: Database, values: Values) => Promise<Outcome>;

const COMMANDS: Readonly<Record<string, Command>> = {
  async version(database, { json = false }) {
    const { version, isTooNew } = await database.transactionWithoutVersion((query) => schemaVersion(query, database.schema));
    const isFit = version >= SCHEMA_VERSION && !isTooNew;
    const found = version === 0 ? 'no schema' : `version ${version}`;
    const out = json
      ? JSON.stringify({ version, needed: SCHEMA_VERSION })
      : `${found}; this secagg needs version ${SCHEMA_VERSION}`;
    return { code: isFit ? 0 : 1, out: `${out}\n` };
  },

  async plan(database) {
    const { version } = await database.transactionWithoutVersion((query) => schemaVersion(query, database.schema));
    return { code: 0, out: migrationSql(database.schema, version) };
  },

  async migrate(database) {
    await migrate(database);
    return { code: 0, out: `version ${SCHEMA_VERSION}\n` };
  },

  async doctor(database, { json = false }) {
    const findings = await examine(database);
    const code = findings.every(({ verdict }) => verdict === 'good') ? 0 : 1;
    return { code, out: `${json ? JSON.stringify(findings, null, 2) : findingsText(findings)}\n` };
  },
};

/** @param environment the variables of the process. */
export async function runPostgres(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<Outcome> {
  try {
    const { values, positionals } = parse(args);
    const [name, ...rest] = positionals;
    if (values.help === true) return { code: 0, out: HELP };
    const command = name === undefined || rest.length > 0 ? undefined : COMMANDS[name];
    if (command === undefined) return { code: 2, err: `secagg postgres: unknown command '${shownText(name ?? '')}'\n\n${HELP}` };
    if (name === 'plan' && values.from !== undefined) {
      return { code: 0, out: migrationSql(quoteSchema(values.schema ?? 'secagg'), versionIn(values.from)) };
    }
    return await connected(values, environment, (database) => command(database, values));
  } catch (error) {
    if (error instanceof StoreError) return { code: 1, err: `secagg postgres: ${error.message}${causeOf(error)}\n` };
    if (error instanceof TypeError || error instanceof RangeError) {
      return { code: 2, err: `secagg postgres: ${error.message}\nsecagg postgres --help shows the options\n` };
    }
    throw error;
  }
}

/** @throws TypeError for an option that does not exist, or that lacks its value. */
function parse(args: readonly string[]): { readonly values: Values; readonly positionals: readonly string[] } {
  const string = { type: 'string' } as const;
  const boolean = { type: 'boolean' } as const;
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { url: string, schema: string, from: string, json: boolean, help: { ...boolean, short: 'h' } },
  });
}

function versionIn(text: string): number {
  const version = Number(text);
  if (/^\d+$/.test(text) && version <= SCHEMA_VERSION) return version;
  throw new RangeError(`--from: expected a version from 0 to ${SCHEMA_VERSION}, got '${shownText(text)}'`);
}

async function connected(
  { url, schema }: Values,
  environment: NodeJS.ProcessEnv,
  work: (database: Database) => Promise<Outcome>,
): Promise<Outcome> {
  const found = await driver();
  if (found === null) return { code: 1, err: 'secagg postgres: it needs the package pg: npm install pg\n' };
  const connectionString = url ?? environment.DATABASE_URL;
  const pool = new found.Pool({ max: 1, ...(connectionString !== undefined && { connectionString }) });
  pool.on('error', () => undefined);
  try {
    return await work(new Database(pool, schema === undefined ? {} : { schema }));
  } finally {
    await pool.end();
  }
}

/** `pg`, which applications bring along; null if it is not installed. */
async function driver(): Promise<Pick<typeof pg, 'Pool'> | null> {
  try {
    return (await import('pg')).default;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}

function causeOf({ cause }: StoreError): string {
  return cause instanceof Error && cause.message !== '' ? ` (${cause.message})` : '';
}

function findingsText(findings: readonly Finding[]): string {
  return table(
    findings.map(({ subject, verdict, text }) => [verdict === 'good' ? 'good' : verdict.toUpperCase(), `${subject}: ${text}`]),
  );
}
