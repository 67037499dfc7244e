// The end of a round. One process at a time closes it: a short transaction writes its token, from which on nobody adds messages; it
// computes outside of any transaction; and another short one writes the result, if the token is still there. If the process ends or
// hangs meanwhile, its lease runs out, and another one takes over. What the first one has written counts for nothing then.
import { systemRandom } from '../crypto/random.ts';
import { Cancellation } from '../leaves/cancellation.ts';
import { StoreError, ThresholdError, UsageError } from '../leaves/errors.ts';
import { throwIfAborted, type AbortSignalLike } from '../leaves/signals.ts';
import { ringOf, type Lanes } from '../masking/ring.ts';
import { vectorOf, type SumVector } from '../masking/vector.ts';
import { serverLocals, type ServerLocalOptions } from '../server/options.ts';
import { roundOf } from '../server/rounds.ts';
import { culpritsOf } from '../server/snapshot.ts';
import type { Unmasking } from '../server/unmasking/masks.ts';
import { errorOf, failureOf } from '../session/failure.ts';
import { notifyChange } from './channel.ts';
import { dropSet, stageStrings, writeChunks } from './chunks.ts';
import type { Database } from './database.ts';
import { readDropped, silentString } from './dropped.ts';
import { requireNotFailed, writtenEnd, type SessionEnd } from './end.ts';
import { readHeard, resultOf, type RoundResult, type KnownSession } from './heard-round.ts';
import { whenFree } from './held-sessions.ts';
import type { JobQueue } from './job-queue.ts';
import { Pauses, whileLeased } from './lease.ts';
import { usersOf } from './pages.ts';
import { readResult } from './result.ts';
import type { SessionReads } from './session-reads.ts';
import { requireLive } from './session-status.ts';
import { shareUnmasking } from './shared-unmasking.ts';
import { writeOne, type Query } from './statement.ts';
import * as chunks from './chunk-statements.ts';
import * as messages from './message-statements.ts';
import * as sql from './statements.ts';
import { closingOf, loadSession, type LiveRow, type StoredSession } from './stored-session.ts';

/** What closing a round has given: the users that go on or, after round 4, the sum. `kind` tells which. */
export type ClosedRound =
  | {
      /** After rounds 0 to 3. */
      readonly kind: 'messages';
      /** The ids of the users that go on, ascending: there is a message for each of them. */
      readonly recipients: readonly number[];
    }
  | {
      /** After round 4. */
      readonly kind: 'sum';
      /** The sum over the users whose masked input was accepted in round 2: signed components, vecLen of them. */
      readonly vector: SumVector;
    };

/** The round that is to be closed. */
export interface RoundToClose {
  readonly sessionId: string;
  readonly round: number;
  /** Options of a server that are not part of its state. */
  readonly locals: Pick<ServerLocalOptions, 'threads' | 'worker'>;
  readonly signal: AbortSignalLike | undefined;
  /** Where jobs are added for other processes that help to remove masks; null if none help. */
  readonly jobs: JobQueue | null;
  readonly reads: SessionReads;
  /** What this process has in memory of the session. */
  readonly known: KnownSession | null;
  /** Tokens of calls of this process that have ended without knowing whether the token was written or given back. */
  readonly abandoned: Set<string>;
}

/** What one attempt has found: the round is closed, or this process is to close it; null if another one is doing so. */
type Begun =
  | { readonly row: LiveRow; readonly isClosed: true }
  | { readonly row: LiveRow; readonly isClosed: false; readonly isTakenOver: boolean }
  | null;

/** @throws UsageError, ThresholdError: the session goes on; any other error of the protocol has ended it. */
export async function closeRound(database: Database, closing: RoundToClose): Promise<ClosedRound> {
  const waiting = new Cancellation(closing.signal);
  try {
    return await closeWhenFree(database, closing, waiting.signal);
  } finally {
    waiting.release();
  }
}

