// How a run ended, for the application that runs the coordinator.
import { randomFromSeed } from '../crypto/random.ts';
import { copyOf } from '../leaves/bytes.ts';
import { readAnnouncement, type Payload } from '../service/announcement.ts';
import type { Task } from '../service/task.ts';
import type { RunRecord } from './run-record.ts';
import type { CoordinatorStore } from './store.ts';
import type { Receipt } from '../dp/receipt.ts';

/** A run that has its sum. */
export interface FinishedRun {
  /** Tells how it ended. */
  readonly kind: 'finished';
  /** Number of the run. */
  readonly run: number;
  /** The attempt that gave the sum. */
  readonly attempt: number;
  /** Ids of the users in the sum, ascending. */
  readonly included: readonly number[];
  /** What the task's aggregate makes of the sum: for `integers` the vector, for a mean its tensors. */
  readonly result: unknown;
  /** The payload that its participants were given, for example the model that they trained; null if there was none. */
  readonly payload: Payload | null;
  /**
   * How many other runs of the task ended with a sum between the opening of this run and its end: by so many versions the model that its
   * participants trained is older than the newest one, if each sum gives a new version.
   */
  readonly staleness: number;
  /** What the sum costs each user in privacy; null if the aggregate adds no noise. */
  readonly receipt: Receipt | null;
}

/** A run without a sum. */
export interface FailedRun {
  /** Tells how it ended. */
  readonly kind: 'failed';
  /** Number of the run. */
  readonly run: number;
  /** The last attempt; 0 if none began. */
  readonly attempt: number;
  /** Code of the last attempt's error; ERR_SECAGG_THRESHOLD if too few came, ERR_SECAGG_ABORTED if the application ended it. */
  readonly code: string;
}

/** How a run ended. */
export type Outcome = FinishedRun | FailedRun;

/** What auditors are given about a run: of each session whose sum is in the result. */
export async function certificatesOf(store: CoordinatorStore, { task, run, attempt }: RunRecord): Promise<string[]> {
  const certificates: string[] = [];
  for (let index = 0; index < (attempt?.sessions ?? 0); index++) {
    const session = await store.session({ task, run, index });
    const certificate = session?.end?.code === null ? await store.certificate(session) : null;
    if (certificate !== null) certificates.push(certificate);
  }
  return certificates;
}

/** How a run ended; null if it goes on. */
export function outcomeOf(task: Task, { run, announcement, attempt, end }: RunRecord): Outcome | null {
  if (end === null) return null;
  const number = attempt?.number ?? 0;
  const { code, sum, included, cohorts, noiseSeed, staleness } = end;
  if (code !== null || sum === null || noiseSeed === null || attempt === null)
    return { kind: 'failed', run, attempt: number, code: code ?? '' };
  const terms = task.definition.group.cohorts === null ? { users: included.length } : { cohorts };
  const { result, receipt } = task.planFor(attempt.name, randomFromSeed(noiseSeed)).decode(sum, terms);
  const { payload } = readAnnouncement(copyOf(announcement));
  return { kind: 'finished', run, attempt: number, included, payload, staleness, result, receipt };
}
