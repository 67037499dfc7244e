// What happens in a coordinator, for an application's metrics and logs. Counts, never names of participants.
import { SecAggError } from '../leaves/errors.ts';
import type { Stage } from './decide.ts';

/** Something that happened. */
export type CoordinatorEvent =
  | {
      /** A run was opened. */
      readonly type: 'run-opened';
      /** The task, as 64 hexadecimal digits. */
      readonly task: string;
      /** Number of the run. */
      readonly run: number;
    }
  | {
      /** A run is in another stage. */
      readonly type: 'stage';
      /** The task, as 64 hexadecimal digits. */
      readonly task: string;
      /** Number of the run. */
      readonly run: number;
      /** The stage. */
      readonly stage: Stage;
      /** The attempt that it has begun, from 1; 0 before the first. */
      readonly attempt: number;
      /** Participants that are there: checked in, selected, or in the session. */
      readonly participants: number;
      /** The stage before. */
      readonly previous: Stage;
      /** For how long the stage before has lasted, in milliseconds of service time. */
      readonly milliseconds: number;
    }
  | {
      /** A protocol round was closed. */
      readonly type: 'round-closed';
      /** The task, as 64 hexadecimal digits. */
      readonly task: string;
      /** Number of the run. */
      readonly run: number;
      /** The attempt, from 1. */
      readonly attempt: number;
      /** 0 to 4. */
      readonly round: number;
      /** Participants that had answered. */
      readonly heard: number;
      /** Participants that had not. */
      readonly missing: number;
      /** For how long the round has lasted, in milliseconds of service time. */
      readonly milliseconds: number;
    }
  | {
      /** A stage or a protocol round lasts longer, because too few have come. */
      readonly type: 'extended';
      /** The task, as 64 hexadecimal digits. */
      readonly task: string;
      /** Number of the run. */
      readonly run: number;
      /** The stage. */
      readonly stage: Stage;
    }
  | {
      /** An attempt has failed. */
      readonly type: 'attempt-failed';
      /** The task, as 64 hexadecimal digits. */
      readonly task: string;
      /** Number of the run. */
      readonly run: number;
      /** The attempt, from 1. */
      readonly attempt: number;
      /** Code of the error. */
      readonly code: string;
    }
  | {
      /** A run has ended. */
      readonly type: 'run-ended';
      /** The task, as 64 hexadecimal digits. */
      readonly task: string;
      /** Number of the run. */
      readonly run: number;
      /** Null if there is a sum. */
      readonly code: string | null;
      /** Users in the sum. */
      readonly included: number;
      /** The stage in which it has ended. */
      readonly previous: Stage;
      /** For how long that stage has lasted, in milliseconds of service time. */
      readonly milliseconds: number;
    }
  | {
      /** What was due, or followed from an answer, could not be done, for example because the store failed; the next tick tries it again. */
      readonly type: 'tick-failed';
      /** The code of the error, if it has one of this library's. */
      readonly code: string | null;
      /** What was thrown. */
      readonly error: unknown;
    };

export function tickFailed(error: unknown): CoordinatorEvent {
  return { type: 'tick-failed', code: error instanceof SecAggError ? error.code : null, error };
}
