// The coordinator of the PET protocol. [xaynet-server 0.2.0] src/state_machine, src/services/messages. Without time and network: the application says
// when a phase ends.
import { generateKeyPair, publicKeyOf } from '../crypto/agree.ts';
import { sign } from '../crypto/sign.ts';
import { platform } from '#platform';
import { concat, equalBytes, hex } from '../leaves/bytes.ts';
import { checkBytes } from '../leaves/checks.ts';
import { DecodeError, StateError } from '../leaves/errors.ts';
import { inspectAs } from '../leaves/inspect.ts';
import { checkSettings, type CoordinatorSettings, type MessageCount, type PetCoordinatorOptions } from './coordinator-options.ts';
import { coordinatorDocument, type MessageCounts, type RoundState } from './coordinator-state.ts';
import { readPayload } from './coordinator-steps.ts';
import { meanOf } from './masking/totals.ts';
import { isSamePair } from './masking/mask-config.ts';
import { MaskObject } from './masking/mask-object.ts';
import type { Model } from './masking/model.ts';
import { groupOf } from './masking/orders.ts';
import type { RoundParameters } from './parameters.ts';
import { PetError } from './pet-error.ts';
import { MESSAGE_OVERHEAD, MessageOpener, type Message, type Tag } from './wire/message.ts';
import { Assembly, decodePart, PART_HEADER_BYTES } from './wire/parts.ts';
import { encodeParameters, encodeSeeds, encodeSums } from './wire/views.ts';

/** How far a round is. */
export interface PetProgress {
  /** Number of the round, from 1 on. */
  readonly round: number;
  /** What is collected now. */
  readonly phase: 'sum' | 'update' | 'sum2';
  /** Messages of the phase that were accepted. */
  readonly accepted: number;
  /** Messages of the phase that were refused, for whatever reason. */
  readonly rejected: number;
  /** Messages that were refused because the phase had its most messages. */
  readonly discarded: number;
  /** Whether the phase can be closed. */
  readonly enough: boolean;
  /** Whether the phase takes no more. */
  readonly full: boolean;
}

/** What follows a phase that was closed. */
export interface ClosedPhase {
  /** The round that goes on or begins. */
  readonly round: number;
  /** The phase that begins. */
  readonly phase: 'sum' | 'update' | 'sum2';
  /** The weighted mean of the round that is over; null if a round goes on or has failed. */
  readonly model: Model | null;
  /** Why the round has failed; null if it has not. */
  readonly error: PetError | null;
}

