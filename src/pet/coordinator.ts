// The coordinator of the PET protocol, with its round in memory. [xaynet-server 0.2.0] src/state_machine, src/services/messages.
import { publicKeyOf } from '../crypto/agree.ts';
import { equalBytes, hex } from '../leaves/bytes.ts';
import { checkBytes, checkNames } from '../leaves/checks.ts';
import { StateError } from '../leaves/errors.ts';
import { inspectAs } from '../leaves/inspect.ts';
import { ServiceTime } from '../leaves/service-time.ts';
import { checkSettings, ROUND_OPTIONS, type PetCoordinatorOptions, type RoundSettings } from './coordinator-options.ts';
import { coordinatorDocument, type RoundState, type StoredModel } from './coordinator-state.ts';
import { applyMessage, requireUnheard } from './coordinator-steps.ts';
import { Assemblies } from './assemblies.ts';
import { Intake, mostMessageBytes, parametersOf } from './intake.ts';
import { meanOf } from './masking/totals.ts';
import { isSamePair } from './masking/mask-config.ts';
import { MaskObject } from './masking/mask-object.ts';
import { bytesOfModel, modelOfBytes, type Model } from './masking/model.ts';
import { PetError } from './pet-error.ts';
import { dueOf, limitsOf } from './phase-limits.ts';
import type { ClosedPhase, LastModel, PetProgress, PetRounds } from './progress.ts';
import { majorityOf, newKeys, requireRoom, tooFew } from './round.ts';
import type { Tag } from './wire/message.ts';
import { encodeParameters, encodeSeeds, encodeSums } from './wire/views.ts';

/**
 * The coordinator of round after round. In each it collects the ephemeral keys of sum participants, then masked models with the seeds of their
 * masks, then sums of the masks, and subtracts the one that more than half of those sent that have sent one.
 *
 * It learns each model as soon as one sum participant works with it. `docs/pet.md` says more. The example of {@link PetParticipant} shows a whole
 * round.
 *
 * @example
 * ```js
 * import { PetCoordinator } from 'secagg/pet';
 *
 * const one = { groupType: 'Prime', dataType: 'F32', boundType: 'B0', modelType: 'M3' };
 * const settings = { sumProbability: 0.01, updateProbability: 0.1, config: { vect: one, unit: one }, modelLength: 1000 };
 * const coordinator = await PetCoordinator.create(settings);
 * console.log(coordinator.parameters().length); // prints: 136
 * console.log(coordinator.progress().phase); // prints: sum
 * ```
 */
export class PetCoordinator implements PetRounds {
  readonly #settings: RoundSettings;
  readonly #assemblies: Assemblies;
  readonly #time: ServiceTime;
  #state: RoundState;
  #intake: Intake;
  /** The sum participants under '', and the seeds for each of them. */
  readonly #views = new Map<string, Uint8Array<ArrayBuffer>>();
  #turn: Promise<unknown> = Promise.resolve();
  /** When the phase began, in service time. */
  #since: number;

  private constructor(settings: RoundSettings, state: RoundState, clock: () => number) {
    this.#settings = settings;
    this.#assemblies = new Assemblies(settings.maxPendingBytes);
    this.#state = state;
    this.#intake = new Intake(settings, state);
    this.#time = new ServiceTime(clock);
    this.#since = -state.elapsed;
  }

  /** A coordinator at the beginning of its first round. @throws TypeError, RangeError that name the option. */
  static async create(options: PetCoordinatorOptions): Promise<PetCoordinator> {
    const { settings, clock } = checkOptions(options);
    const state = await newRound(settings, { round: 0, seed: settings.random(32), lastModel: null });
    return new PetCoordinator(settings, state, clock);
  }

  /**
   * A coordinator in the middle of a round. Parts of messages that were not complete are lost.
   *
   * @param state what {@link PetCoordinator.serializeState} gave.
   * @param options the same as before.
   * @throws StateError if the text is no state, or one of rounds with other models or probabilities.
   */
  static async recoverState(state: string, options: PetCoordinatorOptions): Promise<PetCoordinator> {
    const { settings, clock } = checkOptions(options);
    const round = coordinatorDocument.parse(state);
    const { total, sums, seeds, lastModel } = round;
    const { sumProbability, updateProbability, config, modelLength } = settings;
    // With other probabilities, participants would draw themselves again in a round for which they have spoken.
    const isDrawnAlike = round.sumProbability === sumProbability && round.updateProbability === updateProbability;
    const isSame = isDrawnAlike && isSamePair(total.config, config) && total.length === modelLength;
    if (!equalBytes(await publicKeyOf(round.secretKey), round.publicKey)) throw new StateError('state: expected a key pair');
    const isModel = lastModel === null || (isSame && modelIn(lastModel, settings) !== null);
    if (!isSame || !isModel || [...seeds.values()].some(({ length }) => length !== sums.size)) {
      throw new StateError(
        'state: expected the probabilities, configurations and length of the options, and a seed for each sum participant',
      );
    }
    return new PetCoordinator(settings, round, clock);
  }

