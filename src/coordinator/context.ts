// What the parts of one coordinator share.
import type { Listener } from '../leaves/events.ts';
import type { RevocationList } from '../service/revocation-list.ts';
import type { SeedSource } from '../service/seeds.ts';
import type { Task } from '../service/task.ts';
import type { CoordinatorEvent } from './events.ts';
import type { RunRecord } from './run-record.ts';
import type { SessionHost } from './session-host.ts';
import type { CoordinatorStore } from './store.ts';

export interface CoordinatorContext {
  readonly store: CoordinatorStore;
  readonly host: SessionHost;
  readonly listener: Listener<CoordinatorEvent>;
  taskOf(id: string): Task;
  revocationsOf(task: Task): RevocationList | null;
  /** Where the seeds of draws come from. */
  readonly seeds: SeedSource;
  /** Seconds since 1970. */
  now(): number;
  /** A run has ended. */
  ended(run: RunRecord): void;
}
