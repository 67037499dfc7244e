// One transaction that hears a batch of messages: it locks the session's row, judges the messages, and writes those that
// are new.
import { StoreError, type ProtocolError } from '../leaves/errors.ts';
import { splitState } from './bulk.ts';
import type { WaitingMessage } from './message-queue.ts';
import { hearOthers, MASKED_INPUT, type RecoveredSession } from './recovered-session.ts';
import { requireLive } from './session-status.ts';
import * as sql from './statements.ts';
import {
  equivocation,
  isSame,
  judge,
  loadHearing,
  readDigests,
  type AcceptedMessage,
  type Hearing,
  type Verdicts,
} from './verdicts.ts';

/** Thrown if other processes have written the inputs of some users of this batch at the same time. */
export class HeardElsewhere extends Error {
  readonly users: readonly number[];

  constructor(users: readonly number[]) {
    super('heard elsewhere');
    this.users = users;
  }
}

/** What a batch has come to, once the transaction is committed. */
export interface HeardBatch {
  /** The session as the database has it; null if it has heard a message that the database has not. */
  readonly session: RecoveredSession | null;
  readonly verdicts: Verdicts;
}

/** @param known a copy of the session; whatever happens, it cannot be used afterwards. */
export async function hearBatch(
  hearing: Hearing,
  known: RecoveredSession | null,
  batch: readonly WaitingMessage[],
): Promise<HeardBatch> {
  const session = await lockRound(hearing, known ?? (await loadHearing(hearing)));
  // In round 0 it depends on the other users what a user may say: no key comes twice, and the users are not too many.
  // So one process at a time holds the lock, and first hears what the others have heard.
  if (session.round === 0 && session.status === 'collecting') await hearOthers(hearing.query, session);
  const { verdicts, accepted } = await judge(hearing, session, batch);
  if (accepted.length === 0) return { session, verdicts };
  const others = await insertMessages(hearing, session, accepted);
  if (session.round === MASKED_INPUT) {
    // The sum has the inputs of these users too, which cannot be taken out again.
    if (others.length > 0) throw new HeardElsewhere(others.map(({ message }) => message.user));
    return { session: await writePart(hearing, session, accepted.length), verdicts };
  }
  const users = others.map(({ message }) => message.user);
  const stored = await readDigests(hearing, session.round, users);
  if (!users.every((user) => stored.has(user))) throw messageNotWritten();
  const ofOthers = new Map(
    others.map(({ message: { user }, digest }): [number, 'repeated' | ProtocolError] => [
      user,
      isSame(stored.get(user), digest) ? 'repeated' : equivocation(user, session.round),
    ]),
  );
  // The batch may have such a message several times.
  for (const [message, verdict] of verdicts) {
    if (typeof verdict === 'string') verdicts.set(message, ofOthers.get(message.user) ?? verdict);
  }
  const isEquivocal = [...ofOthers.values()].some((verdict) => verdict !== 'repeated');
  return { session: isEquivocal ? null : session, verdicts };
}

/** Neither was a message inserted, nor is there another message of its user: the user has done nothing wrong. */
export function messageNotWritten(): StoreError {
  const text = 'database: a message was not written, although its user has none; does a trigger or rule suppress inserts?';
  return new StoreError('ERR_SECAGG_STORE', text, { retryable: false });
}

/** Locks the session's row, and loads the session if it has moved on; it cannot move while the lock is held. */
async function lockRound(hearing: Hearing, session: RecoveredSession): Promise<RecoveredSession> {
  const { query, sessionId } = hearing;
  const [row] = await query(session.round === 0 ? sql.lockToAdmit : sql.lockToHear, [sessionId]);
  const { status, round } = requireLive(row, sessionId);
  return status === session.status && round === session.round ? session : loadHearing(hearing);
}

/** Inserts a row a user. Returns the messages of those users that have a row of another process. */
async function insertMessages(
  { query, sessionId }: Hearing,
  { round, part }: RecoveredSession,
  accepted: readonly AcceptedMessage[],
): Promise<AcceptedMessage[]> {
  const sorted = [...accepted].sort((a, b) => a.message.user - b.message.user);
  const users = sorted.map(({ message }) => message.user);
  const digests = sorted.map(({ digest }) => digest);
  const bodies = sorted.map(({ message }) => (round === MASKED_INPUT ? null : message.bytes));
  const partId = round === MASKED_INPUT ? part.id : null;
  const rows = await query(sql.insertMessages, [sessionId, round, users, digests, bodies, partId]);
  const inserted = new Set(rows.map(({ user_id: user }) => user));
  return sorted.filter(({ message }) => !inserted.has(message.user));
}

/** Writes the sum in place of the one that this process wrote before, so that a session has one part a process. */
async function writePart({ query, sessionId }: Hearing, session: RecoveredSession, added: number): Promise<RecoveredSession> {
  const { id, revision, users } = session.part;
  const part = { id, revision: revision + 1, users: users + added };
  const { json, bulk } = splitState(session.server.serializePart());
  const write = revision === 0 ? sql.insertPart : sql.replacePart;
  const rows = await query(write, [sessionId, id, part.revision, part.users, json, bulk]);
  if (rows.length !== 1) throw new StoreError('ERR_SECAGG_STORE', 'database: somebody else has changed a partial sum');
  return { ...session, part };
}
