// Hears a batch of messages of one session: judges them outside of any transaction, and lets those that are new be written.
import { UsageError } from '../leaves/errors.ts';
import { CHUNK_BYTES, dropSet, stageStrings } from './chunks.ts';
import type { Database } from './database.ts';
import { HeardElsewhere, RoundMoved } from './hearing-transaction.ts';
import type { WaitingMessage } from './message-queue.ts';
import { sumOf, type Part } from './part.ts';
import type { SessionReads } from './session-reads.ts';
import type { SharedCommits } from './shared-commits.ts';
import { requireLive } from './session-status.ts';
import { isSameMoment, type StoredSession } from './stored-session.ts';
import { judge, type Verdicts } from './verdicts.ts';

/** The round whose messages are kept as a sum. */
export const MASKED_INPUT = 2;

const NOTHING = new Uint8Array();

/** What the inboxes of a process share. */
export interface Hearing {
  readonly database: Database;
  readonly reads: SessionReads;
  readonly commits: SharedCommits;
  /** Most milliseconds that a long message waits for others; null if the application has not said. */
  readonly ackWithin: number | null;
}

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
  { database, reads, commits }: Hearing,
  session: StoredSession,
  part: Part,
  batch: readonly WaitingMessage[],
): Promise<HeardBatch> {
  const { id, context, row } = session;
  const hasSum = row.status === 'collecting' && row.round === MASKED_INPUT;
  const sum = hasSum ? await sumOf(database.read, id, context.parameters, part) : NOTHING;
  const { verdicts, accepted } = await judge(reads, session, batch, sum).catch(async (error: unknown) => {
    await requireSameMoment(reads, session);
    throw error;
  });
  // Messages that are to be written are written only if the session is still what was read.
  if (accepted.length < batch.length) await requireSameMoment(reads, session);
  if (accepted.length === 0) return { part: hasSum ? { ...part, sum } : part, verdicts };
  if (!hasSum) {
    const refused = await commits.write({ session, accepted, part: null });
    // The batch may have such a message several times.
    for (const [message, verdict] of verdicts) {
      if (typeof verdict === 'string') verdicts.set(message, refused.get(message.user) ?? verdict);
    }
    return { part, verdicts };
  }
  const set = crypto.randomUUID();
  const after: Part = { id: part.id, set, revision: part.revision + 1, users: part.users + accepted.length, sum };
  const chunks = await stageStrings(database, id, set, [['sum', sum]]);
  try {
    await commits.write({ session, accepted, part: { sessionId: id, before: part, after, chunks } });
  } catch (error) {
    // A usage error: the session has ended, and was tidied before the chunks came. After any other error the row of the part may name them.
    const isUnwritten = error instanceof HeardElsewhere || error instanceof RoundMoved || error instanceof UsageError;
    if (isUnwritten) await dropSet(database, id, set);
    throw error;
  }
  if (part.set !== null && sum.length > CHUNK_BYTES) await dropSet(database, id, part.set);
  return { part: after, verdicts };
}

/** @throws RoundMoved if the session is not what was read. */
async function requireSameMoment(reads: SessionReads, { id, row }: StoredSession): Promise<void> {
  if (!isSameMoment(requireLive(await reads.moment(id), id), row)) throw new RoundMoved();
}
