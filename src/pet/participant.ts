// A participant of the PET protocol. [xaynet-sdk 0.1.0] src/state_machine.
import { copyOf } from '../leaves/bytes.ts';
import { checkNames } from '../leaves/checks.ts';
import { UsageError } from '../leaves/errors.ts';
import { signalIn } from '../leaves/signals.ts';
import { inspectAs } from '../leaves/inspect.ts';
import type { Task } from './parameters.ts';
import { PARTICIPANT_OPTIONS, participantContext, type ParticipantContext } from './participant-context.ts';
import { isBegunAgain, nextMemory, parseMemory, serializeMemory, taskOf } from './participant-memory.ts';
import type { CallOptions, PetParticipantOptions } from './participant-options.ts';
import { UnfitModel } from './participant-steps.ts';
import { NO_MEMORY, type ParticipantMemory } from './participant-state.ts';

/**
 * A participant that takes part in round after round: it learns its task, masks and sends the application's model, or adds the masks of others.
 *
 * An application that wants neither to call steps nor to keep states takes `PetAgent`.
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
 * const coordinator = await PetCoordinator.create({ ...settings, update: { count: { min: 3, max: 100 } } });
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
  #memory: ParticipantMemory = NO_MEMORY;
  #isBusy = false;

  /** @throws TypeError, RangeError that name the option. */
  constructor(options: PetParticipantOptions) {
    checkNames(options, 'options', PARTICIPANT_OPTIONS);
    this.#context = participantContext(options);
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
    participant.#memory = parseMemory(state, participant.#context.publicKey);
    return participant;
  }

  /** Ed25519 public key, 32 bytes. */
  get publicKey(): Uint8Array {
    return copyOf(this.#context.publicKey);
  }

  /** The task in the present round; null if there is none, or if it is done. */
  get task(): Task | null {
    return taskOf(this.#memory.state);
  }

  /**
   * Takes one step: learns of a new round, makes a message, or sends a part of one. Before each step it asks whether the round is still the same.
   * Save the participant after each step that was 'complete', before the next one, if it must survive a crash. `PetAgent` does so.
   *
   * @param options its `signal` is given to the client and the model store.
   * @returns 'complete' if there may be more to do at once, 'pending' if the participant waits for the coordinator or the application.
   * @throws UsageError ERR_SECAGG_BUSY during another step; DecodeError or PetError if what the coordinator shows cannot be used; TypeError,
   *   RangeError, PetError for a model that does not fit the round; what the client or the model store throws. The participant is as it was then.
   */
  async transition(options: CallOptions = {}): Promise<'complete' | 'pending'> {
    const signal = signalIn(options);
    if (this.#isBusy) throw new UsageError('ERR_SECAGG_BUSY', 'participant: another step is not over yet');
    this.#isBusy = true;
    try {
      const next = await nextMemory(this.#memory, { ...this.#context, call: signal === undefined ? {} : { signal } });
      if (next === null) return 'pending';
      const before = this.#memory;
      this.#memory = next;
      return isBegunAgain(before, next) ? 'pending' : 'complete';
    } catch (error) {
      throw error instanceof UnfitModel ? error.cause : error;
    } finally {
      this.#isBusy = false;
    }
  }

  /**
   * The participant as JSON, without its secret key. CONTAINS SECRETS: a sum participant's ephemeral key, which opens the seeds of one round.
   *
   * @throws StateError ERR_SECAGG_STATE_SIZE if a message that is on its way is too long for a text.
   */
  save(): string {
    return serializeMemory(this.#memory, this.#context.publicKey);
  }
}

inspectAs(PetParticipant.prototype, (participant) => `PetParticipant { task: ${participant.task ?? 'none'} }`);
