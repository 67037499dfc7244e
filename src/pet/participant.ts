// A participant of the PET protocol. [xaynet-sdk 0.1.0] src/state_machine.
import { platform } from '#platform';
import { systemRandom } from '../crypto/random.ts';
import { copyOf, equalBytes } from '../leaves/bytes.ts';
import { checkBytes, checkInteger, checkNames } from '../leaves/checks.ts';
import { SecAggError, StateError, UsageError } from '../leaves/errors.ts';
import { checkListener, emit } from '../leaves/events.ts';
import { inspectAs } from '../leaves/inspect.ts';
import { KEY_BYTES } from '../leaves/sizes.ts';
import { MAX_LENGTH } from './masking/mask-object.ts';
import type { RoundParameters, Task } from './parameters.ts';
import type { PetParticipantOptions } from './participant-options.ts';
import { participantDocument, type ParticipantState, type Summing } from './participant-state.ts';
import { enterRound, send, sumMasks, update, type ParticipantContext } from './participant-steps.ts';
import { PetError } from './pet-error.ts';
import { decodeParameters } from './wire/views.ts';

const OPTIONS = ['signSecretKey', 'client', 'models', 'maxMessageBytes', 'maxModelLength', 'listener', 'unsafeRandom'];
/** A message that carries at least some bytes of a part. */
const LEAST_MESSAGE_BYTES = 256;
const DEFAULT_MESSAGE_BYTES = 2 ** 20;
const DEFAULT_MODEL_LENGTH = 2 ** 24;

/**
 * A participant that takes part in round after round: it learns its task, masks and sends the application's model, or adds the masks of others.
 *
 * The coordinator together with one sum participant learns each model. Nobody vouches for the sum participants, so whoever runs the coordinator
 * can be one. `docs/pet.md` says more.
 *
 * @example
 * ```js
 * import { genKeypair } from 'secagg';
 * import { PetCoordinator, PetParticipant } from 'secagg/pet';
 *
 * const one = { groupType: 'Prime', dataType: 'F32', boundType: 'B0', modelType: 'M3' };
 * const settings = { sumProbability: 0.5, updateProbability: 1, config: { vect: one, unit: one }, modelLength: 2 };
 * const coordinator = await PetCoordinator.create({ ...settings, update: { min: 3, max: 100 } });
 * const client = {
 *   parameters: async () => coordinator.parameters(),
 *   sums: async () => coordinator.sums(),
 *   seeds: async (participantKey) => coordinator.seeds(participantKey),
 *   send: async (message) => void (await coordinator.receive(message)),
 * };
 * const participants = Array.from({ length: 40 }, (_, i) => {
 *   const models = { load: async () => ({ model: Float32Array.of(0.25, -0.5) }) };
 *   return new PetParticipant({ signSecretKey: genKeypair()[1], client, models });
 * });
 * let model = null;
 * while (model === null) {
 *   for (const participant of participants) while ((await participant.transition()) === 'complete');
 *   ({ model = null } = await coordinator.close());
 * }
 * console.log(model); // prints: Float32Array(2) [ 0.25, -0.5 ]
 * ```
 */
export class PetParticipant {
  readonly #context: ParticipantContext;
  #state: ParticipantState = { phase: 'awaiting', parameters: null };
  #isBusy = false;