/**
 * The coordinator of round after round. In each it collects the ephemeral keys of sum participants, then masked models with the seeds of their
 * masks, then sums of the masks, and subtracts the one that most sum participants sent.
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
export class PetCoordinator {
  readonly #settings: CoordinatorSettings;
  readonly #assemblies = new Map<string, Assembly>();
  #state: RoundState;
  #opener: MessageOpener;

  private constructor(settings: CoordinatorSettings, state: RoundState) {
    this.#settings = settings;
    this.#state = state;
    this.#opener = new MessageOpener(state);
  }

  /** A coordinator at the beginning of its first round. @throws TypeError, RangeError that name the option. */
  static async create(options: PetCoordinatorOptions): Promise<PetCoordinator> {
    const settings = checkSettings(options);
    return new PetCoordinator(settings, await newRound(settings, { round: 1, seed: settings.random(32) }));
  }

  /**
   * A coordinator in the middle of a round. Parts of messages that were not complete are lost.
   *
   * @param state what {@link PetCoordinator.serializeState} gave.
   * @param options the same as before.
   * @throws StateError if the text is no state, or one of rounds with other models.
   */
  static async recoverState(state: string, options: PetCoordinatorOptions): Promise<PetCoordinator> {
    const settings = checkSettings(options);
    const round = coordinatorDocument.parse(state);
    const { total, sums, seeds } = round;
    const isSame = isSamePair(total.config, settings.config) && total.length === settings.modelLength;
    if (!equalBytes(await publicKeyOf(round.secretKey), round.publicKey)) throw new StateError('state: expected a key pair');
    if (!isSame || [...seeds.values()].some(({ length }) => length !== sums.size)) {
      throw new StateError(
        'state: expected the configurations and the length of the options, and a seed for each sum participant',
      );
    }
    return new PetCoordinator(settings, round);
  }

  /** The parameters of the round, for all participants: 136 bytes, as xaynet's path `params` gives them. */
  parameters(): Uint8Array {
    return encodeParameters(this.#parameters());
  }

  /** The sum participants, for update participants, as xaynet's path `sums` gives them; null before the update phase. */
  sums(): Uint8Array | null {
    return this.#state.phase === 'sum' ? null : encodeSums(this.#state.sums);
  }

  /**
   * The seeds that are sealed for a sum participant, as xaynet's path `seeds` gives them.
   *
   * @param participantKey Ed25519 public key, 32 bytes.
   * @returns null before the sum2 phase, and for whoever is no sum participant of the round.
   */
  seeds(participantKey: Uint8Array): Uint8Array | null {
    const { phase, sums, seeds } = this.#state;
    const index = [...sums.keys()].indexOf(hex(checkBytes(participantKey, 'participantKey')));
    if (phase !== 'sum2' || index === -1) return null;
    return encodeSeeds(new Map(Array.from(seeds, ([participant, sealed]) => [participant, sealed[index] ?? new Uint8Array()])));
  }

  /** How far the round is. */
  progress(): PetProgress {
    const { round, phase, counts } = this.#state;
    const { min, max } = this.#count;
    return { round, phase, ...counts, enough: counts.accepted >= min, full: counts.accepted >= max };
  }

  /**
   * Takes a message of a participant.
   *
   * @returns 'accepted', or 'incomplete' if other parts of it are missing.
   * @throws PetError ERR_SECAGG_PET_FULL if the phase has its most messages, or the parts of messages their most bytes; DecodeError for what is no
   *   message of this phase or too long for one; PetError or AuthenticationError for a message that does not belong here. The round is as it was.
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
    const { phase } = state;
    this.#requireRoom();
    const most = this.#mostPayloadBytes() + MESSAGE_OVERHEAD + PART_HEADER_BYTES;
    if (bytes.length > most) throw new DecodeError(`message: expected at most ${most} bytes, got ${bytes.length}`);
    const opened = await this.#opener.open(bytes, phase);
    this.#requireSamePhase(state, phase);
    const message = opened.isPart ? this.#assembled(opened) : opened;
    if (message === null) return 'incomplete';
    const apply = await readPayload(message, this.#parameters());
    // Others were heard meanwhile.
    this.#requireSamePhase(state, phase);
    this.#requireRoom();
    apply(state);
    state.counts.accepted++;
    return 'accepted';
  }

  /** The whole message; null if parts of it are missing. A participant has one message in parts at a time. */
  #assembled(message: Message): Message | null {
    const participant = hex(message.participantKey);
    const part = decodePart(message.payload);
    const before = this.#assemblies.get(participant);
    const assembly = before?.messageId === part.messageId ? before : new Assembly(part.messageId, this.#mostPayloadBytes());
    let pending = part.data.length;
    for (const [other, { bytes }] of this.#assemblies) if (other !== participant || assembly === before) pending += bytes;
    if (pending > this.#settings.maxPendingBytes)
      throw new PetError('ERR_SECAGG_PET_FULL', 'message: too many others are incomplete');
    const payload = assembly.add(part);
    if (payload === null) {
      this.#assemblies.set(participant, assembly);
      return null;
    }
    this.#assemblies.delete(participant);
    return { ...message, isPart: false, payload };
  }

  /**
   * Ends the phase. After the sum2 phase it unmasks the sum of the models, and the next round begins, whether that was possible or not.
   *
   * @throws PetError ERR_SECAGG_PET_TOO_FEW if the phase has not enough messages; it goes on.
   */
  async close(): Promise<ClosedPhase> {
    const { phase, counts, round } = this.#state;
    const { min } = this.#count;
    if (counts.accepted < min) {
      throw new PetError('ERR_SECAGG_PET_TOO_FEW', `${phase} phase: expected at least ${min} messages, got ${counts.accepted}`);
    }
    this.#assemblies.clear();
    if (phase === 'sum2') return this.#end();
    const next = phase === 'sum' ? 'update' : 'sum2';
    this.#state.phase = next;
    this.#state.counts = noMessages();
    return { round, phase: next, model: null, error: null };
  }

  /** Gives the round up, for example because too few participants came in time, and begins the next one. */
  async abandon(): Promise<void> {
    const { round, seed } = this.#state;
    const next = await newRound(this.#settings, { round: round + 1, seed });
    this.#assemblies.clear();
    this.#state.secretKey.fill(0);
    this.#state = next;
    this.#opener = new MessageOpener(next);
  }

  async #end(): Promise<ClosedPhase> {
    const { total, seeds, votes } = this.#state;
    let model: Model | null = null;
    let error: PetError | null = null;
    try {
      model = meanOf({ total, count: seeds.size }, mostVoted(votes));
    } catch (thrown) {
      if (!(thrown instanceof PetError)) throw thrown;
      error = thrown;
    }
    await this.abandon();
    const { round, phase } = this.#state;
    return { round, phase, model, error };
  }

  /** The round as JSON. CONTAINS A SECRET: the key that opens the messages of this round. */
  serializeState(): string {
    return coordinatorDocument.serialize(this.#state);
  }

  get #count(): MessageCount {
    return this.#settings.counts[this.#state.phase];
  }

  #parameters(): RoundParameters {
    const { sumProbability, updateProbability, config, modelLength } = this.#settings;
    const { publicKey, seed } = this.#state;
    return { coordinatorKey: publicKey, sumProbability, updateProbability, seed, config, modelLength };
  }

  /** What the largest payload takes that may come now. */
  #mostPayloadBytes(): number {
    const { config, modelLength } = this.#settings;
    const object = 12 + modelLength * groupOf(config.vect).bytes + groupOf(config.unit).bytes;
    if (this.#state.phase === 'sum') return 96;
    return this.#state.phase === 'sum2' ? 64 + object : 132 + object + 112 * this.#state.sums.size;
  }

  #requireRoom(): void {
    const { phase, counts } = this.#state;
    const { max } = this.#count;
    if (counts.accepted >= max) throw new PetError('ERR_SECAGG_PET_FULL', `${phase} phase: it has its ${max} messages`);
  }

  #requireSamePhase(state: RoundState, phase: Tag): void {
    if (this.#state !== state || state.phase !== phase) {
      throw new PetError('ERR_SECAGG_PET_PHASE', `message: the ${phase} phase was closed meanwhile`);
    }
  }
}