  /** Bytes of the longest message that a participant may send. */
  get maxMessageBytes(): number {
    return mostMessageBytes(this.#settings);
  }

  /** The parameters of the round, for all participants: 136 bytes, as xaynet's path `params` gives them. */
  parameters(): Uint8Array<ArrayBuffer> {
    return encodeParameters(parametersOf(this.#settings, this.#state));
  }

  /** The sum participants, for update participants, as xaynet's path `sums` gives them; null before the update phase. */
  sums(): Uint8Array<ArrayBuffer> | null {
    const { phase, sums } = this.#state;
    return phase === 'sum' ? null : this.#encodedOnce('', () => encodeSums(sums));
  }

  /**
   * The seeds that are sealed for a sum participant, as xaynet's path `seeds` gives them.
   *
   * @param participantKey Ed25519 public key, 32 bytes.
   * @returns null before the sum2 phase, and for whoever is no sum participant of the round.
   */
  seeds(participantKey: Uint8Array): Uint8Array<ArrayBuffer> | null {
    const { phase, sums, seeds } = this.#state;
    const summer = hex(checkBytes(participantKey, 'participantKey'));
    if (phase !== 'sum2' || !sums.has(summer)) return null;
    return this.#encodedOnce(summer, () => {
      const index = [...sums.keys()].indexOf(summer);
      return encodeSeeds(new Map(Array.from(seeds, ([participant, sealed]) => [participant, sealed[index] ?? new Uint8Array()])));
    });
  }

  /** Everybody may ask for a view again and again. It does not change any more until the round ends. */
  #encodedOnce(forWhom: string, encode: () => Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const view = this.#views.get(forWhom) ?? encode();
    this.#views.set(forWhom, view);
    return view.slice();
  }

