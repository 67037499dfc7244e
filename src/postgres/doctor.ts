// Looks a database over for its operators: what keeps sessions from going on, what makes it slow, and what was forgotten.
import { StoreError } from '../leaves/errors.ts';
import type { Database } from './database.ts';
import { checkDriver } from './driver-check.ts';
import { LEAST_POSTGRES, SCHEMA_VERSION, schemaVersion } from './migrations.ts';
import { tablesWithOrphans } from './orphans.ts';
import { integer, number, statement, text, type Query, type Statement } from './statement.ts';

/** What one look has found. */
export interface Finding {
  /** What was looked at. */
  readonly subject: string;
  /** `bad`: calls fail, or what is acknowledged may be lost. `warning`: it may become bad. */
  readonly verdict: 'good' | 'warning' | 'bad';
  /** What was found and, unless it is good, what to do. */
  readonly text: string;
}

const SETTINGS: Statement<{ readonly name: string; readonly setting: string }> = statement(
  `
  select name, setting from pg_settings
  where name in ('server_version_num', 'fsync', 'full_page_writes', 'autovacuum', 'max_connections', 'statement_timeout',
    'synchronous_standby_names')`,
  { name: text, setting: text },
);

const CLOCK = statement('select extract(epoch from clock_timestamp())::float8 as seconds', { seconds: number });

// PostgreSQL shows to roles without pg_read_all_stats that there are standbys and connections of others, and nothing more about them.
const STANDBYS = statement(
  `
  select count(*) filter (where sync_state = 'async')::integer as standbys, count(*) filter (where sync_state is null)::integer as unseen
  from pg_stat_replication`,
  { standbys: integer, unseen: integer },
);

/** Tables of the schema that this role may not read or write. */
const FORBIDDEN = statement(
  `
  select relname as name from pg_class
  where relnamespace = to_regnamespace($1) and relkind = 'r' and relname <> 'migrations'
    and not (has_table_privilege(oid, 'select') and has_table_privilege(oid, 'insert')
      and has_table_privilege(oid, 'update') and has_table_privilege(oid, 'delete'))
  order by relname`,
  { name: text },
);

const BLOATED = statement(
  `
  select relname as name, n_dead_tup as dead from pg_stat_user_tables
  where relid in (select oid from pg_class where relnamespace = to_regnamespace($1))
    and n_dead_tup > 10000 and n_dead_tup > n_live_tup
  order by n_dead_tup desc`,
  { name: text, dead: integer },
);

const OLD_TRANSACTIONS = statement(
  `
  select count(*) filter (where is_old)::integer as transactions,
    coalesce(extract(epoch from max(clock_timestamp() - xact_start) filter (where is_old)), 0)::float8 as seconds,
    count(*) filter (where usesysid is not null and query = '<insufficient privilege>')::integer as unseen
  from pg_stat_activity, lateral (
    select backend_xmin is not null and xact_start < clock_timestamp() - interval '5 minutes' as is_old offset 0) as age`,
  { transactions: integer, seconds: number, unseen: integer },
);

interface SessionCounts {
  readonly unswept: number;
  readonly unclosed: number;
  readonly idle: number;
  readonly untidied: number;
}

// Each by its own index: most sessions have ended, and stay.
export const SESSIONS: Statement<SessionCounts> = statement(
  `
  select
    (select count(*) from :schema.sessions
      where status = 'collecting' and expires_at is not null and expires_at < now() - interval '1 hour')::integer as unswept,
    (select count(*) from :schema.sessions
      where closing is not null and lease_until < now() - interval '5 minutes')::integer as unclosed,
    (select count(*) from :schema.sessions
      where status = 'collecting' and expires_at is null and changed_at < now() - interval '7 days')::integer as idle,
    (select count(*) from :schema.sessions
      where ended_at is not null and tidied_at is null and ended_at < now() - interval '2 hours')::integer as untidied`,
  { unswept: integer, unclosed: integer, idle: integer, untidied: integer },
);

/** Seconds by which clocks may differ before it is told. */
const MOST_SKEW = 1;

/** @throws StoreError if the database cannot be reached. */
export async function examine(database: Database): Promise<readonly Finding[]> {
  return database.transactionWithoutVersion(async (query) => {
    const findings = [...(await settings(query)), await driver(query), await clock(query)];
    const schema = await version(query, database.schema);
    findings.push(schema);
    if (schema.verdict === 'bad') return findings;
    const rights = await rightsTo(query, database.schema);
    findings.push(rights, ...(await activity(query, database.schema)));
    // Without all rights, the statements that look at rows would fail.
    return rights.verdict === 'bad' ? findings : [...findings, await orphans(query, database.schema), ...(await sessions(query))];
  });
}

