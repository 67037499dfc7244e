// What a session or a round leaves is deleted in pages, each in a transaction of its own: a transaction that deletes all would be long.
import type { Database } from './database.ts';
import { statement, text, type Statement } from './statement.ts';

/** Tells of each row that it deletes. */
export type Deletion = Statement<{ readonly owner: string }>;

/** Deletes rows of one owner, which is $1. @param rows that it deletes at most. @param condition of the statement. */
export function deletePage(table: string, owner: 'session_id' | 'round_id', rows: number, condition = 'true'): Deletion {
  return statement(
    `
  delete from :schema.${table} where ${owner} = $1::uuid
    and ctid = any (array(select ctid from :schema.${table} where ${owner} = $1::uuid limit ${rows})) and ${condition}
  returning ${owner} as owner`,
    { owner: text },
  );
}

/** Deletes a page of each table at a time, each time in a transaction of its own, until nothing is left. */
export async function deletePages(
  database: Database,
  pages: readonly Statement<unknown>[],
  values: readonly unknown[],
): Promise<void> {
  for (let isLeft = true; isLeft;) {
    isLeft = await database.transaction(async (query) => {
      let deleted = 0;
      for (const page of pages) deleted += (await query(page, values)).length;
      return deleted > 0;
    });
  }
}
