// A participant that runs by itself: it checks in, loads its input, takes part in the session, and remembers what it has sent.
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { systemRandom } from '../crypto/random.ts';
import { copyOf } from '../leaves/bytes.ts';
import { checkBytes, checkNames, checkString, kindOf } from '../leaves/checks.ts';
import { checkListener, emit, type Listener } from '../leaves/events.ts';
import { userId } from '../leaves/ids.ts';
import { inspectAs } from '../leaves/inspect.ts';
import { DIGEST_BYTES } from '../leaves/sizes.ts';
import { messageSizes } from '../wire/message-sizes.ts';
import { CERTIFICATE_BYTES } from '../service/certificate.ts';
import { secondsOf, type Clock } from '../service/clock.ts';
import type { Exchange } from '../service/exchange.ts';
import { checkKeypair, type Keypair } from '../service/keypair.ts';
import type { SeedSource } from '../service/seeds.ts';
import { ServiceError } from '../service/service-error.ts';
import { mostEnrolled, Task } from '../service/task.ts';
import type { AgentStore } from '../participation/state-store.ts';
import { Stepper, type Transition } from '../participation/stepper.ts';
import { AgentMemory } from './agent-memory.ts';
import { certificateSource } from './certificate-source.ts';
import { Connection } from './connection.ts';
import type { AgentContext } from './context.ts';
import type { AgentEvent } from './events.ts';
import { checkFloors, requireTask, type Floors } from './floors.ts';
import type { FetchPayload, InputStore } from './inputs.ts';
import type { VerifyKeys } from './verify-keys.ts';
import { playRound } from './session-step.ts';
import { awaitOutcome, awaitRoster, checkIn, leaveRun, prepare } from './steps.ts';
import { Superseded } from './superseded.ts';

/** What an agent is made with. */
export interface AgentOptions {
  /** What the participant has agreed to take part in. */
  readonly task: Task;
  /** The participant's id, an integer in [0, 2^53). */
  readonly id: number;
  /** The participant's key pair. */
  readonly keypair: Keypair;
  /** Its certificate, or what gets the one that is valid now from the registrar. */
  readonly certificate: Uint8Array | (() => Promise<Uint8Array>);
  /** Carries requests to the coordinator. */
  readonly exchange: Exchange;
  /** Where inputs come from. */
  readonly inputs: InputStore;
  /** What the participant asks of every run. */
  readonly floors: Floors;
  /** Where the state is kept. */
  readonly store: AgentStore;
  /** 32 bytes that seal the state. */
  readonly storeKey: Uint8Array;
  /** The data source that the inputs are of; default: the only one, whose name is empty. */
  readonly source?: string;
  /** Gets payloads; needed if runs have any. */
  readonly fetchPayload?: FetchPayload;
  /** Where the seeds of draws come from, which is not the coordinator; needed if the task has cohorts. */
  readonly seeds?: SeedSource;
  /**
   * Looks at the keys of every session, beside the registrar's signatures: for example whether a log of keys, which others watch, has
   * them. Default: the registrar's word is enough.
   */
  readonly verifyKeys?: VerifyKeys;
  /** Whether the participant may begin with a run now, for example by battery and network; default: always. */
  readonly isEligible?: () => boolean | Promise<boolean>;
  /** Hears what happens. */
  readonly listener?: Listener<AgentEvent>;
  /** Time of day; default `Date.now`. */
  readonly clock?: Clock;
}

const OPTION_NAMES: readonly (keyof AgentOptions)[] = [
  ...(['task', 'id', 'keypair', 'certificate', 'exchange', 'inputs', 'floors', 'store', 'storeKey'] as const),
  ...(['source', 'fetchPayload', 'seeds', 'verifyKeys', 'isEligible', 'listener', 'clock'] as const),
];

/** Where an agent stands. */
export interface AgentProgress {
  /**
   * `'idle'`: it waits for a run. `'preparing'`: it was selected, and loads its input. `'enrolled'`: it waits for the draw of the cohorts.
   * `'session'`: it is in the five rounds. `'awaiting'`: it has done its part, or is out of an attempt, and waits for the end of the run.
   */
  readonly phase: 'idle' | 'preparing' | 'enrolled' | 'session' | 'awaiting';
  /** Number of the present run; else null. */
  readonly run: number | null;
  /** Number of the attempt that it is or was in; null before the first. */
  readonly attempt: number | null;
  /** How many inputs it has sent. */
  readonly participations: number;
  /** Whether it has stopped because a newer state exists. */
  readonly superseded: boolean;
}

