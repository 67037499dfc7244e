// What graphile-worker runs. It is not imported: a task list is an object of functions.
import { checkInteger, checkObject, checkString } from '../leaves/checks.ts';
import { SecAggError, StoreError } from '../leaves/errors.ts';
import type { AbortSignalLike } from '../leaves/signals.ts';
import type { PostgresSessions } from './sessions.ts';

/** What graphile-worker gives to a task beside its payload, as far as it is used. */
export interface JobHelpers {
  /** Is aborted when the worker is to stop. */
  readonly abortSignal?: AbortSignalLike | undefined;
}

/** A task of graphile-worker. */
export type JobTask = (payload: unknown, helpers: JobHelpers) => Promise<void>;

/** The line of graphile-worker's crontab that goes with {@link sessionTasks}: once a minute it sweeps, and mends what a stopped process has left. */
export const SESSION_CRONTAB = '* * * * * secagg_sweep ?max=1&fill=0s';

/**
 * The tasks of sessions, for graphile-worker's `taskList`.
 *
 * - `secagg_close`, which `sessions.closeAt` adds, closes a round. If too few users were heard, the round stays open, and the application decides.
 * - `secagg_unmask` helps to remove the masks of a sum; the process that closes round 4 adds it.
 * - `secagg_sweep`, which {@link SESSION_CRONTAB} adds, sweeps, and adds jobs for closings that a stopped process has begun.
 *
 * @param sessions made with the option `jobs`.
 *
 * @example
 * ```ts
 * import { run } from 'graphile-worker';
 * import pg from 'pg';
 * import { PostgresSessions, SESSION_CRONTAB, sessionTasks } from 'secagg/postgres';
 *
 * const pgPool = new pg.Pool();
 * const sessions = new PostgresSessions(pgPool, { jobs: 'graphile_worker' });
 * await run({ pgPool, taskList: sessionTasks(sessions), crontab: SESSION_CRONTAB });
 * ```
 */
export function sessionTasks(sessions: PostgresSessions): Record<'secagg_close' | 'secagg_unmask' | 'secagg_sweep', JobTask> {
  return {
    async secagg_close(payload, { abortSignal }) {
      const { session, round } = checkObject(payload, 'payload');
      const id = checkString(session, 'payload.session');
      try {
        await sessions.round(id, checkInteger(round, 'payload.round', 0, 4), options(abortSignal));
      } catch (error) {
        // Whatever the protocol or the session says is the application's to see; a fault of the database is tried again.
        if (!(error instanceof SecAggError) || error instanceof StoreError) throw error;
      }
    },

    async secagg_unmask(payload, { abortSignal }) {
      const { session } = checkObject(payload, 'payload');
      try {
        await sessions.unmask(checkString(session, 'payload.session'), options(abortSignal));
      } catch (error) {
        if (!(error instanceof SecAggError) || error instanceof StoreError) throw error;
      }
    },

    async secagg_sweep() {
      await sessions.sweep();
      await sessions.recover();
    },
  };
}

function options(signal: AbortSignalLike | undefined): { signal?: AbortSignalLike } {
  return signal === undefined ? {} : { signal };
}
