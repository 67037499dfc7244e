// The transaction that makes messages durable, of one session or of many. It holds the sessions' rows in a mode that writers share, so
// that no round can be closed meanwhile, and computes nothing. It locks sessions in the order of their ids, and inserts in the order of
// sessions and users, so that no two of these transactions wait for each other.
import { hex } from '../leaves/bytes.ts';
import { ProtocolError, StoreError } from '../leaves/errors.ts';
import { advertisementOf } from '../server/entries.ts';
import { requireAdmissible } from '../server/r0-advertise-keys.ts';
import { writeChunks, type Chunk } from './chunks.ts';
import * as messages from './message-statements.ts';
import { packed } from './packed.ts';
import { flipParts, type PartChange } from './part.ts';
import { writeRecords } from './records.ts';
import type { MomentRow } from './session-columns.ts';
import { requireLive } from './session-status.ts';
import { requireWritten, type Query } from './statement.ts';
import * as sql from './statements.ts';
import { isSameMoment, type StoredSession } from './stored-session.ts';
import type { NewMessage } from './verdicts.ts';

const NOTHING = new Uint8Array();

/** Thrown if other processes have written messages of some users of a batch since they were judged. */
export class HeardElsewhere extends Error {
  readonly users: readonly number[];

  constructor(users: readonly number[]) {
    super('heard elsewhere');
    this.users = users;
  }
}

/** Thrown if a transaction finds that of some of its batches. */
export class SomeHeardElsewhere extends Error {
  readonly of: ReadonlyMap<JudgedBatch, HeardElsewhere>;

  constructor(of: ReadonlyMap<JudgedBatch, HeardElsewhere>) {
    super('heard elsewhere');
    this.of = of;
  }
}

/** Thrown if the session is not in the round that was read, or if the round is being closed. */
export class RoundMoved extends Error {}

/** What is to be written of one batch of one session. */
export interface JudgedBatch {
  readonly session: StoredSession;
  readonly accepted: readonly NewMessage[];
  /** In round 2 the partial sum that has the inputs, and those of its chunks that are not written yet. */
  readonly part: (PartChange & { readonly chunks: readonly Chunk[] }) | null;
}

/** Messages that cannot be admitted beside users of other batches. */
export type Refused = ReadonlyMap<number, ProtocolError>;

/** What has become of a batch, once the transaction is committed: null if another transaction holds its session. */
export type WrittenBatch = { readonly refused: Refused } | { readonly error: Error } | null;

/** What is left of a batch to be written. */
interface Admitted {
  readonly batch: JudgedBatch;
  readonly admitted: readonly NewMessage[];
}

/**
 * Writes batches of different sessions, in one transaction. What is wrong with a session is told, and the others are written.
 *
 * @param waits whether it waits for the sessions' locks, for one batch only; else it leaves out sessions that others hold.
 * @returns in the order of the batches.
 * @throws SomeHeardElsewhere if some batches have messages that were written since, and nothing is written then. StoreError.
 */
export async function writeBatches(query: Query, batches: readonly JudgedBatch[], waits: boolean): Promise<WrittenBatch[]> {
  const locked = await lock(query, batches, waits);
  const open: JudgedBatch[] = [];
  const written = new Map<JudgedBatch, WrittenBatch>();
  for (const batch of batches) {
    const row = locked.get(batch.session.id);
    if (row === undefined && !waits) continue;
    const error = whyClosed(batch, row);
    if (error === null) open.push(batch);
    else written.set(batch, { error });
  }
  const toAdmit = open.filter(({ session }) => session.row.round === 0);
  const admitting = await admit(query, toAdmit, locked);
  const all: Admitted[] = [];
  for (const batch of open) {
    const found = admitting.get(batch) ?? { admitted: batch.accepted, refused: new Map<number, ProtocolError>() };
    written.set(batch, 'error' in found ? found : { refused: found.refused });
    if ('admitted' in found && found.admitted.length > 0) all.push({ batch, admitted: found.admitted });
  }
  await insertMessages(query, all);
  await writeRecords(
    query,
    all.map(({ batch: { session }, admitted }) => ({
      sessionId: session.id,
      graph: session.context.parameters.graph,
      users: session.sets?.directory.size ?? 0,
      dealt: admitted.flatMap((message) => message.records ?? []).sort((a, b) => a.owner - b.owner),
    })),
  );
  const parts = all.flatMap(({ batch: { part } }) => part ?? []);
  await writeChunks(
    query,
    parts.flatMap(({ chunks }) => chunks),
  );
  await flipParts(query, parts);
  return batches.map((batch) => written.get(batch) ?? null);
}

async function lock(query: Query, batches: readonly JudgedBatch[], waits: boolean): Promise<Map<string, MomentRow>> {
  const locked = new Map<string, MomentRow>();
  for (const isFirst of [true, false]) {
    const ids = batches.filter(({ session }) => (session.row.round === 0) === isFirst).map(({ session }) => session.id);
    if (ids.length === 0) continue;
    const free = isFirst ? sql.lockFreeToAdmit : sql.lockFreeToHear;
    const rows = await query(waits ? (isFirst ? sql.lockToAdmit : sql.lockToHear) : free, [ids]);
    for (const row of rows) locked.set(row.session_id, row);
  }
  return locked;
}

