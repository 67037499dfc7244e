// The masks of one sum, divided among processes. The process that closes round 4 makes tasks, which tile the masks; processes take them,
// each under a lease, compute outside of any transaction, and write the sum of their masks. A task belongs to the token of its closing:
// once another closing has begun, or the round goes on, nothing that was computed for it counts. No secret or seed is written; the sum of the
// masks of a task is, which tells nobody more than the answers do that are in the database.
import { StateError } from '../leaves/errors.ts';
import type { Lanes } from '../masking/ring.ts';
import { countMasks, type MaskRange, type Unmasking } from '../server/unmasking/masks.ts';
import { millisecondsOf, rangesOf } from '../server/unmasking/sum-without-masks.ts';
import { dropSet, stageStrings, writeChunks } from './chunks.ts';
import type { Database } from './database.ts';
import type { Query } from './statement.ts';
import * as sql from './unmask-statements.ts';

const MOST_TASKS = 256;

/** Milliseconds between two renewals of a lease, which is of a minute. */
const RENEW_MS = 15_000;

/** The closing of a session's round 4. */
export interface Closing {
  readonly sessionId: string;
  readonly token: string;
}

/** What has become of an attempt to do a task. `lost`: another process does it, or the closing is over. `none`: there is no task to take. */
type Attempted = 'done' | 'lost' | 'none';

/** Divides the masks, each range worth a time of one core at least. @returns one range if they are too few to be divided. */
export function tasksFor(unmasking: Unmasking, length: number, milliseconds: number): readonly MaskRange[] {
  const total = countMasks(unmasking);
  const parts = Math.max(1, Math.min(MOST_TASKS, total, Math.floor(millisecondsOf(unmasking, length) / milliseconds)));
  return rangesOf({ from: 0, to: total }, parts);
}

/** @returns whether they were made: the closing is still that of this process. */
export async function makeTasks(query: Query, { sessionId, token }: Closing, ranges: readonly MaskRange[]): Promise<boolean> {
  const rows = await query(sql.insertTasks, [sessionId, token, ranges.map(({ from }) => from), ranges.map(({ to }) => to)]);
  return rows.length === ranges.length;
}

/**
 * Does one task that nobody works on.
 *
 * @param remove gives the sum of the masks of a range, with the sign with which they leave the sum.
 */
export async function doTask(
  database: Database,
  { sessionId, token }: Closing,
  remove: (range: MaskRange) => Promise<Lanes>,
): Promise<Attempted> {
  const lease = crypto.randomUUID();
  const [task] = await database.transaction((query) => query(sql.takeTask, [sessionId, token, lease]));
  if (task === undefined) return 'none';
  const renew = (): Promise<unknown> => database.transaction((query) => query(sql.renewTask, [sessionId, token, lease]));
  const timer = setInterval(() => void renew().catch(() => undefined), RENEW_MS);
  const set = crypto.randomUUID();
  try {
    const sum = await remove({ from: task.first, to: task.last });
    const rest = await stageStrings(database, sessionId, set, [['sum', sum]]);
    const isDone = await database.transaction(async (query) => {
      if ((await query(sql.finishTask, [sessionId, token, lease, set])).length === 0) return false;
      await writeChunks(query, rest);
      return true;
    });
    if (!isDone) await dropSet(database, sessionId, set);
    return isDone ? 'done' : 'lost';
  } catch (error) {
    await database.transaction((query) => query(sql.releaseTask, [sessionId, token, lease])).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/**
 * The sets of the sums of all tasks.
 *
 * @returns null while some are not done.
 * @throws StateError unless the tasks are a tiling of the masks: none twice, none left out.
 */
export async function doneTasks(query: Query, { sessionId, token }: Closing, total: number): Promise<readonly string[] | null> {
  const tasks = await query(sql.readTasks, [sessionId, token]);
  let next = 0;
  for (const { first, last } of tasks) {
    if (first !== next || last <= first) throw new StateError(`session ${sessionId}: somebody has changed the rows of the tasks`);
    next = last;
  }
  if (next !== total) throw new StateError(`session ${sessionId}: somebody has changed the rows of the tasks`);
  const sets = tasks.flatMap(({ set_id: set }) => set ?? []);
  return sets.length === tasks.length ? sets : null;
}

/** Deletes the tasks of a closing that is over, and what was computed for it. */
export async function deleteTasks(database: Database, { sessionId, token }: Closing): Promise<void> {
  for (const { set_id: set } of await database.transaction((query) => query(sql.deleteTasksOf, [sessionId, token]))) {
    if (set !== null) await dropSet(database, sessionId, set);
  }
}
