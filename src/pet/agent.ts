// A participant of PET that runs by itself, and writes down what it sends before it sends it.
import { LABELS } from '../crypto/labels.ts';
import { concat, copyOf, hex, secretCopyOf } from '../leaves/bytes.ts';
import { checkBytes, checkInteger, checkNames } from '../leaves/checks.ts';
import { checkListener, emit, type Listener } from '../leaves/events.ts';
import { inspectAs } from '../leaves/inspect.ts';
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { endingIn, signalIn } from '../leaves/signals.ts';
import { Conflict, SealedStore } from '../participation/sealed-store.ts';
import type { AgentStore } from '../participation/state-store.ts';
import { COMPLETE, Stepper, type Transition } from '../participation/stepper.ts';
import type { Task } from './parameters.ts';
import { PARTICIPANT_OPTIONS, participantContext, type ParticipantContext } from './participant-context.ts';
import { isBegunAgain, isOnlyNextPart, nextMemory, parseMemory, serializeMemory, taskOf } from './participant-memory.ts';
import type { PetAgentEvent } from './participant-events.ts';
import type { CallOptions, PetParticipantOptions } from './participant-options.ts';
import { UnfitModel } from './participant-steps.ts';
import { NO_MEMORY, type ParticipantMemory } from './participant-state.ts';

/** What a participant that runs by itself is made with. */
export interface PetAgentOptions extends Omit<PetParticipantOptions, 'listener'> {
  /** Where the state is kept: a store of `secagg/agent`, or any other one. */
  readonly store: AgentStore;
  /** 32 bytes that seal the state. */
  readonly storeKey: Uint8Array;
  /** Milliseconds between two questions while there is nothing to do, on average. Default: 5000. */
  readonly pollInterval?: number;
  /** Hears what happens. Without a listener, the event `model-refused` is written to the console. */
  readonly listener?: Listener<PetAgentEvent>;
}

/** Where a participant stands. */
export interface PetAgentProgress {
  /**
   * `'awaiting'`: it waits for the next round. `'update'`: it waits for the sum participants, or for the application's model. `'sending'`: a
   * message is on its way. `'sum2'`: it waits for the seeds.
   */
  readonly phase: 'awaiting' | 'update' | 'sending' | 'sum2';
  /** The task in the present round; null if there is none, or if it is done. */
  readonly task: Task | null;
}

const OPTIONS: readonly (keyof PetAgentOptions)[] = [...PARTICIPANT_OPTIONS, 'store', 'storeKey', 'pollInterval'];
const DEFAULT_POLL = 5000;
const LONGEST_POLL = 86_400_000;

/**
 * A participant of the PET protocol that runs by itself, as `Agent` of `secagg/agent` does in the other protocol: call {@link run}, or
 * {@link transition} again and again.
 *
 * A round gets one input of it: the masked message is in the store before any byte of it leaves. After a crash, the stored message is sent again,
 * and never another one of a changed model or with another mask. Whoever puts an older copy of the store in its place takes that away,
 * and so does whoever uses one signing key with two stores.
 *
 * @example
 * ```js
 * import { genKeypair } from 'secagg';
 * import { MemoryAgentStore } from 'secagg/agent';
 * import { PetAgent, PetCoordinator } from 'secagg/pet';
 *
 * const one = { groupType: 'Prime', dataType: 'F32', boundType: 'B0', modelType: 'M3' };
 * const settings = { sumProbability: 0.1, updateProbability: 0.9, config: { vect: one, unit: one }, modelLength: 2 };
 * const coordinator = await PetCoordinator.create(settings);
 * const agent = new PetAgent({
 *   signSecretKey: genKeypair()[1],
 *   client: {
 *     parameters: async () => coordinator.parameters(),
 *     sums: async () => coordinator.sums(),
 *     seeds: async (participantKey) => coordinator.seeds(participantKey),
 *     send: (message) => coordinator.receive(message),
 *   },
 *   models: { load: async () => ({ model: Float32Array.of(0.25, -0.5) }) },
 *   store: new MemoryAgentStore(),
 *   storeKey: crypto.getRandomValues(new Uint8Array(32)),
 * });
 * console.log(agent.progress()); // prints: { phase: 'awaiting', task: null }
 * console.log(await agent.transition()); // prints: { status: 'complete' }
 * ```
 */
export class PetAgent {
  readonly #context: ParticipantContext;
  readonly #store: SealedStore;
  readonly #stepper: Stepper;
  readonly #pollInterval: number;
  readonly #listener: Listener<PetAgentEvent>;
  #memory: ParticipantMemory = NO_MEMORY;