/** Why nothing can be added to a session; null if it is in the round that was read. */
function whyClosed({ session: { id, row } }: JudgedBatch, locked: MomentRow | undefined): Error | null {
  try {
    const now = requireLive(locked, id);
    return isSameMoment(now, row) && now.closing === null ? null : new RoundMoved();
  } catch (error) {
    return error as Error;
  }
}

type Admission = { readonly admitted: readonly NewMessage[]; readonly refused: Refused } | { readonly error: Error };

/**
 * In round 0 it depends on the other users what a user may say: no key comes twice, and the users are not too many. The lock lets one
 * process at a time decide that.
 */
async function admit(
  query: Query,
  batches: readonly JudgedBatch[],
  locked: ReadonlyMap<string, MomentRow>,
): Promise<ReadonlyMap<JudgedBatch, Admission>> {
  const admissions = new Map<JudgedBatch, Admission>();
  if (batches.length === 0) return admissions;
  const linesOf = batches.map(({ accepted }, asked) =>
    accepted.map(({ user, entry }) => ({ asked, ...advertisementOf(user, entry ?? NOTHING) })),
  );
  const lines = linesOf.flat();
  const ids = lines.map(({ asked }) => batches[asked]?.session.id);
  const indices = lines.map(({ asked }) => asked);
  const [bodies] = packed(lines.flatMap(({ channelKey, maskKey }) => [channelKey, maskKey]));
  const heard = batches.map((): number[] => []);
  const keys = batches.map(() => new Set<string>());
  const found = await query(messages.findAdmitted, [ids, lines.map(({ userId }) => userId), bodies, indices]);
  for (const { asked, user_id: user, key } of found) {
    if (user !== null) heard[asked]?.push(user);
    if (key !== null) keys[asked]?.add(hex(key));
  }
  const inserted: { readonly id: string; readonly keys: readonly Uint8Array[] }[] = [];
  const counted: (readonly [id: string, users: number])[] = [];
  batches.forEach((batch, asked) => {
    const { id } = batch.session;
    const elsewhere = heard[asked] ?? [];
    if (elsewhere.length > 0) {
      admissions.set(batch, { error: new HeardElsewhere(elsewhere) });
      return;
    }
    const before = { admitted: locked.get(id)?.admitted ?? 0, keys: keys[asked] ?? new Set<string>() };
    const own = linesOf[asked] ?? [];
    const { admitted, refused } = admitAll(batch, before, own);
    const users = new Set<number>(admitted.map(({ user }) => user));
    for (const { userId, channelKey, maskKey } of own) if (users.has(userId)) inserted.push({ id, keys: [channelKey, maskKey] });
    if (admitted.length > 0) counted.push([id, admitted.length]);
    admissions.set(batch, { admitted, refused });
  });
  if (inserted.length > 0) {
    const [body] = packed(inserted.flatMap((one) => one.keys));
    const rows = await query(messages.admitUsers, [
      counted.map(([id]) => id),
      counted.map(([, users]) => users),
      inserted.flatMap(({ id }) => [id, id]),
      body,
    ]);
    requireWritten(rows.length, counted.length);
    requireWritten(rows[0]?.keys ?? 0, 2 * inserted.length);
  }
  return admissions;
}

function admitAll(
  { session: { context }, accepted }: JudgedBatch,
  before: { readonly admitted: number; readonly keys: Set<string> },
  lines: readonly ReturnType<typeof advertisementOf>[],
): { readonly admitted: readonly NewMessage[]; readonly refused: Refused } {
  const { keys } = before;
  const admitted: NewMessage[] = [];
  const refused = new Map<number, ProtocolError>();
  accepted.forEach((message, i) => {
    const line = lines[i];
    if (line === undefined) return;
    try {
      for (const key of requireAdmissible(context, { admitted: before.admitted + admitted.length, keys }, line)) keys.add(key);
      admitted.push(message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      refused.set(message.user, error);
    }
  });
  return { admitted, refused };
}

/** Inserts a row a message. @throws SomeHeardElsewhere if some users of a batch have a row. */
async function insertMessages(query: Query, all: readonly Admitted[]): Promise<void> {
  const rows = all.flatMap(({ batch: { session, part }, admitted }) =>
    admitted.map((message) => ({ ...message, id: session.id, round: session.row.round, part: part?.after.id ?? '' })),
  );
  if (rows.length === 0) return;
  const [digests] = packed(rows.map(({ digest }) => digest));
  const [entries, firsts, lengths] = packed(rows.map(({ entry }) => entry));
  const missing = await query(messages.insertMessages, [
    rows.map(({ id }) => id),
    rows.map(({ round }) => round),
    rows.map(({ user }) => user),
    rows.map(({ position }) => position ?? -1),
    digests,
    entries,
    firsts,
    lengths,
    rows.map(({ part }) => part),
  ]);
  if (missing.length === 0) return;
  const elsewhere = all.flatMap(({ batch }) => {
    const users = missing.filter(({ session_id: id }) => id === batch.session.id).map(({ user_id: user }) => user);
    return users.length === 0 ? [] : [[batch, new HeardElsewhere(users)] as const];
  });
  throw new SomeHeardElsewhere(new Map(elsewhere));
}

/** Neither was a message inserted, nor is there another message of its user: the user has done nothing wrong. */
export function messageNotWritten(): StoreError {
  const text = 'database: a message was not written, although its user has none; does a trigger or rule suppress inserts?';
  return new StoreError('ERR_SECAGG_STORE', text, { retryable: false });
}
