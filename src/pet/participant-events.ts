// What a participant of PET tells its application.
import type { SecAggError } from '../leaves/errors.ts';
import type { RoundParameters, Task } from './parameters.ts';
import type { PetError } from './pet-error.ts';

/** Something that happened to a participant. */
export type PetParticipantEvent =
  | {
      /** A round began. */
      readonly type: 'round';
      /** The parameters of the round. */
      readonly parameters: RoundParameters;
      /** The task of the participant; null if it was drawn for none. */
      readonly task: Task | null;
    }
  | {
      /** All parts of a message were sent. */
      readonly type: 'sent';
      /** The phase that the message is for. */
      readonly message: 'sum' | 'update' | 'sum2';
    }
  | {
      /** The coordinator has refused a message. The participant does nothing more in this round. */
      readonly type: 'refused';
      /** The phase that the message is for. */
      readonly message: 'sum' | 'update' | 'sum2';
      /** What the coordinator says. */
      readonly error: PetError;
    }
  | {
      /** A sum participant cannot use the seeds of this round, and does nothing more in it. */
      readonly type: 'gave-up';
      /** What is wrong with the seeds. */
      readonly error: SecAggError;
    };

/** Something that happened to a participant that runs by itself. */
export type PetAgentEvent =
  | PetParticipantEvent
  | {
      /** What `models.load` gave is no model of this round. The participant does nothing more in it: the same model again would not fit either. */
      readonly type: 'model-refused';
      /** What is wrong with it: a PetError, TypeError or RangeError, whose text holds no number of the model. */
      readonly error: Error;
    }
  | {
      /** A step has failed, for example because the network did; it is tried again. */
      readonly type: 'step-failed';
      /** What was thrown. */
      readonly error: unknown;
      /** Milliseconds until then. */
      readonly retryIn: number;
    };
