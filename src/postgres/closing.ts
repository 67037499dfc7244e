// The end of a round: one transaction that nobody writes messages beside, from the durable messages and partial sums to
// the next state and what the users are to be sent.
import { platform } from '#platform';
import { equalBytes } from '../leaves/bytes.ts';
import { SecAggError, StateError, ThresholdError, UsageError } from '../leaves/errors.ts';
import { MessagesOutput, SumOutput, type ServerOutput } from '../server/output.ts';
import { joinState, splitState } from './bulk.ts';
import { keptAlive, type Database } from './database.ts';
import type { Query } from './pool.ts';
import { loadSession, requireAlive, standingOf, type Copy } from './session-row.ts';

const MASKED_INPUT = 2;
/** A statement of many messages ends once it has so many bytes of them. */
const STATEMENT_BYTES = 2 ** 24;

/** A session, a round, and the transaction that reads or closes it. */
interface Closing {
  readonly database: Database;
  readonly query: Query;
  readonly sessionId: string;
}

/** A copy that has heard some of the round already, and the partial sum in which it has written that down. */
export interface Lent extends Copy {
  readonly part: { readonly id: string };
}

/** How a round ended. */
export type Closed =
  /** Somebody else had closed it. */
  | { readonly output: ServerOutput; readonly next: null }
  /** The copy is now as the next state. */
  | { readonly output: ServerOutput; readonly next: Copy }
  /** An error of the protocol that ends the session; it is committed before it is thrown. */
  | { readonly error: SecAggError };

/**
 * Closes the round, or gives what closing it has given.
 *
 * @param lent is changed, whatever happens.
 * @throws UsageError, ThresholdError: nothing has changed in the database.
 */
export async function closeRound(closing: Closing, round: number, lent: Lent | null): Promise<Closed> {
  const { database, query, sessionId } = closing;
  const [row] = await query(database.sql.lockToClose, [sessionId]);
  const standing = standingOf(row, sessionId);
  if (standing.round > round) return { output: await outputAgain(closing, round), next: null };
  const isPresent = lent?.round === standing.round && lent.status === standing.status;
  const copy = isPresent ? lent : await loadSession(database, query, sessionId);
  await requireAlive(copy);
  if (standing.round < round) {
    const text = `round ${round}: round ${standing.round} is being collected, close it first`;
    throw new UsageError('ERR_SECAGG_USAGE', text);
  }
  const { server } = copy;
  await hearAll(closing, copy, isPresent ? lent.part.id : null);
  try {
    const output = await keptAlive(query, () => server.round());
    return { output, next: await advance(closing, copy, output) };
  } catch (error) {
    // More users may come: the session goes on as it was. What ends it is written down, so that all are told the same.
    if (!(error instanceof SecAggError) || error instanceof ThresholdError || server.progress().round !== null) throw error;
    await advance(closing, copy, null);
    return { error };
  }
}

/**
 * Gives the server all that is durable of this round and that it has not heard.
 *
 * @param ownPart the partial sum of what it has heard in round 2.
 */
export async function hearAll(
  { database, query, sessionId }: Closing,
  { server, round }: Copy,
  ownPart: string | null,
): Promise<void> {
  const { sql } = database;
  if (round !== MASKED_INPUT) {
    const rows = await query(sql.messagesOfOthers, [sessionId, round, server.progress().heard]);
    for (const row of rows) server.recv(Number(row.user_id), row.body as Uint8Array);
    return;
  }
  for (const { part_id: partId } of await query(sql.readParts, [sessionId])) {
    if (partId === ownPart) continue;
    const [part] = await query(sql.readPart, [sessionId, partId]);
    server.mergePart(joinState(part?.state as string, part?.bulk as Uint8Array));
  }
  // Each user that was acknowledged is in the sum, and nobody else is.
  const heard = new Set(server.progress().heard);
  const users = (await query(sql.usersHeard, [sessionId, round])).map((row) => Number(row.user_id));
  if (users.length !== heard.size || !users.every((user) => heard.has(user))) {
    throw new StateError(`session ${sessionId}: the partial sums are not of the users that were heard`);
  }
}

/** The next state in place of this one, and nothing left of the round but what the users are to be sent. */
async function advance(closing: Closing, copy: Copy, output: ServerOutput | null): Promise<Copy> {
  const { database, query, sessionId } = closing;
  const { sql } = database;
  const status = output === null ? 'failed' : output.isVector() ? 'finished' : 'collecting';
  const round = output === null ? copy.round : copy.round + 1;
  const { json, bulk } = splitState(copy.server.serializeState());
  await query(sql.advanceSession, [sessionId, status, round, json]);
  const bulkDigest = platform.sha256([bulk]);
  if (!equalBytes(bulkDigest, copy.bulkDigest)) await query(sql.replaceBulk, [sessionId, bulk]);
  await query(sql.deleteMessages, [sessionId]);
  if (copy.round === MASKED_INPUT) await query(sql.deleteParts, [sessionId]);
  if (output?.isMessages() === true) await writeOutgoing(closing, round, output);
  return { status, round, server: copy.server, bulkDigest };
}

/**
 * As many messages at a time as one statement should hold: together they can be larger than a statement may be, and larger
 * than the rest of the state.
 */
export async function writeOutgoing(closing: Closing, round: number, output: ServerOutput): Promise<void> {
  let shared: { readonly user: number; readonly bytes: Uint8Array | null } | null = null;
  let rows: Outgoing[] = [];
  let size = 0;
  for (const user of output.recipients()) {
    const bytes = output.getMessage(user);
    // Users that are sent the same share one array, and either all are sent the same or no two.
    const sameAs: number | null = shared?.bytes === bytes ? shared.user : null;
    shared ??= { user, bytes };
    rows.push({ user, sameAs, body: sameAs === null ? bytes : null });
    size += sameAs === null && bytes !== null ? bytes.length : 0;
    if (size < STATEMENT_BYTES) continue;
    await insertOutgoing(closing, round, rows);
    [rows, size] = [[], 0];
  }
  if (rows.length > 0) await insertOutgoing(closing, round, rows);
}

/** A message, or whose it is as well. */
interface Outgoing {
  readonly user: number;
  readonly sameAs: number | null;
  readonly body: Uint8Array | null;
}

async function insertOutgoing({ database, query, sessionId }: Closing, round: number, rows: readonly Outgoing[]): Promise<void> {
  const users = rows.map(({ user }) => user);
  const owners = rows.map(({ sameAs }) => sameAs);
  const bodies = rows.map(({ body }) => body);
  await query(database.sql.insertOutgoing, [sessionId, round, users, owners, bodies]);
}

/** What a round that is closed has given. */
async function outputAgain({ database, query, sessionId }: Closing, round: number): Promise<ServerOutput> {
  if (round === 4) {
    const vector = (await loadSession(database, query, sessionId)).server.output()?.getVector();
    if (vector !== undefined) return new SumOutput(vector);
  }
  const rows = await query(database.sql.readOutgoing, [sessionId, round + 1]);
  if (rows.length === 0) {
    const text = `round ${round}: the session has ended and its messages were dropped; see result()`;
    throw new UsageError('ERR_SECAGG_USAGE', text);
  }
  const bodies = new Map(rows.map((row) => [Number(row.user_id), row.body as Uint8Array | null]));
  const messages = rows.map((row): [number, Uint8Array<ArrayBuffer>] => {
    const owner = row.same_as === null ? row.user_id : row.same_as;
    return [Number(row.user_id), Uint8Array.from(bodies.get(Number(owner)) ?? [])];
  });
  return new MessagesOutput(new Map(messages));
}
