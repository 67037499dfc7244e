// The end of a round: one transaction, beside which nobody writes messages, reads the durable messages and partial sums
// and writes the next state and the messages for users.
import { platform } from '#platform';
import { equalBytes } from '../leaves/bytes.ts';
import { SecAggError, ThresholdError, UsageError } from '../leaves/errors.ts';
import type { ServerLocalOptions } from '../server/options.ts';
import type { ServerOutput } from '../server/output.ts';
import { splitState } from './bulk.ts';
import { keptAlive } from './database.ts';
import { readOutput, writeOutgoing } from './outgoing.ts';
import { hearOthers, loadSession, MASKED_INPUT, newPart, requireNotFailed, type RecoveredSession } from './recovered-session.ts';
import { requireLive } from './session-status.ts';
import { writeOne, type Query } from './statement.ts';
import * as sql from './statements.ts';

/** The round that is to be closed. */
interface RoundToClose {
  readonly sessionId: string;
  readonly round: number;
  /** Options of the server that are not part of its state. */
  readonly locals: ServerLocalOptions;
}

/** How a round ended. */
export type ClosedRound =
  /** `next` is the session in the next round; null if somebody else had closed this one. */
  | { readonly output: ServerOutput; readonly next: RecoveredSession | null }
  /** The protocol has ended the session. The caller throws the error once the transaction is committed. */
  | { readonly error: SecAggError };

/**
 * Closes the round; or returns its output, if somebody else has closed it.
 *
 * @param known a copy of the session that has heard some of the round; whatever happens, it cannot be used afterwards.
 * @throws UsageError, ThresholdError: nothing has changed in the database.
 */
export async function closeRound(
  query: Query,
  { sessionId, round, locals }: RoundToClose,
  known: RecoveredSession | null,
): Promise<ClosedRound> {
  const [row] = await query(sql.lockToClose, [sessionId]);
  const present = requireLive(row, sessionId);
  if (present.round > round) return { output: await readOutput(query, sessionId, round), next: null };
  const isPresent = known?.round === present.round && known.status === present.status;
  const session = isPresent ? known : await loadSession(query, sessionId, locals);
  await requireNotFailed(session);
  if (present.round < round) {
    const text = `round ${round}: round ${present.round} is being collected, close it first`;
    throw new UsageError('ERR_SECAGG_USAGE', text);
  }
  const { server } = session;
  await hearOthers(query, session);
  try {
    const output = await keptAlive(query, () => server.round());
    return { output, next: await advance(query, session, output) };
  } catch (error) {
    // Below the threshold the session goes on as it was, because more users may come. An error that ends the session is
    // written down, so that all callers are told the same.
    if (!(error instanceof SecAggError) || error instanceof ThresholdError || server.progress().round !== null) throw error;
    await advance(query, session, null);
    return { error };
  }
}

/** Writes the next state in place of this one, and deletes the round's messages and partial sums. */
async function advance(query: Query, session: RecoveredSession, output: ServerOutput | null): Promise<RecoveredSession> {
  const { id, server } = session;
  const status = output === null ? 'failed' : output.isVector() ? 'finished' : 'collecting';
  const round = output === null ? session.round : session.round + 1;
  const { json, bulk } = splitState(server.serializeState());
  await writeOne(query, sql.advanceSession, [id, status, round, json]);
  const bulkDigest = platform.sha256([bulk]);
  if (!equalBytes(bulkDigest, session.bulkDigest)) await writeOne(query, sql.replaceBulk, [id, bulk]);
  await query(sql.deleteMessages, [id]);
  if (session.round === MASKED_INPUT) await query(sql.deleteParts, [id]);
  if (output?.isMessages() === true) await writeOutgoing(query, id, round, output);
  return { ...session, status, round, bulkDigest, part: newPart() };
}
