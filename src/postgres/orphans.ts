// Rows that belong to no session. A sample of each table is looked at, so that the look takes as long in a large database as in a small one.
import { integer, nullable, statement, text, type Query, type Statement } from './statement.ts';

/** Owners that one look at a table sees at most. */
const MOST_OWNERS = 1_000;

/** Before every other owner. */
const FIRST = '00000000-0000-0000-0000-000000000000';

/** Tables whose rows belong to sessions. */
const TABLES_OF_SESSIONS = statement(
  `
  select table_name as name from information_schema.columns
  where table_schema = (select nspname from pg_namespace where oid = to_regnamespace($1)) and column_name = 'session_id'
    and table_name not in ('sessions', 'overview')
  order by table_name`,
  { name: text },
);

/** Rounds of PET, which own chunks as sessions do. */
const IS_ROUND = `
  exists (select from :schema.pet_networks where owners.id in (round_id, model_round_id))
  or exists (select from :schema.pet_ended_rounds where round_id = owners.id)`;

/** Goes through the owners of a table from $1 on, each by one look into the index, for a table may have millions of rows of one owner. */
const ownersIn = (table: string): Statement<{ readonly seen: number; readonly orphan: string | null }> =>
  statement(
    `
    with recursive owners (id, number) as (
      (select session_id, 1 from :schema.${table} where session_id >= $1::uuid order by session_id limit 1)
      union all
      select next.session_id, number + 1 from owners, lateral (
        select session_id from :schema.${table} where session_id > owners.id order by session_id limit 1) as next
      where number < $2::integer
    )
    select count(*)::integer as seen, min(owners.id::text) filter (where not (
      exists (select from :schema.sessions where session_id = owners.id)${table === 'chunks' ? ` or ${IS_ROUND}` : ''}
    )) as orphan
    from owners`,
    { seen: integer, orphan: nullable(text) },
  );

/** The tables in which rows without a session were found, each with one id. Tables with up to 1,000 owners are looked at whole. */
export async function tablesWithOrphans(query: Query, schema: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { name } of await query(TABLES_OF_SESSIONS, [schema])) {
    const owners = ownersIn(name);
    // From a place that is another one each time. If that is near the end, also from the beginning.
    const [later] = await query(owners, [crypto.randomUUID(), MOST_OWNERS]);
    const [first] = later?.seen === MOST_OWNERS ? [] : await query(owners, [FIRST, MOST_OWNERS]);
    const orphan = later?.orphan ?? first?.orphan ?? null;
    if (orphan !== null) found.push(`${name} (such as ${orphan})`);
  }
  return found;
}
