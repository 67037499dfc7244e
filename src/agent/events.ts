// What an agent tells its application.

/** Something that happened to a participant. */
export type AgentEvent =
  | {
      /** The participant was selected for a run. */
      readonly type: 'selected';
      /** Number of the run. */
      readonly run: number;
    }
  | {
      /** The input store has no input for the run yet. */
      readonly type: 'needs-input';
      /** Number of the run. */
      readonly run: number;
    }
  | {
      /** It is settled who is enrolled in an attempt. The participant waits for the seed of the cohorts. */
      readonly type: 'awaiting-draw';
      /** Number of the run. */
      readonly run: number;
      /** The attempt, from 1. */
      readonly attempt: number;
      /** Participants that are enrolled. */
      readonly enrolled: number;
      /** The time that the seed is of, in seconds since 1970. */
      readonly seedAt: number;
    }
  | {
      /** The session of an attempt has begun. */
      readonly type: 'enrolled';
      /** Number of the run. */
      readonly run: number;
      /** The attempt, from 1. */
      readonly attempt: number;
      /** Participants of the session. */
      readonly users: number;
    }
  | {
      /** An answer has arrived at the coordinator. From round 2 on the input is spent. */
      readonly type: 'sent';
      /** Number of the run. */
      readonly run: number;
      /** The attempt, from 1. */
      readonly attempt: number;
      /** 0 to 4. */
      readonly round: number;
    }
  | {
      /** The participant is out of an attempt. */
      readonly type: 'attempt-failed';
      /** Number of the run. */
      readonly run: number;
      /** The attempt, from 1. */
      readonly attempt: number;
      /** Code of the error; null if the coordinator began another attempt. */
      readonly code: string | null;
    }
  | {
      /** There is nothing to do for a while. Told by `run` only: `transition` returns it. */
      readonly type: 'waiting';
      /** Number of the run; null if the participant waits for one. */
      readonly run: number | null;
      /** Milliseconds until the next look. */
      readonly wait: number;
    }
  | {
      /** The run is over for the participant. */
      readonly type: 'done';
      /** Number of the run. */
      readonly run: number;
      /** Whether the coordinator says that there is a sum. */
      readonly finished: boolean;
      /** Whether the participant's input was sent. */
      readonly sent: boolean;
    }
  | {
      /** The participant refuses a run, or is refused. */
      readonly type: 'refused';
      /** Number of the run; null if none is concerned. */
      readonly run: number | null;
      /** Code of the error. */
      readonly code: string;
      /** What is below the floors, or wrong. */
      readonly message: string;
    }
  | {
      /** What `inputs.load` gave is no input for this task. The participant leaves the run: the same input again would not fit either. */
      readonly type: 'input-refused';
      /** Number of the run. */
      readonly run: number;
      /** Code of the encoding's error; null if the input has another form than the encoding takes. */
      readonly code: string | null;
      /** What was expected, and what came. It holds no number of the input. */
      readonly message: string;
    }
  | {
      /** A step has failed, for example because the network did; it is tried again. */
      readonly type: 'step-failed';
      /** What was thrown. */
      readonly error: unknown;
      /** Milliseconds until then. */
      readonly retryIn: number;
    }
  | {
      /**
       * The coordinator has heard newer requests of this participant than the state knows: a backup was restored, or another device has
       * the same certificate. The agent stops; it needs a new certificate.
       */
      readonly type: 'superseded';
    };
