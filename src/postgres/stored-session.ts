// What a process has read of a session in one round: its row, its parameters, and the sets of the rounds before. It holds no message
// and no record, and does not change while the round is open.
import { equalBytes } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import { isMembers, isSubset, type Members } from '../leaves/members.ts';
import type { SignPublicKey } from '../crypto/sign.ts';
import type { RoundSets } from '../server/entries.ts';
import type { ServerContext } from '../server/state.ts';
import { digestOfDirectory, directoryTree, sessionTag, viewOfRound2, viewOfRound3 } from '../session/binding.ts';
import { membersLength } from '../leaves/members.ts';
import { readBrief } from './brief.ts';
import type { SizedString } from './chunks.ts';
import { directoryOf, directoryParts } from './directory.ts';
import type { MomentRow, SessionRow } from './session-columns.ts';
import type { SessionReads } from './session-reads.ts';
import { isThere, requireLive, type LiveSession } from './session-status.ts';
import type { Query } from './statement.ts';
import * as sql from './statements.ts';

/** The sets that closing rounds 1 to 3 has given. */
const SETS = ['u2', 'u3', 'u4'] as const;

/** The row of a session that goes on or has ended by itself. */
export type LiveRow = SessionRow & LiveSession;

/** Whether what was read of a session is still what it is: the open round and the sets of those before. */
export function isSameMoment(one: MomentRow, other: MomentRow): boolean {
  return one.status === other.status && one.round === other.round && one.closings === other.closings && isSame(one, other);
}

function isSame(one: MomentRow, other: MomentRow): boolean {
  return one.created === other.created;
}

export interface StoredSession {
  readonly id: string;
  readonly row: LiveRow;
  readonly context: ServerContext;
  /** The keys of those registered users that were asked for so far; null if users need not be registered. */
  readonly publicKeys: Map<UserId, SignPublicKey> | null;
  /** Null in round 0. */
  readonly sets: RoundSets | null;
}

/** The tokens of the closings so far, by round. */
export function closingsOf({ closings }: Pick<SessionRow, 'closings'>): readonly string[] {
  return closings === '' ? [] : closings.split(' ');
}

/** The token under which the chunks of a closed round are. */
export function closingOf(row: Pick<SessionRow, 'closings'>, round: number): string {
  const token = closingsOf(row)[round];
  if (token === undefined) throw new StateError(`session: round ${round} was not closed`);
  return token;
}

/** Parameters, policy and tag; no registered user's key was read yet. */
export function contextOf(row: Pick<LiveRow, 'brief'>): Omit<ServerContext, 'publicKeys'> {
  const brief = readBrief(row.brief);
  return { ...brief, tag: sessionTag(brief.parameters) };
}

/** @throws UsageError if the session is not live. */
export async function readLive(query: Query, sessionId: string): Promise<LiveRow> {
  const [row] = await query(sql.readSessions, [[sessionId]]);
  return requireLive(row, sessionId);
}

/**
 * Runs a call that reads rows of a session. If it finds rows missing because the session has ended meanwhile and its rows are being
 * deleted, the call runs again and so is told how the session has ended.
 */
export async function whileThere<T>(query: Query, sessionId: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    const [row] = await query(sql.readStatus, [sessionId]);
    if (isThere(row)) throw error;
    return call();
  }
}

/**
 * Reads the sets of a session in its round.
 *
 * @param before what the process has read of the session before: what has not changed since is not read again.
 * @throws StateError if somebody has changed rows: the sets do not fit the digests of the session.
 */
export async function loadSession(
  reads: SessionReads,
  id: string,
  row: LiveRow,
  before: StoredSession | null = null,
): Promise<StoredSession> {
  const known = before !== null && isSame(before.row, row) ? before : null;
  const context = known?.context ?? contextOf(row);
  const publicKeys = known === null ? (row.registered === null ? null : new Map<UserId, SignPublicKey>()) : known.publicKeys;
  const sets = row.status === 'collecting' && row.round > 0 ? await readSets(reads, id, row, { context, known }) : null;
  return { id, row, context: { ...context, publicKeys }, publicKeys, sets };
}

async function readSets(
  reads: SessionReads,
  id: string,
  row: LiveRow,
  { context, known }: { readonly context: Omit<ServerContext, 'publicKeys'>; readonly known: StoredSession | null },
): Promise<RoundSets> {
  const { round, admitted: users, directory_digest: directoryDigest, view2, view3 } = row;
  if (directoryDigest === null) throw changed('directory');
  // Closed rounds do not change, but rows that were restored from a backup may have been closed otherwise.
  const isKnown = (to: number): boolean => {
    const before = known === null ? [] : closingsOf(known.row);
    return before.length > to && closingsOf(row)[to] === before[to];
  };
  const before = isKnown(0) ? (known?.sets?.directory ?? null) : null;
  const keptOf = (kind: (typeof SETS)[number]): Members | null =>
    isKnown(SETS.indexOf(kind) + 1) ? (known?.sets?.[kind] ?? null) : null;
  const asked: SizedString[] = before === null ? directoryParts(closingOf(row, 0), users) : [];
  for (const [i, kind] of SETS.entries()) {
    if (round > i + 1 && keptOf(kind) === null) asked.push({ set: closingOf(row, i + 1), kind, length: membersLength(users) });
  }
  const strings = await reads.strings(id, asked);
  const found = new Map(asked.map(({ kind }, i) => [kind, strings[i] ?? new Uint8Array()]));
  const directory = before ?? directoryOf(found);
  if (before === null) {
    const digest = digestOfDirectory(context.tag, users, directoryTree(directory.lines).root);
    if (!equalBytes(digest, directoryDigest)) throw changed('directory');
  }
  const [u2 = null, u3 = null, u4 = null] = SETS.map((kind): Members | null => {
    const set = found.get(kind) ?? keptOf(kind);
    if (set !== null && !isMembers(set, users)) throw changed(kind);
    return set;
  });
  if (u2 !== null && (view2 === null || !equalBytes(viewOfRound2(directoryDigest, u2), view2))) throw changed('u2');
  if (u3 !== null && (view2 === null || view3 === null || !equalBytes(viewOfRound3(view2, u3), view3))) throw changed('u3');
  if (u4 !== null && (u3 === null || !isSubset(u4, u3))) throw changed('u4');
  return { directory, directoryDigest, u2, view2, u3, view3, u4 };
}

function changed(what: string): StateError {
  return new StateError(`session: somebody has changed the rows of the ${what}`);
}

/** Reads the keys of those registered users that were not read before. */
export async function readPublicKeys(
  reads: SessionReads,
  { id, publicKeys }: StoredSession,
  users: readonly UserId[],
): Promise<void> {
  if (publicKeys === null) return;
  const unread = users.filter((user) => !publicKeys.has(user));
  if (unread.length === 0) return;
  for (const { user_id: user, public_key: key } of await reads.keys(id, unread)) {
    publicKeys.set(user as UserId, key);
  }
}