  /** @throws TypeError, RangeError that name the option. */
  constructor(options: PetAgentOptions) {
    checkNames(options, 'options', OPTIONS);
    const { listener: given, pollInterval = DEFAULT_POLL, store, storeKey, ...own } = options;
    const listener = checkListener(given ?? writeMistakes);
    this.#listener = listener;
    this.#context = participantContext({ ...own, listener });
    const { publicKey, random } = this.#context;
    const key = secretCopyOf(checkBytes(storeKey, 'options.storeKey'));
    if (key.length !== 32) throw new RangeError(`options.storeKey: expected 32 bytes, got ${key.length}`);
    this.#pollInterval = checkInteger(pollInterval, 'options.pollInterval', 1, LONGEST_POLL);
    this.#store = new SealedStore(store, { key, owner: concat([LABELS.petStateSeal, publicKey]) }, random);
    this.#stepper = new Stepper({
      refresh: async () => {
        if (await this.#store.hasChanged()) await this.#reload();
      },
      release: () => undefined,
      failed: (error, retryIn) => emit(listener, { type: 'step-failed', error, retryIn }),
      random,
    });
  }

  /** Ed25519 public key, 32 bytes. */
  get publicKey(): Uint8Array {
    return copyOf(this.#context.publicKey);
  }

  /** What the participant is doing, as far as it has read its state. */
  progress(): PetAgentProgress {
    const { state } = this.#memory;
    return { phase: state.phase, task: taskOf(state) };
  }

  /**
   * Does one step: learns of a new round, makes a message, or sends a part of one.
   *
   * @param options its `signal` is given to the client and the model store.
   * @returns `'complete'` if something has changed, so that the next step may follow at once; `'pending'` if there is nothing to do for
   * `wait` milliseconds.
   * @throws UsageError ERR_SECAGG_BUSY while a step is being done; StateError if the stored state does not open; DecodeError or PetError if what
   * the coordinator shows cannot be used; what the client or a store throws. The state is as it was then.
   */
  async transition(options: CallOptions = {}): Promise<Transition> {
    const signal = signalIn(options);
    return this.#stepper.take(() => this.#step(signal === undefined ? {} : { signal }));
  }

  async #step(call: CallOptions): Promise<Transition> {
    const next = await this.#next(call);
    if (next === null) return { status: 'pending', wait: this.#wait() };
    const before = this.#memory;
    if (!isOnlyNextPart(before, next)) await this.#replace(next);
    this.#memory = next;
    return isBegunAgain(before, next) ? { status: 'pending', wait: this.#wait() } : COMPLETE;
  }

  async #next(call: CallOptions): Promise<ParticipantMemory | null> {
    try {
      return await nextMemory(this.#memory, { ...this.#context, call });
    } catch (error) {
      if (!(error instanceof UnfitModel)) throw error;
      const { state, spoken } = this.#memory;
      emit(this.#listener, { type: 'model-refused', error: error.cause });
      return { state: { phase: 'awaiting', parameters: state.parameters }, spoken };
    }
  }

  async #replace(next: ParticipantMemory): Promise<void> {
    if (await this.#store.replace(serializeMemory(next, this.#context.publicKey))) return;
    await this.#reload();
    throw new Conflict('the state was changed by somebody else');
  }

  async #reload(): Promise<void> {
    this.#memory = (await this.#store.load((text) => parseMemory(text, this.#context.publicKey))) ?? NO_MEMORY;
  }

  /** Spread, so that participants that began together do not ask together. */
  #wait(): number {
    const [high = 0, low = 0] = this.#context.random(2);
    return this.#pollInterval * (0.5 + (256 * high + low) / 65_536);
  }

  /**
   * Takes part in round after round, until the signal is aborted. Errors of a step are told to the listener, and the step is tried again, later
   * and later.
   *
   * In a browser, one tab at a time does so (Web Locks), and a page that was hidden or frozen looks at once whether another one has gone on.
   */
  async run(options: { readonly signal: PlatformSignal }): Promise<void> {
    const signal = endingIn(options);
    const name = `secagg-pet/${hex(this.#context.publicKey)}`;
    await this.#stepper.run({ name, signal, transition: () => this.transition({ signal }) });
  }
}

inspectAs(PetAgent.prototype, (agent) => `PetAgent { task: ${agent.progress().task ?? 'none'} }`);

/** What the application must mend: it would go unnoticed, because the agent goes on with the next round. */
function writeMistakes(event: PetAgentEvent): void {
  if (event.type === 'model-refused') console.warn(`secagg: a model does not fit: ${event.error.message}`);
}
