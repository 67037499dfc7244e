// Rows of users in the order of their ids, read in pages, so that no answer of the database grows with the session.
import type { Query, Statement } from './statement.ts';

/** Rows of one page, unless they are long. */
const PAGE_ROWS = 10_000;

/**
 * All rows of a statement whose $1 and $2 are the values, $3 the last user of the page before, and $4 the length of a page.
 *
 * @param rows of one page.
 */
export async function* pagesOf<Row extends { readonly user_id: number }>(
  query: Query,
  statement: Statement<Row>,
  values: readonly [sessionId: string, value: number],
  rows: number = PAGE_ROWS,
): AsyncGenerator<readonly Row[]> {
  for (let last = -1; ;) {
    const page = await query(statement, [...values, last, rows]);
    yield page;
    last = page.at(-1)?.user_id ?? last;
    if (page.length < rows) return;
  }
}

/** The ids of all users that a statement gives, ascending. */
export async function usersOf(
  query: Query,
  statement: Statement<{ readonly user_id: number }>,
  values: readonly [sessionId: string, value: number],
): Promise<number[]> {
  const users: number[] = [];
  for await (const page of pagesOf(query, statement, values)) users.push(...page.map(({ user_id: user }) => user));
  return users;
}
