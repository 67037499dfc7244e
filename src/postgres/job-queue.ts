// Jobs of graphile-worker about sessions. Its function add_job is called in SQL, so that a job is added in the transaction that it belongs to.
// A job only wakes: what may be done, and by whom, the rows of the session decide.
import { timeIn } from './clock.ts';
import { quoteSchema } from './pool.ts';
import { statement, text, type Query, type Statement } from './statement.ts';
import { sessionsToRecover } from './statements.ts';

/** A task is worth this much time of one core at least, for each process also reads the answers and reconstructs the secrets. */
const TASK_MILLISECONDS = 2_000;

export class JobQueue {
  /** What a task of unmasking takes on one core at least, in milliseconds. */
  readonly taskMilliseconds: number;
  readonly #addUnmasking: Statement<never>;
  readonly #addClosing: Statement<never>;
  readonly #recoverClosings: Statement<{ readonly session_id: string }>;

  /** @param schema of graphile-worker. @throws TypeError, RangeError that name the option. */
  constructor(schema: unknown, taskMilliseconds: number = TASK_MILLISECONDS) {
    this.taskMilliseconds = taskMilliseconds;
    const jobs = quoteSchema(schema, 'options.jobs');
    // In the list of what is selected, the function runs once for each row. In `from` it would run once, because it refers to no other table there.
    this.#addUnmasking = statement(
      `select count(${jobs}.add_job('secagg_unmask', payload := json_build_object('session', $1::text))) from generate_series(1, $2::integer)`,
    );
    const closing = (session: string, round: string, at: string): string => `
      ${jobs}.add_job('secagg_close', payload := json_build_object('session', ${session}::text, 'round', ${round}::integer),
        run_at := ${at}, job_key := 'secagg_close ' || ${session}::text || ' ' || ${round}::text)`;
    this.#addClosing = statement(`select from ${closing('$1', '$2', timeIn('$3'))}`);
    this.#recoverClosings = statement(
      `
      select session_id from (${sessionsToRecover.text}) as stopped, lateral ${closing('session_id', 'round', 'now()')}`,
      { session_id: text },
    );
  }

  /** Adds jobs, each of which does tasks until none is left. */
  async addUnmasking(query: Query, sessionId: string, count: number): Promise<void> {
    await query(this.#addUnmasking, [sessionId, count]);
  }

  /** Adds a job that closes a round; one that was added before for this round gets the new time. @param at in how many seconds. */
  async addClosing(query: Query, sessionId: string, round: number, at: number): Promise<void> {
    await query(this.#addClosing, [sessionId, round, at]);
  }

  /** Adds jobs for rounds whose closing was begun by a process that has stopped without an end. @returns for how many. */
  async recoverClosings(query: Query): Promise<number> {
    return (await query(this.#recoverClosings)).length;
  }
}