/** Closes the round, once no other process does. */
async function closeWhenFree(database: Database, closing: RoundToClose, waiting: AbortSignal): Promise<ClosedRound> {
  const { signal, abandoned, sessionId, round } = closing;
  const pauses = new Pauses();
  const called = performance.now();
  for (let hasWaited = false; ; hasWaited = true) {
    throwIfAborted(signal);
    const token = crypto.randomUUID();
    const started = performance.now();
    const attempt = { mayBeWritten: false };
    let begun: Begun;
    try {
      begun = await whenFree(database, (query) => begin(query, closing, token, attempt), waiting);
    } catch (error) {
      if (attempt.mayBeWritten) abandon(abandoned, token);
      throw error;
    }
    if (begun?.isClosed === true) {
      if (hasWaited) database.tell({ type: 'closing-waited', sessionId, round, milliseconds: started - called });
      return readClosed(database.read, closing, begun.row);
    }
    if (begun?.isTakenOver === true) database.tell({ type: 'closing-taken-over', sessionId, round });
    const closed = begun === null ? null : await close(database, closing, begun.row, token);
    if (closed?.kind === 'failed') throw closed.error;
    if (closed !== null) {
      const users = closed.kind === 'messages' ? closed.recipients.length : 0;
      database.tell({ type: 'round-closed', sessionId, round, users, milliseconds: performance.now() - started });
      return closed;
    }
    await pauses.pause(waiting);
  }
}

/** @param attempt is told that the commit comes next, after which nobody may know whether the token is there. */
async function begin(
  query: Query,
  { sessionId, round, abandoned }: RoundToClose,
  token: string,
  attempt: { mayBeWritten: boolean },
): Promise<Begun> {
  attempt.mayBeWritten = false;
  const [locked] = await query(sql.lockToClose, [sessionId]);
  const row = requireLive(locked, sessionId);
  if (row.round > round) return { row, isClosed: true };
  await requireNotFailed(query, sessionId, row);
  if (row.round < round) {
    throw new UsageError('ERR_SECAGG_USAGE', `round ${round}: round ${row.round} is being collected, close it first`);
  }
  if (row.closing !== null && row.leased && !abandoned.has(row.closing)) return null;
  await writeOne(query, sql.beginClosing, [sessionId, round, token]);
  const isTakenOver = row.closing !== null && !abandoned.delete(row.closing);
  attempt.mayBeWritten = true;
  return { row, isClosed: false, isTakenOver };
}

/** What closing the round has come to: the session goes on or has its sum, or this process has written down that it has failed. */
type Outcome = ClosedRound | { readonly kind: 'failed'; readonly error: unknown };

/** @returns null if another process has taken over. */
async function close(database: Database, closing: RoundToClose, row: LiveRow, token: string): Promise<Outcome | null> {
  const { sessionId, signal, abandoned } = closing;
  const work = new Cancellation(signal);
  const onLost = (): void => work.cancel(new LeaseLost());
  try {
    return await whileLeased(database, { sessionId, token }, onLost, () =>
      compute(database, closing, { row, token, signal: work.signal }),
    );
  } catch (error) {
    if (error instanceof LeaseLost) return null;
    const mark = (): false => (abandon(abandoned, token), false);
    // Whoever has taken over deletes what this process was reading, so the error is of no account. The next look shows what has become of it.
    if (await database.transaction((query) => giveUp(query, sessionId, token)).catch(mark)) return null;
    throw error;
  } finally {
    work.release();
  }
}

/** What is forgotten of these tokens costs a wait for a lease. Most of them were never written, or are gone. */
const MOST_ABANDONED = 1_000;

function abandon(abandoned: Set<string>, token: string): void {
  abandoned.add(token);
  for (const oldest of abandoned) {
    if (abandoned.size <= MOST_ABANDONED) return;
    abandoned.delete(oldest);
  }
}

/** Takes a token back. @returns whether somebody has done so before, or the round was closed. */
async function giveUp(query: Query, sessionId: string, token: string): Promise<boolean> {
  if ((await query(sql.endClosing, [sessionId, token])).length > 0) return false;
  const [now] = await query(sql.readMoments, [[sessionId]]);
  return now?.closing !== token;
}

/** The work is called off, because another process does it. */
class LeaseLost extends Error {}

/** One process's attempt to close a round. */
interface Attempt {
  readonly row: LiveRow;
  readonly token: string;
  readonly signal: AbortSignal;
}