inspectAs(PetCoordinator.prototype, (coordinator) => `PetCoordinator in round ${coordinator.progress().round}`);

function noMessages(): MessageCounts {
  return { accepted: 0, rejected: 0, discarded: 0 };
}

/**
 * A round with a fresh key. Its seed is SHA-256 of a signature over the last one, which nobody can foresee who has not the key.
 * [xaynet-server 0.2.0] src/state_machine/phases/idle.rs.
 */
async function newRound(
  { random, config, modelLength, sumProbability, updateProbability }: CoordinatorSettings,
  last: { readonly round: number; readonly seed: Uint8Array },
): Promise<RoundState> {
  const keys = await generateKeyPair(random);
  const probabilities = new Uint8Array(16);
  new DataView(probabilities.buffer).setFloat64(0, sumProbability, true);
  new DataView(probabilities.buffer).setFloat64(8, updateProbability, true);
  return {
    round: last.round,
    phase: 'sum',
    ...keys,
    seed: platform.sha256([await sign(keys.secretKey, concat([last.seed, probabilities]))]),
    counts: noMessages(),
    sums: new Map(),
    seeds: new Map(),
    total: MaskObject.zero(config, modelLength),
    votes: [],
    voters: [],
  };
}

/** The mask that more sum participants sent than any other one. @throws PetError ERR_SECAGG_PET_MASKS if two are first. */
function mostVoted(votes: RoundState['votes']): MaskObject {
  const most = Math.max(...votes.map((vote) => vote.votes));
  const [first, ...others] = votes.filter((vote) => vote.votes === most);
  if (first === undefined || others.length > 0) {
    throw new PetError('ERR_SECAGG_PET_MASKS', 'sum2 phase: as many sum participants sent one mask as another one');
  }
  return first.mask;
}
