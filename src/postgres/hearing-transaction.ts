// The transaction that makes messages durable, of one session or of many. It holds the sessions' rows in a mode that writers share, so
// that no round can be closed meanwhile, and computes nothing but the order of what it writes. It locks sessions in the order of their
// ids, and inserts in the order of sessions and users, so that no two of these transactions wait for each other.
import { hex } from '../leaves/bytes.ts';
import { ProtocolError, StoreError } from '../leaves/errors.ts';
import { at } from '../leaves/lists.ts';
import { advertisementOf } from '../server/entries.ts';
import { requireAdmissible } from '../server/r0-advertise-keys.ts';
import type { Advertisement } from '../session/messages.ts';
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

/** Thrown if messages of round 0 were taken for new without a look, and some of their users or keys are not: it is to be looked. */
export class SomeAdmittedElsewhere extends Error {}

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

/** How batches are written. */
export interface WriteOptions {
  /** Whether the transaction waits for the sessions' locks, for one batch only; else it leaves out sessions that others hold. */
  readonly waits: boolean;
  /** Whether it looks which users and keys of round 0 were admitted before; else it assumes that none was, as is usual. */
  readonly looks: boolean;
}

/**
 * Writes batches of different sessions, in one transaction. What is wrong with a session is told, and the others are written.
 *
 * @returns in the order of the batches.
 * @throws SomeHeardElsewhere if some batches have messages that were written since, SomeAdmittedElsewhere if it does not look, and
 * nothing is written then. StoreError.
 */
export async function writeBatches(
  query: Query,
  batches: readonly JudgedBatch[],
  { waits, looks }: WriteOptions,
): Promise<WrittenBatch[]> {
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
  const toAdmit = open.filter(isFirst);
  const admitting = await admit(query, toAdmit, { locked, looks });
  const all: Admitted[] = [];
  for (const batch of open) {
    const found = admitting.get(batch) ?? { admitted: batch.accepted, refused: new Map<number, ProtocolError>() };
    written.set(batch, 'error' in found ? found : { refused: found.refused });
    if ('admitted' in found && found.admitted.length > 0) all.push({ batch, admitted: found.admitted });
  }
  await insertFirstMessages(
    query,
    all.filter(({ batch }) => isFirst(batch)),
    looks,
  );
  await insertMessages(
    query,
    all.filter(({ batch }) => !isFirst(batch)),
  );
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
  for (const first of [true, false]) {
    const ids = batches.filter((batch) => isFirst(batch) === first).map(({ session }) => session.id);
    if (ids.length === 0) continue;
    const free = first ? sql.lockFreeToAdmit : sql.lockFreeToHear;
    const rows = await query(waits ? (first ? sql.lockToAdmit : sql.lockToHear) : free, [ids]);
    for (const row of rows) locked.set(row.session_id, row);
  }
  return locked;
}

/** Whether a batch is of round 0. */
function isFirst({ session }: JudgedBatch): boolean {
  return session.row.round === 0;
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
  { locked, looks }: { readonly locked: ReadonlyMap<string, MomentRow>; readonly looks: boolean },
): Promise<ReadonlyMap<JudgedBatch, Admission>> {
  const admissionsBeside = (before: readonly AdmittedBefore[]): ReadonlyMap<JudgedBatch, Admission> =>
    new Map(batches.map((batch, i) => [batch, admitBatch(batch, locked, before[i] ?? NOBODY)]));
  const supposed = admissionsBeside([]);
  // Whoever would be refused may have been admitted before, by another process.
  const isRefused = [...supposed.values()].some((admission) => 'error' in admission || admission.refused.size > 0);
  return looks || isRefused ? admissionsBeside(await findAdmitted(query, batches)) : supposed;
}

/** Which users of a batch were heard in round 0 before, and which of their keys are taken. */
interface AdmittedBefore {
  readonly heard: readonly number[];
  readonly keys: ReadonlySet<string>;
}

const NOBODY: AdmittedBefore = { heard: [], keys: new Set() };

async function findAdmitted(query: Query, batches: readonly JudgedBatch[]): Promise<AdmittedBefore[]> {
  const before = batches.map(() => ({ heard: [] as number[], keys: new Set<string>() }));
  const lines = batches.flatMap((batch, asked) => linesOf(batch).map((line) => ({ asked, id: batch.session.id, ...line })));
  if (lines.length === 0) return before;
  const [bodies] = packed(lines.flatMap(({ channelKey, maskKey }) => [channelKey, maskKey]));
  const [ids, users, indices] = [lines.map(({ id }) => id), lines.map(({ userId }) => userId), lines.map(({ asked }) => asked)];
  for (const { asked, user_id: user, key } of await query(messages.findAdmitted, [ids, users, bodies, indices])) {
    if (user !== null) before[asked]?.heard.push(user);
    if (key !== null) before[asked]?.keys.add(hex(key));
  }
  return before;
}

function linesOf({ accepted }: JudgedBatch): Advertisement[] {
  return accepted.map(({ user, entry }) => advertisementOf(user, entry ?? NOTHING));
}

function admitBatch(batch: JudgedBatch, locked: ReadonlyMap<string, MomentRow>, before: AdmittedBefore): Admission {
  if (before.heard.length > 0) return { error: new HeardElsewhere(before.heard) };
  const { session, accepted } = batch;
  const users = locked.get(session.id)?.admitted ?? 0;
  const keys = new Set(before.keys);
  const admitted: NewMessage[] = [];
  const refused = new Map<number, ProtocolError>();
  linesOf(batch).forEach((line, i) => {
    const message = at(accepted, i);
    try {
      for (const key of requireAdmissible(session.context, { admitted: users + admitted.length, keys }, line)) keys.add(key);
      admitted.push(message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      refused.set(message.user, error);
    }
  });
  return { admitted, refused };
}

/** Inserts a row a message of round 0, and its keys. @throws SomeAdmittedElsewhere if it is not new, and nobody has looked. */
async function insertFirstMessages(query: Query, all: readonly Admitted[], looked: boolean): Promise<void> {
  const rows = all.flatMap(({ batch: { session }, admitted }) => admitted.map((message) => ({ ...message, id: session.id })));
  if (rows.length === 0) return;
  const [digests] = packed(rows.map(({ digest }) => digest));
  const values = [rows.map(({ id }) => id), rows.map(({ user }) => user), digests, ...packed(rows.map(({ entry }) => entry))];
  const [written] = await query(messages.insertFirstMessages, values);
  const { messages: inserted = 0, keys = 0, sessions = 0 } = written ?? {};
  if (!looked && (inserted < rows.length || keys < 2 * rows.length)) throw new SomeAdmittedElsewhere();
  requireWritten(inserted, rows.length);
  requireWritten(keys, 2 * rows.length);
  requireWritten(sessions, all.length);
}

/** Inserts a row a message of a later round. @throws SomeHeardElsewhere if some users of a batch have a row. */
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
    rows.map(({ position }) => position),
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
