// The sum of a session without its masks, by several processes: the one that closes round 4 makes tasks and jobs, works on tasks itself,
// and adds up what all have computed; the others help.
import { throwIfAborted } from '../leaves/signals.ts';
import { Pace } from '../masking/pace.ts';
import { ringOf, type Lanes } from '../masking/ring.ts';
import { zeroSum } from '../masking/running-sum.ts';
import { masksOf } from '../server/r4-unmasking.ts';
import { countMasks, wipeUnmasking, type MaskRange, type Unmasking } from '../server/unmasking/masks.ts';
import { sumWithout, type UnmaskingWork } from '../server/unmasking/sum-without-masks.ts';
import type { Parameters } from '../session/parameters.ts';
import type { Database } from './database.ts';
import { readHeard } from './heard-round.ts';
import type { JobQueue } from './job-queue.ts';
import { Pauses } from './lease.ts';
import { addSet } from './part.ts';
import type { SessionReads } from './session-reads.ts';
import { loadSession, readLive } from './stored-session.ts';
import { deleteTasks, doneTasks, doTask, makeTasks, tasksFor, type Closing } from './unmask-tasks.ts';

/** A sum of the masks of a range, with the sign with which they leave a sum. */
async function masksOfRange(
  unmasking: Unmasking,
  range: MaskRange,
  { bits, vecLen }: Parameters,
  work: UnmaskingWork,
): Promise<Lanes> {
  return sumWithout(unmasking, range, zeroSum(ringOf(bits), vecLen), work);
}

/** @returns null if the work is too little to be shared, or if the closing is not that of this process any more. */
export async function shareUnmasking(
  database: Database,
  closing: Closing,
  jobs: JobQueue,
  { parameters, work }: { readonly parameters: Parameters; readonly work: UnmaskingWork & { readonly signal: AbortSignal } },
  { unmasking, sum }: { readonly unmasking: Unmasking; readonly sum: Lanes },
): Promise<Lanes | null> {
  const ranges = tasksFor(unmasking, sum.length, jobs.taskMilliseconds);
  if (ranges.length < 2) return null;
  const made = await database.transaction(async (query) => {
    if (!(await makeTasks(query, closing, ranges))) return false;
    await jobs.addUnmasking(query, closing.sessionId, ranges.length - 1);
    return true;
  });
  if (!made) return null;
  try {
    const pauses = new Pauses();
    for (;;) {
      throwIfAborted(work.signal);
      const attempted = await doTask(database, closing, (range) => masksOfRange(unmasking, range, parameters, work));
      if (attempted !== 'none') continue;
      const sets = await doneTasks(database.read, closing, countMasks(unmasking));
      if (sets === null) {
        await pauses.pause(work.signal);
        continue;
      }
      const result = new Uint8Array(sum);
      for (const set of sets) await addSet(database.read, closing.sessionId, parameters, set, result);
      return result;
    }
  } finally {
    // What is left of it after a crash is deleted with all else, when the session is tidied.
    await deleteTasks(database, closing).catch(() => undefined);
  }
}

/**
 * Helps to unmask a sum that another process divides, until no task is left or the closing of that process is over.
 *
 * @returns whether there was anything to do.
 */
export async function helpUnmasking(
  database: Database,
  reads: SessionReads,
  sessionId: string,
  work: UnmaskingWork & { readonly signal: AbortSignal },
): Promise<boolean> {
  const { read } = database;
  const row = await readLive(read, sessionId);
  if (row.status !== 'collecting' || row.round !== 4 || row.closing === null) return false;
  const closing = { sessionId, token: row.closing };
  const session = await loadSession(reads, sessionId, row);
  const state = await readHeard(read, session, null);
  if (state.phase !== 'unmasking') return false;
  // Nobody adds answers while the token is there, and without it no task counts.
  const unmasking = await masksOf(session.context, state, new Pace(work.signal));
  const { parameters } = session.context;
  let hasHelped = false;
  try {
    for (;;) {
      const attempted = await doTask(database, closing, (range) => masksOfRange(unmasking, range, parameters, work));
      if (attempted === 'none') break;
      hasHelped ||= attempted === 'done';
    }
  } finally {
    wipeUnmasking(unmasking);
  }
  return hasHelped;
}