  /** @throws TypeError, RangeError that name the option. */
  constructor(options: PetParticipantOptions) {
    checkNames(options, 'options', OPTIONS);
    const { client, models, maxMessageBytes = DEFAULT_MESSAGE_BYTES, maxModelLength = DEFAULT_MODEL_LENGTH } = options;
    const signSecretKey = copyOf(checkBytes(options.signSecretKey, 'options.signSecretKey'));
    if (signSecretKey.length !== KEY_BYTES) {
      throw new RangeError(`options.signSecretKey: expected ${KEY_BYTES} bytes, got ${signSecretKey.length}`);
    }
    this.#context = {
      signSecretKey,
      publicKey: platform.ed25519PublicKey(signSecretKey),
      client,
      models,
      maxMessageBytes: checkInteger(maxMessageBytes, 'options.maxMessageBytes', LEAST_MESSAGE_BYTES, Number.MAX_SAFE_INTEGER),
      maxModelLength: checkInteger(maxModelLength, 'options.maxModelLength', 1, MAX_LENGTH),
      listener: checkListener(options.listener),
      random: options.unsafeRandom ?? systemRandom,
    };
  }

  /**
   * A participant as it was saved.
   *
   * @param state what {@link PetParticipant.save} gave.
   * @param options as for the constructor, with the same key.
   * @throws StateError if the text is no state of this participant.
   */
  static restore(state: string, options: PetParticipantOptions): PetParticipant {
    const participant = new PetParticipant(options);
    const snapshot = participantDocument.parse(state);
    if (!equalBytes(snapshot.publicKey, participant.publicKey)) throw new StateError('state: it is of another participant');
    participant.#state = snapshot.state;
    return participant;
  }

  /** Ed25519 public key, 32 bytes. */
  get publicKey(): Uint8Array {
    return copyOf(this.#context.publicKey);
  }

  /** The task in the present round; null if there is none, or if it is done. */
  get task(): Task | null {
    const state = this.#state;
    if (state.phase === 'awaiting') return null;
    return state.phase === 'update' || (state.phase === 'sending' && state.tag === 'update') ? 'update' : 'sum';
  }

  /**
   * Takes one step: learns of a new round, makes a message, or sends a part of one. Before each step it asks whether the round is still the same.
   * Save the participant after each step that was 'complete' if it must survive a crash.
   *
   * @returns 'complete' if there may be more to do at once, 'pending' if the participant waits for the coordinator or the application.
   * @throws UsageError ERR_SECAGG_BUSY during another step; DecodeError or PetError if what the coordinator shows cannot be used; what the client
   *   or the model store throws. The participant is as it was then.
   */
  async transition(): Promise<'complete' | 'pending'> {
    if (this.#isBusy) throw new UsageError('ERR_SECAGG_BUSY', 'participant: another step is not over yet');
    this.#isBusy = true;
    try {
      const next = await this.#next();
      if (next === null) return 'pending';
      this.#state = next;
      return 'complete';
    } finally {
      this.#isBusy = false;
    }
  }

  async #next(): Promise<ParticipantState | null> {
    const bytes = await this.#context.client.parameters();
    if (bytes === null) return null;
    const state = this.#state;
    const parameters = this.#decoded(bytes);
    if (state.parameters === null || !equalBytes(state.parameters, bytes)) return this.#enter(parameters, copyOf(bytes));
    switch (state.phase) {
      case 'awaiting':
        return null;
      case 'update':
        return update(state, parameters, this.#context);
      case 'sending':
        return send(state, parameters, this.#context);
      case 'sum2':
        return this.#sumMasks(state, parameters);
    }
  }

  #decoded(bytes: Uint8Array): RoundParameters {
    const parameters = decodeParameters(bytes);
    const { maxModelLength } = this.#context;
    if (parameters.modelLength > maxModelLength) {
      const message = `parameters: expected models of at most ${maxModelLength} numbers, got ${parameters.modelLength}`;
      throw new PetError('ERR_SECAGG_PET_PARAMETERS', message);
    }
    return parameters;
  }

  async #enter(parameters: RoundParameters, bytes: Uint8Array): Promise<ParticipantState> {
    const next = await enterRound({ parameters, bytes }, this.#context);
    const task = next.phase === 'awaiting' ? null : next.phase === 'update' ? 'update' : 'sum';
    emit(this.#context.listener, { type: 'round', parameters, task });
    return next;
  }

  async #sumMasks(state: Summing, parameters: RoundParameters): Promise<ParticipantState | null> {
    const encodedSeeds = await this.#context.client.seeds(this.publicKey);
    if (encodedSeeds === null) return null;
    try {
      return await sumMasks(state, parameters, { context: this.#context, encodedSeeds });
    } catch (error) {
      // The same seeds would come again. Without one of the masks the sum of the others is of no use.
      if (!(error instanceof SecAggError)) throw error;
      emit(this.#context.listener, { type: 'gave-up', error });
      return { phase: 'awaiting', parameters: state.parameters };
    }
  }

  /**
   * The participant as JSON, without its secret key. CONTAINS SECRETS: a sum participant's ephemeral key, which opens the seeds of one round.
   *
   * @throws StateError ERR_SECAGG_STATE_SIZE if a message that is on its way is too long for a text.
   */
  save(): string {
    return participantDocument.serialize({ publicKey: this.#context.publicKey, state: this.#state });
  }
}

inspectAs(PetParticipant.prototype, (participant) => `PetParticipant { task: ${participant.task ?? 'none'} }`);