/**
 * A participant of a task. Call {@link run}, or {@link transition} again and again: each call does one bounded step.
 *
 * The coordinator is not trusted: what it says, chooses or repeats costs the participant time at most. An input is sent once, ever.
 *
 * @example
 * ```js
 * import { Agent } from 'secagg/agent';
 *
 * try {
 *   new Agent({ flors: {} });
 * } catch (error) {
 *   console.log(error.message); // prints: options: unknown option 'flors'; did you mean 'floors'?
 * }
 * ```
 */
export class Agent {
  readonly #context: AgentContext;
  readonly #stepper: Stepper;
  #isSuperseded = false;

  static {
    inspectAs(this.prototype, (agent) => `Agent { id: ${agent.id} }`);
  }

  /**
   * @throws TypeError, RangeError that name the option; ServiceError ERR_SECAGG_FLOOR if the task is below the floors.
   */
  constructor(options: AgentOptions) {
    checkNames(options, 'options', OPTION_NAMES);
    const { task, certificate, exchange, inputs, store } = options;
    if (!(task instanceof Task)) throw new TypeError(`options.task: expected a Task, got ${kindOf(task)}`);
    if (typeof exchange !== 'function') throw new TypeError(`options.exchange: expected a function, got ${kindOf(exchange)}`);
    const floors = checkFloors(options.floors);
    requireTask(floors, task);
    const id = userId(options.id, 'options.id');
    const keypair = checkKeypair(options.keypair, 'options.keypair');
    const storeKey = copyOf(checkBytes(options.storeKey, 'options.storeKey'));
    if (storeKey.length !== 32) throw new RangeError(`options.storeKey: expected 32 bytes, got ${storeKey.length}`);
    const listener = checkListener(options.listener);
    const clock = options.clock ?? Date.now;
    const random = systemRandom;
    const memory = new AgentMemory(store, { key: storeKey, task: task.digest, id }, random);
    const ownCertificate = certificateSource(certificate);
    const connection = new Connection({
      exchange,
      coordinator: floors.keys.coordinator,
      task: task.digest,
      keypair,
      certificate: ownCertificate,
      nextSequence: () => memory.nextSequence(),
      onEcho: async (sequence) => {
        if (!(await memory.knows(sequence))) throw this.#supersede();
      },
    });
    const context: AgentContext = {
      ...{ task, id, keypair, floors, inputs, memory, connection, random },
      source: checkString(options.source ?? '', 'options.source', { most: 100 }),
      fetchPayload: options.fetchPayload ?? noPayloads,
      seeds: checkSeeds(options.seeds, task),
      verifyKeys: checkVerifyKeys(options.verifyKeys),
      isEligible: options.isEligible ?? ((): boolean => true),
      longestMessage: longestMessage(task),
      now: () => secondsOf(clock),
      tell: (event) => emit(listener, event),
      payload: null,
      loaded: null,
      user: null,
      release(): void {
        context.payload = null;
        context.loaded = null;
        context.user = null;
      },
    };
    this.#context = context;
    this.#stepper = new Stepper({
      async refresh() {
        if (await memory.refresh()) context.release();
      },
      release: () => context.release(),
      failed: (error, retryIn) => context.tell({ type: 'step-failed', error, retryIn }),
      random,
    });
  }

  /** The participant's id. */
  get id(): number {
    return this.#context.id;
  }

  #supersede(): Superseded {
    this.#isSuperseded = true;
    this.#context.release();
    this.#context.tell({ type: 'superseded' });
    return new Superseded();
  }

  /**
   * Does one step: at most one exchange that changes anything.
   *
   * @param options its `signal` calls the step off.
   * @returns `'complete'` if something has changed, so that the next step may follow at once; `'pending'` if there is nothing to do for
   * `wait` milliseconds.
   * @throws what `exchange`, the input store or the state store throw, and ServiceError, DecodeError for what the coordinator should
   * not have said: the state is as it was, and the step may be tried again. UsageError ERR_SECAGG_BUSY while a step is being done;
   * ERR_SECAGG_USAGE once the agent was superseded.
   */
  async transition(options: { readonly signal?: PlatformSignal } = {}): Promise<Transition> {
    return this.#alone(() => this.#step(options.signal));
  }

  async #alone(step: () => Promise<Transition>): Promise<Transition> {
    if (this.#isSuperseded) throw new Superseded();
    return this.#stepper.take(step);
  }

  async #step(signal: PlatformSignal | undefined): Promise<Transition> {
    const context = this.#context;
    const { work } = context.memory.state;
    switch (work.phase) {
      case 'idle':
        return checkIn(context, signal);
      case 'preparing':
        return prepare(context, work, signal);
      case 'enrolled':
        return awaitRoster(context, work, signal);
      case 'session':
        return playRound(context, work, signal);
      case 'awaiting':
        return awaitOutcome(context, work, signal);
    }
  }

  /** What the agent is doing, as far as it has read its state. */
  progress(): AgentProgress {
    const { work, history } = this.#context.memory.state;
    return {
      phase: work.phase,
      run: work.phase === 'idle' ? null : work.run,
      attempt: work.phase === 'idle' || work.attempt === 0 ? null : work.attempt,
      participations: history.participations,
      superseded: this.#isSuperseded,
    };
  }

  /**
   * Leaves the present run, if there is one. What was sent cannot be taken back: after the answer of round 2 the input may be in the sum.
   *
   * @throws as {@link transition}.
   */
  async leave(options: { readonly signal?: PlatformSignal } = {}): Promise<void> {
    await this.#alone(() => leaveRun(this.#context, options.signal));
  }

  /**
   * Takes part in run after run, until the signal is aborted or the agent is superseded. Errors of a step are told to the listener, and
   * the step is tried again, later and later.
   *
   * In a browser, one tab at a time does so (Web Locks), and a page that was hidden or frozen looks at once whether another one has gone on.
   */
  async run({ signal }: { readonly signal: PlatformSignal }): Promise<void> {
    const { task, id } = this.#context;
    await this.#stepper.run({
      name: `secagg-agent/${task.id}/${id}`,
      signal,
      transition: () => this.transition({ signal }),
      isOver: () => this.#isSuperseded,
    });
  }
}

