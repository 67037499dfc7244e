// What a participant is made with.
import type { SecAggError } from '../leaves/errors.ts';
import type { Listener } from '../leaves/events.ts';
import type { RandomSource } from '../crypto/random.ts';
import type { Model } from './masking/model.ts';
import type { RoundParameters, Task } from './parameters.ts';

/**
 * Reaches a coordinator, over any transport. The names of xaynet's paths are params, sums, seeds and message.
 *
 * @throws anything if the transport fails; the participant is as it was, and the next transition tries again.
 */
export interface PetClient {
  /** The parameters of the present round; null while there are none. */
  parameters(): Promise<Uint8Array | null>;
  /** The sum participants of the round; null until they are known. */
  sums(): Promise<Uint8Array | null>;
  /** The seeds that are sealed for the sum participant with this Ed25519 public key; null until they are known. */
  seeds(participantKey: Uint8Array): Promise<Uint8Array | null>;
  /** Takes a message to the coordinator. */
  send(message: Uint8Array): Promise<void>;
}

/** A model of the application, for one round. */
export interface LoadedModel {
  /** The numbers, as the data type and the length in the parameters say. */
  readonly model: Model;
  /** Its weight in the mean, from 0 to the bound of `config.unit`. Default: 1. */
  readonly weight?: number;
}

/** Where the models of the application come from. */
export interface ModelStore {
  /** The model for a round; null while it is not ready: the participant asks again. */
  load(parameters: RoundParameters): Promise<LoadedModel | null>;
}

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
      /** A sum participant cannot use the seeds of this round, and does nothing more in it. */
      readonly type: 'gave-up';
      /** What is wrong with the seeds. */
      readonly error: SecAggError;
    };

/** What a participant is made with. */
export interface PetParticipantOptions {
  /** Ed25519 secret key, 32 bytes, as `genKeypair` gives it. Its public key names the participant. */
  readonly signSecretKey: Uint8Array;
  /** Reaches the coordinator. */
  readonly client: PetClient;
  /** Gives the models of rounds in which the participant is drawn for the update task. */
  readonly models: ModelStore;
  /** Most bytes of a message; longer ones go in parts. At least 256. Default: 1 MiB. */
  readonly maxMessageBytes?: number;
  /** Most numbers of a model that this participant has memory for: it refuses rounds with longer ones. Default: 2^24. */
  readonly maxModelLength?: number;
  /** Hears what happens. */
  readonly listener?: Listener<PetParticipantEvent>;
  /** Gives random bytes, for tests: any other source than the platform's cryptographic generator, which is the default, gives inputs away. */
  readonly unsafeRandom?: RandomSource;
}
