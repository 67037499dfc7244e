// A new session: its row, and a row for each registered user.
import { StoreError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import type { SignPublicKey } from '../crypto/sign.ts';
import { rosterDigest } from '../session/public-keys.ts';
import { writtenBrief } from './brief.ts';
import * as messages from './message-statements.ts';
import type { NewSessionRow } from './new-session.ts';
import type { Query } from './statement.ts';
import * as sql from './statements.ts';

/** Registered users of one statement. */
const PAGE_ROWS = 10_000;

/** Runs in a transaction. */
export async function createSession(query: Query, { id, context, expires, mayExist }: NewSessionRow): Promise<void> {
  const { publicKeys } = context;
  const roster = publicKeys === null ? null : rosterDigest(publicKeys);
  const brief = writtenBrief(context);
  // Whoever creates the same session meanwhile waits here, and then finds it.
  const created = await query(sql.createSession, [id, brief, publicKeys?.size ?? null, roster, expires]);
  if (created.length === 0) {
    if (mayExist && (await query(sql.readStatus, [id])).length === 1) return;
    throw notWritten();
  }
  for (const page of pagesOf(publicKeys ?? new Map<UserId, SignPublicKey>())) {
    const rows = await query(messages.insertMembers, [id, page.map(([user]) => user), page.map(([, key]) => key)]);
    if (rows.length !== page.length) throw notWritten();
  }
}

function* pagesOf(publicKeys: ReadonlyMap<UserId, SignPublicKey>): Generator<[UserId, SignPublicKey][]> {
  let page: [UserId, SignPublicKey][] = [];
  for (const entry of publicKeys) {
    page.push(entry);
    if (page.length < PAGE_ROWS) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

function notWritten(): StoreError {
  const text = 'database: a session was not written; does a trigger or rule suppress inserts?';
  return new StoreError('ERR_SECAGG_STORE', text, { retryable: false });
}
