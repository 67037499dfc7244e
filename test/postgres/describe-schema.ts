// Describes a schema as text, from PostgreSQL's catalogue, in an order that does not change.
import type pg from 'pg';

const COLUMNS = `
  select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
    case when a.attnotnull then ' not null' else '' end as nullable,
    coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') as default,
    case a.attstorage when t.typstorage then '' when 'e' then ' storage external' else ' storage ' || a.attstorage::text end as storage,
    coalesce(col_description(c.oid, a.attnum), 'NO COMMENT') as comment,
    coalesce(obj_description(c.oid), 'NO COMMENT') as table_comment
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relnamespace = (select oid from pg_namespace where nspname = $1) and c.relkind in ('r', 'v')
  order by c.relname, a.attnum`;

// PostgreSQL 18 and later list "not null" as a constraint.
const CONSTRAINTS = `
  select conrelid::regclass::text as table, conname as name, pg_get_constraintdef(oid) as definition
  from pg_constraint where connamespace = (select oid from pg_namespace where nspname = $1) and contype <> 'n'
  order by conrelid::regclass::text, conname`;

const INDEXES = `select tablename as table, indexdef as definition from pg_indexes where schemaname = $1 order by tablename, indexname`;

const OTHERS = `
  select 'function ' || proname as name from pg_proc where pronamespace = (select oid from pg_namespace where nspname = $1)
  union all select 'relation ' || relname from pg_class
  where relnamespace = (select oid from pg_namespace where nspname = $1) and relkind not in ('r', 'i')
  union all select 'trigger ' || tgname from pg_trigger join pg_class c on c.oid = tgrelid
  where c.relnamespace = (select oid from pg_namespace where nspname = $1) and not tgisinternal
  order by 1`;

type Line = Record<string, string>;

export async function describeSchema(pool: pg.Pool, schema: string): Promise<string> {
  const ask = async (text: string): Promise<Line[]> => (await pool.query<Line>(text, [schema])).rows;
  const [columns, constraints, indexes, others] = [
    await ask(COLUMNS),
    await ask(CONSTRAINTS),
    await ask(INDEXES),
    await ask(OTHERS),
  ];
  const plain = (text: string): string => text.replaceAll(`"${schema.replaceAll('"', '""')}".`, '');
  const lines: string[] = [];
  for (const table of new Set(columns.map((column) => column.table ?? ''))) {
    const mine = columns.filter((column) => column.table === table);
    lines.push(`table ${table}: ${mine[0]?.table_comment ?? ''}`);
    for (const { name, type, nullable, default: initial, storage, comment } of mine) {
      lines.push(`  ${name ?? ''} ${type ?? ''}${nullable ?? ''}${initial ?? ''}${storage ?? ''}`, `    -- ${comment ?? ''}`);
    }
    for (const constraint of constraints.filter((line) => plain(line.table ?? '') === table)) {
      lines.push(`  constraint ${constraint.name ?? ''} ${plain(constraint.definition ?? '')}`);
    }
    for (const index of indexes.filter((line) => line.table === table)) lines.push(`  ${plain(index.definition ?? '')}`);
    lines.push('');
  }
  lines.push(...others.map(({ name }) => name ?? ''));
  return lines.join('\n');
}
