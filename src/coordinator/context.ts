// What the parts of one coordinator share.
import type { Listener } from '../leaves/events.ts';
import type { RevocationList } from '../service/revocation-list.ts';
import type { Task } from '../service/task.ts';
import type { CoordinatorEvent } from './events.ts';
import type { RunRecord } from './run-record.ts';
import type { SeedWatch } from './seed-watch.ts';
import type { SessionHost } from './session-host.ts';
import type { CoordinatorStore } from './store.ts';

export interface CoordinatorContext {
  readonly store: CoordinatorStore;
  readonly host: SessionHost;
  readonly listener: Listener<CoordinatorEvent>;
  taskOf(id: string): Task;
  /** The newest revocation list that any process was given. */
  revocationsOf(task: Task): Promise<RevocationList | null>;
  /** Where the seeds of draws come from. */
  readonly seeds: Pick<SeedWatch, 'of'>;
  /** Seconds since 1970. */
  now(): number;
  /**
   * Milliseconds within which all come back who are told to wait.
   *
   * @param pause of {@link Reply}.
   * @param waiting of {@link Reply}.
   */
  backWithin(pause: number, waiting: number): number;
  /** A run has ended. */
  ended(run: RunRecord): void;
}
