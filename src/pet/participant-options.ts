// What a participant is made with.
import type { Listener } from '../leaves/events.ts';
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import type { RandomSource } from '../crypto/random.ts';
import type { Model } from './masking/model.ts';
import type { RoundParameters } from './parameters.ts';
import type { PetParticipantEvent } from './participant-events.ts';

/** What a call of the application's code is made with. */
export interface CallOptions {
  /** Calls the step off; only there if the step was given one. */
  readonly signal?: PlatformSignal;
}

/**
 * Reaches a coordinator, over any transport. The names of xaynet's paths are params, sums, seeds and message.
 *
 * @throws anything if the transport fails; the participant is as it was, and the next transition tries again.
 */
export interface PetClient {
  /** The parameters of the present round; null while there are none. */
  parameters(options: CallOptions): Promise<Uint8Array | null>;
  /** The sum participants of the round; null until they are known. */
  sums(options: CallOptions): Promise<Uint8Array | null>;
  /** The seeds that are sealed for the sum participant with this Ed25519 public key; null until they are known. */
  seeds(participantKey: Uint8Array<ArrayBuffer>, options: CallOptions): Promise<Uint8Array | null>;
  /**
   * Takes a message to the coordinator.
   *
   * @returns what the coordinator says, if it says anything: 'accepted', or 'incomplete' if other parts of the message are missing. If it says so
   *   of the last part, it has lost some, and all parts are sent again.
   * @throws PetError with the coordinator's code if it has refused the message: it is not sent again then, except with ERR_SECAGG_PET_PENDING,
   *   from the first part.
   */
  send(message: Uint8Array<ArrayBuffer>, options: CallOptions): Promise<unknown>;
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
  /**
   * The model for a round; null while it is not ready: the participant asks again. A `PetAgent` does nothing more in the round if it is no model of
   * the round (event `model-refused`).
   */
  load(parameters: RoundParameters, options: CallOptions): Promise<LoadedModel | null>;
}

/** What a participant is made with. */
export interface PetParticipantOptions {
  /** Ed25519 secret key, 32 bytes, as `genKeypair` gives it. Its public key names the participant. */
  readonly signSecretKey: Uint8Array;
  /** Reaches the coordinator. */
  readonly client: PetClient;
  /** Gives the models of rounds in which the participant is drawn for the update task. */
  readonly models: ModelStore;
  /** Most bytes of a message; longer ones go in parts. At least 320. Default: 1 MiB. */
  readonly maxMessageBytes?: number;
  /** Most numbers of a model that this participant has memory for: it refuses rounds with longer ones. Default: 2^24. */
  readonly maxModelLength?: number;
  /** Hears what happens. */
  readonly listener?: Listener<PetParticipantEvent>;
  /** Gives random bytes, for tests: any other source than the platform's cryptographic generator, which is the default, gives inputs away. */
  readonly unsafeRandom?: RandomSource;
}
