// Hears a batch of messages: judges them, and writes those that are new in one short transaction. The transaction holds the session's
// row in a mode that writers share, so that the round cannot be closed meanwhile, and computes nothing.
import { hex } from '../leaves/bytes.ts';
import { ProtocolError, StoreError } from '../leaves/errors.ts';
import { advertisementOf } from '../server/entries.ts';
import { requireAdmissible } from '../server/r0-advertise-keys.ts';
import { stageStrings } from './chunks.ts';
import type { Database } from './database.ts';
import type { WaitingMessage } from './message-queue.ts';
import { flipPart, sumOf, type Part } from './part.ts';
import { writeRecords } from './records.ts';
import { requireLive } from './session-status.ts';
import { writeOne, type Query } from './statement.ts';
import * as chunks from './chunk-statements.ts';
import * as messages from './message-statements.ts';
import * as sql from './statements.ts';
import { isSameMoment, type StoredSession } from './stored-session.ts';
import { judge, type NewMessage, type Verdicts } from './verdicts.ts';

/** The round whose messages are kept as a sum. */
export const MASKED_INPUT = 2;

const NOTHING = new Uint8Array();

/** Thrown in a transaction if other processes have written messages of some users of this batch since they were judged. */
export class HeardElsewhere extends Error {
  readonly users: readonly number[];

  constructor(users: readonly number[]) {
    super('heard elsewhere');
    this.users = users;
  }
}

/** Thrown in a transaction if the session is not in the round that was read, or if the round is being closed. */
export class RoundMoved extends Error {}

/** What a batch has come to, once the transaction is committed. */
export interface HeardBatch {
  readonly part: Part;
  readonly verdicts: Verdicts;
}

/**
 * @param part what this process has in its partial sum. Whatever is thrown, the part's sum in memory may have more than its row.
 * @throws HeardElsewhere, RoundMoved: nothing is written, and the batch is to be judged again.
 */
export async function hearBatch(
  database: Database,
  session: StoredSession,
  part: Part,
  batch: readonly WaitingMessage[],
): Promise<HeardBatch> {
  const { id, context, row } = session;
  const hasSum = row.status === 'collecting' && row.round === MASKED_INPUT;
  const sum = hasSum ? await sumOf(database.read, id, context.parameters, part) : NOTHING;
  const { verdicts, accepted } = await judge(database.read, session, batch, sum);
  if (accepted.length === 0) return { part: hasSum ? { ...part, sum } : part, verdicts };
  if (!hasSum) {
    const refused = await database.transaction((query) => write(query, session, accepted, null));
    // The batch may have such a message several times.
    for (const [message, verdict] of verdicts) {
      if (typeof verdict === 'string') verdicts.set(message, refused.get(message.user) ?? verdict);
    }
    return { part, verdicts };
  }
  const set = crypto.randomUUID();
  const next: Part = { id: part.id, set, revision: part.revision + 1, users: part.users + accepted.length, sum };
  const writeRest = await stageStrings(database, id, set, [['sum', sum]]);
  try {
    await database.transaction(async (query) => {
      await write(query, session, accepted, part.id);
      await writeRest(query);
      await flipPart(query, id, part, next);
    });
  } catch (error) {
    if (error instanceof HeardElsewhere || error instanceof RoundMoved) {
      await database.transaction((query) => query(chunks.deleteSet, [id, set]));
    }
    throw error;
  }
  return { part: next, verdicts };
}

/** Writes what is new. @returns the errors of those that cannot be admitted beside users of other batches. */
async function write(
  query: Query,
  session: StoredSession,
  accepted: readonly NewMessage[],
  part: string | null,
): Promise<ReadonlyMap<number, ProtocolError>> {
  const { id, row, context, sets } = session;
  const [locked] = await query(row.round === 0 ? sql.lockToAdmit : sql.lockToHear, [id]);
  const now = requireLive(locked, id);
  if (!isSameMoment(now, row) || now.closing !== null) throw new RoundMoved();
  const { admitted, refused } =
    row.round === 0 ? await admit(query, session, now.admitted, accepted) : { admitted: accepted, refused: new Map() };
  if (admitted.length === 0) return refused;
  await insertMessages(query, session, admitted, part);
  const records = admitted.flatMap((message) => message.records ?? []).sort((a, b) => a.owner - b.owner);
  if (records.length > 0 && sets !== null) {
    await writeRecords(query, id, { graph: context.parameters.graph, users: sets.directory.size }, records);
  }
  return refused;
}

/**
 * In round 0 it depends on the other users what a user may say: no key comes twice, and the users are not too many. The lock lets one
 * process at a time decide that.
 */
async function admit(
  query: Query,
  { id, context }: StoredSession,
  before: number,
  accepted: readonly NewMessage[],
): Promise<{ readonly admitted: readonly NewMessage[]; readonly refused: ReadonlyMap<number, ProtocolError> }> {
  const known = await query(messages.messagesOf, [id, accepted.map(({ user }) => user)]);
  if (known.length > 0) throw new HeardElsewhere(known.map(({ user_id: user }) => user));
  const lines = accepted.map(({ user, entry }) => advertisementOf(user, entry ?? NOTHING));
  const advertised = lines.flatMap(({ channelKey, maskKey }) => [channelKey, maskKey]);
  const keys = new Set((await query(messages.findKeys, [id, advertised])).map(({ key }) => hex(key)));
  const admitted: NewMessage[] = [];
  const admittedKeys: Uint8Array[] = [];
  const refused = new Map<number, ProtocolError>();
  accepted.forEach((message, i) => {
    const line = lines[i];
    if (line === undefined) return;
    try {
      for (const key of requireAdmissible(context, { admitted: before + admitted.length, keys }, line)) keys.add(key);
      admitted.push(message);
      admittedKeys.push(line.channelKey, line.maskKey);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      refused.set(message.user, error);
    }
  });
  if (admitted.length > 0) {
    const written = await query(messages.insertKeys, [id, admittedKeys]);
    if (written.length !== admittedKeys.length) throw messageNotWritten();
    await writeOne(query, sql.admitUsers, [id, admitted.length]);
  }
  return { admitted, refused };
}

/** Inserts a row a user. @throws HeardElsewhere if some have a row. */
async function insertMessages(
  query: Query,
  { id, row }: StoredSession,
  accepted: readonly NewMessage[],
  part: string | null,
): Promise<void> {
  const sorted = [...accepted].sort((a, b) => a.user - b.user);
  const rows = await query(messages.insertMessages, [
    id,
    row.round,
    sorted.map(({ user }) => user),
    sorted.map(({ position }) => position),
    sorted.map(({ digest }) => digest),
    sorted.map(({ entry }) => entry),
    part,
  ]);
  if (rows.length === sorted.length) return;
  const inserted = new Set(rows.map(({ user_id: user }) => user));
  throw new HeardElsewhere(sorted.map(({ user }) => user as number).filter((user) => !inserted.has(user)));
}

/** Neither was a message inserted, nor is there another message of its user: the user has done nothing wrong. */
export function messageNotWritten(): StoreError {
  const text = 'database: a message was not written, although its user has none; does a trigger or rule suppress inserts?';
  return new StoreError('ERR_SECAGG_STORE', text, { retryable: false });
}