function checkSeeds(seeds: SeedSource | undefined, { definition }: Task): SeedSource | null {
  if (seeds === undefined && definition.group.cohorts === null) return null;
  if (typeof seeds !== 'function') throw new TypeError(`options.seeds: expected a function, got ${kindOf(seeds)}`);
  return seeds;
}

function checkVerifyKeys(verifyKeys: VerifyKeys | undefined): VerifyKeys {
  if (verifyKeys === undefined) return (): Promise<boolean> => Promise.resolve(true);
  if (typeof verifyKeys === 'function') return verifyKeys;
  throw new TypeError(`options.verifyKeys: expected a function, got ${kindOf(verifyKeys)}`);
}

function noPayloads(): Promise<never> {
  const message = 'this run has a payload, and the agent has no fetchPayload';
  return Promise.reject(new ServiceError('ERR_SECAGG_ANNOUNCEMENT', message));
}

/** Bytes of the longest message of the coordinator: of a round, the roster, or who is enrolled. */
function longestMessage(task: Task): number {
  const { vecLen, options } = task.shape;
  const { maxUsers, bits, graph = 'complete' } = options;
  const { rounds } = messageSizes({ users: maxUsers, vecLen, bits, graph });
  const certificates = maxUsers * (4 + CERTIFICATE_BYTES);
  // A proof has at most one digest for each certificate and level of the hash tree.
  const shown = graph === 'complete' ? certificates : (graph.neighbors + 1) * (4 + CERTIFICATE_BYTES + 20 * DIGEST_BYTES);
  const roster = 8 + shown + 1000 + 8_000_000;
  const enrolment = 12 + 8 * mostEnrolled(task.definition);
  return Math.max(roster, enrolment, ...rounds.map(({ down }) => down + 16 * maxUsers));
}