async function settings(query: Query): Promise<Finding[]> {
  const rows = await query(SETTINGS);
  const setting = new Map(rows.map(({ name, setting: value }) => [name, value]));
  const major = Math.floor(Number(setting.get('server_version_num')) / 10_000);
  const statementTimeout = Number(setting.get('statement_timeout'));
  const findings = [
    verdict('PostgreSQL', major >= LEAST_POSTGRES, 'bad', `version ${major}`, `expected ${LEAST_POSTGRES} or later`),
    ...['fsync', 'full_page_writes', 'autovacuum'].map((name) => {
      const value = setting.get(name) ?? 'unknown';
      return verdict(
        name,
        value === 'on',
        'bad',
        value,
        name === 'autovacuum' ? 'tables grow without end' : 'a crash may lose messages',
      );
    }),
    verdict(
      'statement_timeout',
      statementTimeout === 0 || statementTimeout >= 30_000,
      'warning',
      statementTimeout === 0 ? 'none' : `${statementTimeout} ms`,
      'long statements of large sessions fail below 30 s',
    ),
  ];
  const [replication] = await query(STANDBYS);
  const { standbys, unseen } = replication ?? { standbys: 0, unseen: 0 };
  const isAsynchronous = standbys > 0 && setting.get('synchronous_standby_names') === '';
  const lost = 'a failover may lose acknowledged messages, whose users must send them again';
  findings.push(
    !isAsynchronous && unseen > 0
      ? hidden('standbys', unseen)
      : verdict('standbys', !isAsynchronous, 'warning', isAsynchronous ? 'asynchronous' : 'none that is asynchronous', lost),
  );
  return findings;
}

async function driver(query: Query): Promise<Finding> {
  try {
    await checkDriver(query);
    return { subject: 'driver', verdict: 'good', text: 'gives back what it was given' };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { subject: 'driver', verdict: 'bad', text: error.message };
  }
}

async function clock(query: Query): Promise<Finding> {
  const before = Date.now() / 1000;
  const [row] = await query(CLOCK);
  const skew = (row?.seconds ?? NaN) - (before + Date.now() / 1000) / 2;
  const told = `the database's is ${Math.abs(skew).toFixed(1)} s ${skew < 0 ? 'behind' : 'ahead'}`;
  return verdict(
    'clocks',
    Math.abs(skew) <= MOST_SKEW,
    'warning',
    told,
    'the times that sessions have are those of the database',
  );
}

async function version(query: Query, schema: string): Promise<Finding> {
  const { version: found, isTooNew } = await schemaVersion(query, schema);
  const told = found === 0 ? 'none' : `version ${found}`;
  const advice = isTooNew ? `this secagg knows version ${SCHEMA_VERSION}; update it` : 'run secagg postgres migrate';
  return verdict('schema', found >= SCHEMA_VERSION && !isTooNew, 'bad', told, advice);
}

async function rightsTo(query: Query, schema: string): Promise<Finding> {
  const forbidden = (await query(FORBIDDEN, [schema])).map(({ name }) => name);
  const advice = 'the role may not read and write these tables; their rows were not looked at';
  return none('rights', forbidden, 'bad', advice);
}

async function orphans(query: Query, schema: string): Promise<Finding> {
  const advice = 'a process has written them while remove() ran; call remove() for these ids again';
  return none('rows without a session', await tablesWithOrphans(query, schema), 'warning', advice);
}

async function activity(query: Query, schema: string): Promise<Finding[]> {
  const bloated = (await query(BLOATED, [schema])).map(({ name, dead }) => `${name} (${dead} dead rows)`);
  const [old] = await query(OLD_TRANSACTIONS);
  const { transactions, seconds, unseen } = old ?? { transactions: 0, seconds: 0, unseen: 0 };
  const age = `${transactions} of more than five minutes, the oldest of ${Math.round(seconds / 60)} minutes`;
  const found = transactions === 0 ? 'none is old' : age;
  return [
    none('bloat', bloated, 'warning', 'vacuum them, and let autovacuum come more often'),
    transactions === 0 && unseen > 0
      ? hidden('open transactions', unseen)
      : verdict('open transactions', transactions === 0, 'warning', found, 'vacuum cannot remove what they may still see'),
  ];
}

async function sessions(query: Query): Promise<Finding[]> {
  const [found] = await query(SESSIONS);
  const { unswept, unclosed, idle, untidied } = found ?? { unswept: 0, unclosed: 0, idle: 0, untidied: 0 };
  return [
    count('expired sessions', unswept, 'whose time was over an hour ago', 'call sweep() now and then'),
    count('ended sessions', untidied, 'whose messages are still there two hours later', 'call sweep() now and then'),
    count('closings', unclosed, 'whose lease ran out five minutes ago', 'call round() again, at any process'),
    count('sessions without a limit', idle, 'in which nothing was closed for a week', 'abort() or remove() them'),
  ];
}

function verdict(subject: string, isGood: boolean, otherwise: Finding['verdict'], found: string, advice: string): Finding {
  return { subject, verdict: isGood ? 'good' : otherwise, text: isGood ? found : `${found}: ${advice}` };
}

function hidden(subject: string, unseen: number): Finding {
  const advice = 'grant it pg_read_all_stats (pg_monitor has it), or run doctor as a role that has it';
  return { subject, verdict: 'warning', text: `${unseen} of other roles, which this role may not see: ${advice}` };
}

function none(subject: string, found: readonly string[], otherwise: Finding['verdict'], advice: string): Finding {
  return verdict(subject, found.length === 0, otherwise, found.length === 0 ? 'as it should be' : found.join(', '), advice);
}

function count(subject: string, found: number, which: string, advice: string): Finding {
  return verdict(subject, found === 0, 'warning', found === 0 ? `none ${which}` : `${found} ${which}`, advice);
}