async function compute(
  database: Database,
  { sessionId, locals, jobs, reads, known, round }: RoundToClose,
  { row, token, signal }: Attempt,
): Promise<Outcome | null> {
  const { read } = database;
  const session = await loadSession(reads, sessionId, row, known?.session);
  const { context } = session;
  const collecting = await readHeard(read, session, known);
  const steps = roundOf(collecting);
  const recipients = steps.heard(collecting);
  const done = { database, sessionId, row, token };
  try {
    throwIfAborted(signal);
    const work = { ...serverLocals(locals, systemRandom), signal, onProgress: () => undefined };
    const { parameters } = context;
    const share = (unmasking: Unmasking, sum: Lanes): Promise<Lanes | null> =>
      jobs === null
        ? Promise.resolve(null)
        : shareUnmasking(database, { sessionId, token }, jobs, { parameters, work }, { unmasking, sum });
    const { state, dropped } = await steps.close(context, collecting, { ...work, share });
    throwIfAborted(signal);
    const result = resultOf(context.parameters.graph, state);
    if (state.phase !== 'finished') {
      const strings = [...result.strings, silentString(dropped)];
      return (await publish(done, 'collecting', { ...result, strings })) ? { kind: 'messages', recipients } : null;
    }
    const end = await endOf(read, session, { dropped, included: state.included, failure: null });
    const published = await publish(done, 'finished', { ...result, strings: [...result.strings, ['end', end]] });
    return published ? { kind: 'sum', vector: vectorOf(ringOf(context.parameters.bits), state.sum) } : null;
  } catch (error) {
    // Below the threshold the session goes on as it was, because more users may come. An error that ends the session is
    // written down, so that all callers are told the same.
    const failure = signal.aborted || error instanceof ThresholdError ? null : failureOf(error);
    if (failure === null) throw error;
    const end = await endOf(read, session, { dropped: culpritsOf(failure), included: [], failure });
    const strings = [['end', end]] as const;
    if (!(await publish(done, 'failed', { strings, directoryDigest: null, view2: null, view3: null }))) return null;
    database.tell({ type: 'failed', sessionId, round, code: errorOf(failure).code });
    return { kind: 'failed', error };
  }
}

/** @param found what is known at the end: those that are out since the round before, and the sum's users or the error. */
async function endOf(
  query: Query,
  { id, row, context }: StoredSession,
  found: Omit<SessionEnd, 'revision'>,
): Promise<Uint8Array> {
  const [counted] = await query(messages.countMessages, [id]);
  // One change for each message, one for each round that was closed, and one for an error.
  const revision = (counted?.messages ?? 0) + row.round + 1;
  const before = await readDropped(query, id, row, context.parameters.graph);
  return writtenEnd({ ...found, revision, dropped: [...before, ...found.dropped] });
}

interface Publishing {
  readonly database: Database;
  readonly sessionId: string;
  readonly row: LiveRow;
  readonly token: string;
}

/** Writes the result, if the round is still closed under this token. @returns whether it is. */
async function publish(
  { database, sessionId, row, token }: Publishing,
  status: 'collecting' | 'finished' | 'failed',
  { strings, directoryDigest, view2, view3 }: RoundResult,
): Promise<boolean> {
  const rest = await stageStrings(database, sessionId, token, strings);
  const next = status === 'failed' ? row.round : row.round + 1;
  const superseded = await database.transaction(async (query): Promise<readonly string[] | null> => {
    const values = [sessionId, row.round, token, status, next, directoryDigest, view2, view3];
    if ((await query(sql.advanceSession, values)).length === 0) {
      const [now] = await query(sql.readMoments, [[sessionId]]);
      if (now?.closing !== token) return null;
      throw new StoreError('ERR_SECAGG_STORE', 'database: the end of a round was not written', { retryable: false });
    }
    await writeChunks(query, rest);
    await query(notifyChange, [sessionId]);
    if (row.round === 4 && status === 'finished') return [closingOf(row, 2)];
    if (row.round !== 2) return [];
    const parts = await query(chunks.readParts, [sessionId]);
    await query(chunks.deleteParts, [sessionId]);
    return parts.map(({ set_id: set }) => set);
  });
  for (const set of superseded ?? [token]) await dropSet(database, sessionId, set);
  if (superseded !== null && row.round === 4) await forgetShares(database, sessionId);
  return superseded !== null;
}

/** The session has ended, and the shares that users have revealed have done their work. If this fails, they stay until it is tidied. */
async function forgetShares(database: Database, sessionId: string): Promise<void> {
  const forgetPage = (): Promise<readonly unknown[]> =>
    database.transaction((query) => query(messages.forgetShares, [sessionId]));
  try {
    while ((await forgetPage()).length > 0);
  } catch {
    // The result counts nevertheless.
  }
}

/** The output of a round that was closed before. */
async function readClosed(query: Query, { sessionId, round }: RoundToClose, row: LiveRow): Promise<ClosedRound> {
  if (round === 4) return { kind: 'sum', vector: await readResult(query, sessionId, row) };
  const recipients = row.tidied ? [] : await usersOf(query, messages.usersHeard, [sessionId, round]);
  if (recipients.length === 0) {
    const text = `round ${round}: the session has ended and its messages were dropped; see result()`;
    throw new UsageError('ERR_SECAGG_USAGE', text);
  }
  return { kind: 'messages', recipients };
}