  /** The mean of the last round that gave one; null before. */
  model(): LastModel | null {
    const { lastModel } = this.#state;
    const model = lastModel && modelIn(lastModel, this.#settings);
    return lastModel && model && { round: lastModel.round, model };
  }

  /** How far the round is. */
  progress(): PetProgress {
    const { round, phase, counts, sums } = this.#state;
    const limits = limitsOf(this.#settings.limits, { phase, sumParticipants: sums.size });
    const elapsed = this.#time.heartbeat() - this.#since;
    const { min, max } = limits.count;
    const due = dueOf(limits, counts.accepted, elapsed);
    return { round, phase, ...counts, elapsed, enough: counts.accepted >= min, full: counts.accepted >= max, due };
  }

  /**
   * Takes a message of a participant.
   *
   * @returns 'accepted', or 'incomplete' if other parts of it are missing.
   * @throws PetError ERR_SECAGG_PET_FULL if the phase has its most messages; ERR_SECAGG_PET_PENDING if there is no room for parts, or the
   *   first part of the message is not there: send it again from the first part, later; DecodeError for what is no message of this phase or too long for one; PetError or AuthenticationError for a message that does not belong here. The round is as it was.
   */
  async receive(message: Uint8Array): Promise<'accepted' | 'incomplete'> {
    const bytes = checkBytes(message, 'message');
    const { counts } = this.#state;
    try {
      return await this.#receive(bytes);
    } catch (error) {
      if (error instanceof PetError && error.code === 'ERR_SECAGG_PET_FULL') counts.discarded++;
      else counts.rejected++;
      throw error;
    }
  }

  async #receive(bytes: Uint8Array): Promise<'accepted' | 'incomplete'> {
    const state = this.#state;
    const { phase, sums } = state;
    this.#requireRoom();
    const message = await this.#intake.read(bytes, { phase, sumParticipants: sums.size }, (participant, part, mostBytes) => {
      this.#requireSamePhase(state, phase);
      requireUnheard(state, participant);
      return this.#assemblies.add(participant, part, { mostBytes, now: this.#time.heartbeat() });
    });
    if (message === null) return 'incomplete';
    // Others were heard meanwhile.
    this.#requireSamePhase(state, phase);
    this.#requireRoom();
    applyMessage(state, message);
    state.counts.accepted++;
    return 'accepted';
  }

  /**
   * Ends the phase. After the sum2 phase it unmasks the sum of the models, and the next round begins, whether that was possible or not.
   *
   * @throws PetError ERR_SECAGG_PET_TOO_FEW if the phase has not enough messages; it goes on.
   */
  async close(): Promise<ClosedPhase> {
    return this.#inTurn(() => this.#close());
  }

  async #close(): Promise<ClosedPhase> {
    const ended = this.progress();
    const { phase, round } = ended;
    if (!ended.enough) throw tooFew(ended, this.#settings);
    this.#assemblies.clear();
    if (phase === 'sum2') return this.#end(ended);
    const next = phase === 'sum' ? 'update' : 'sum2';
    this.#state.phase = next;
    this.#state.counts = noMessages();
    this.#since = this.#time.heartbeat();
    return { ended, round, phase: next, model: null, error: null };
  }

  /** Gives the round up, for example because too few participants came in time, and begins the next one. */
  async abandon(): Promise<void> {
    await this.#inTurn(() => this.#begin(this.#state.lastModel));
  }

  /**
   * Does what counts and times say is due: closes the phase, or gives the round up. A `PetService` calls it once a second.
   *
   * @returns null if the phase goes on; with the error ERR_SECAGG_PET_TOO_FEW if the round was given up.
   */
  async advance(): Promise<ClosedPhase | null> {
    return this.#inTurn(() => this.#advance());
  }

  async #advance(): Promise<ClosedPhase | null> {
    const ended = this.progress();
    if (ended.due === null) return null;
    if (ended.due === 'close') return this.#close();
    await this.#begin(this.#state.lastModel);
    const { round, phase } = this.#state;
    return { ended, round, phase, model: null, error: tooFew(ended, this.#settings) };
  }

  /** Phases end one after the other: whoever ends one while another one ends sees what has followed. */
  async #inTurn<T>(ending: () => Promise<T>): Promise<T> {
    const ended = this.#turn.then(ending);
    this.#turn = ended.catch(() => undefined);
    return ended;
  }

  async #end(ended: PetProgress): Promise<ClosedPhase> {
    const { total, seeds, votes, lastModel, round: number } = this.#state;
    let model: Model | null = null;
    let error: PetError | null = null;
    try {
      model = meanOf({ total, count: seeds.size }, majorityOf(votes).mask);
    } catch (thrown) {
      if (!(thrown instanceof PetError)) throw thrown;
      error = thrown;
    }
    await this.#begin(model === null ? lastModel : { round: number, numbers: bytesOfModel(model) });
    const { round, phase } = this.#state;
    return { ended, round, phase, model, error };
  }

  async #begin(lastModel: StoredModel | null): Promise<void> {
    const { round, seed, secretKey } = this.#state;
    const next = await newRound(this.#settings, { round, seed, lastModel });
    this.#assemblies.clear();
    this.#views.clear();
    secretKey.fill(0);
    this.#state = next;
    this.#intake = new Intake(this.#settings, next);
    this.#since = this.#time.heartbeat();
  }

  /** The round as JSON. CONTAINS A SECRET: the key that opens the messages of this round. */
  serializeState(): string {
    return coordinatorDocument.serialize({ ...this.#state, elapsed: this.progress().elapsed });
  }

  #requireRoom(): void {
    const { phase, counts } = this.#state;
    requireRoom(phase, counts.accepted, this.#settings);
  }

  #requireSamePhase(state: RoundState, phase: Tag): void {
    if (this.#state !== state || state.phase !== phase) {
      throw new PetError('ERR_SECAGG_PET_PHASE', `message: the ${phase} phase was closed meanwhile`);
    }
  }
}

inspectAs(PetCoordinator.prototype, (coordinator) => `PetCoordinator in round ${coordinator.progress().round}`);

function checkOptions(options: PetCoordinatorOptions): { readonly settings: RoundSettings; readonly clock: () => number } {
  checkNames(options, 'options', [...ROUND_OPTIONS, 'clock']);
  return { settings: checkSettings(options), clock: options.clock ?? ((): number => performance.now()) };
}

function modelIn({ numbers }: StoredModel, { config, modelLength }: RoundSettings): Model | null {
  return modelOfBytes(numbers, config.vect.dataType, modelLength);
}

function noMessages(): RoundState['counts'] {
  return { accepted: 0, rejected: 0, discarded: 0 };
}

async function newRound(
  settings: RoundSettings,
  { round, seed, lastModel }: Pick<RoundState, 'round' | 'seed' | 'lastModel'>,
): Promise<RoundState> {
  const { sumProbability, updateProbability } = settings;
  return {
    round: round + 1,
    phase: 'sum',
    sumProbability,
    updateProbability,
    ...(await newKeys(settings, seed)),
    counts: noMessages(),
    sums: new Map(),
    seeds: new Map(),
    total: MaskObject.zero(settings.config, settings.modelLength),
    votes: [],
    voters: [],
    elapsed: 0,
    lastModel,
  };
}
