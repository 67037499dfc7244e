// A participant that runs by itself: it checks in, loads its input, takes part in the session, and remembers what it has sent.
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { systemRandom } from '../crypto/random.ts';
import { secretCopyOf } from '../leaves/bytes.ts';
import { checkBytes, checkFunction, checkInteger, checkMethods, checkNames } from '../leaves/checks.ts';
import { checkListener, emit } from '../leaves/events.ts';
import { userId } from '../leaves/ids.ts';
import { endingIn, signalIn } from '../leaves/signals.ts';
import { inspectAs } from '../leaves/inspect.ts';
import { checkSource } from '../service/announcement.ts';
import { secondsOf } from '../service/clock.ts';
import { checkKeypair } from '../service/keypair.ts';
import { checkTask } from '../service/task.ts';
import { Stepper, type Transition } from '../participation/stepper.ts';
import { AgentMemory } from './agent-memory.ts';
import type { SelectedWork } from './agent-state.ts';
import { certificateSource } from './certificate-source.ts';
import { Connection } from './connection.ts';
import type { AgentContext } from './context.ts';
import { writeMistakes } from './console.ts';
import { checkFloors, requireTask } from './floors.ts';
import { checkSeeds, checkVerifyKeys, longestMessage, noPayloads, OPTION_NAMES, type AgentOptions } from './options.ts';
import { UnfitInput } from './inputs.ts';
import { playRound } from './session-step.ts';
import { awaitOutcome, awaitRoster, checkIn, leaveRun, prepare } from './steps.ts';
import { Superseded } from './superseded.ts';
import { refuseInput, tellLeaving } from './transitions.ts';

/** Where an agent stands. */
export interface AgentProgress {
  /**
   * `'idle'`: it waits for a run. `'preparing'`: it was selected, and loads its input. `'enrolled'`: it waits for the draw of the cohorts.
   * `'session'`: it is in the five rounds. `'awaiting'`: it has done its part, or is out of an attempt, and waits for the end of the run.
   * `'leaving'`: it takes no further part in the run or the attempt, and the coordinator is still to be told.
   */
  readonly phase: 'idle' | 'preparing' | 'enrolled' | 'session' | 'awaiting' | 'leaving';
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
 * The coordinator is not trusted: what it says, chooses or repeats costs the participant time, traffic, participations and privacy budget at
 * most. An input is sent once, as long as its store lives.
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
    const { certificate, exchange, inputs, store } = options;
    const task = checkTask(options.task, 'options.task');
    checkFunction(exchange, 'options.exchange');
    checkMethods(inputs, 'options.inputs', ['load']);
    checkMethods(store, 'options.store', ['load', 'replace']);
    const floors = checkFloors(options.floors);
    requireTask(floors, task);
    const id = userId(options.id, 'options.id');
    const keypair = checkKeypair(options.keypair, 'options.keypair');
    const storeKey = secretCopyOf(checkBytes(options.storeKey, 'options.storeKey'));
    if (storeKey.length !== 32) throw new RangeError(`options.storeKey: expected 32 bytes, got ${storeKey.length}`);
    const listener = checkListener(options.listener ?? writeMistakes);
    const clock = checkFunction(options.clock ?? Date.now, 'options.clock');
    const random = systemRandom;
    const source = checkSource(options.source ?? '', 'options.source');
    const clientVersion = checkInteger(options.clientVersion ?? 0, 'options.clientVersion', 0, 2 ** 32 - 1);
    const memory = new AgentMemory(store, { key: storeKey, task: task.digest, id, source }, random);
    const { registrar } = task.definition;
    const ownCertificate = certificateSource(certificate, { id, publicKey: keypair[0], registrar });
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
      ...{ task, id, source, clientVersion, keypair, floors, inputs, memory, connection, random },
      fetchPayload: checkFunction(options.fetchPayload ?? noPayloads, 'options.fetchPayload'),
      seeds: checkSeeds(options.seeds, task),
      verifyKeys: checkVerifyKeys(options.verifyKeys),
      isEligible: checkFunction(options.isEligible ?? ((): boolean => true), 'options.isEligible'),
      longestMessage: longestMessage(task),
      now: () => secondsOf(clock),
      tell: (event) => emit(listener, event),
      payload: null,
      loaded: null,
      user: null,
      release(): void {
        context.payload = null;
        context.loaded = null;
        context.releaseUser();
      },
      releaseUser(): void {
        context.user?.user.abandon();
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
    const signal = signalIn(options);
    return this.#alone(() => this.#step(signal));
  }

  async #alone(step: () => Promise<Transition>): Promise<Transition> {
    if (this.#isSuperseded) throw new Superseded();
    return this.#stepper.take(step);
  }

  async #step(signal: PlatformSignal | undefined): Promise<Transition> {
    const context = this.#context;
    const { work } = context.memory.state;
    if (work.phase === 'idle') return checkIn(context, signal);
    try {
      return await this.#stepInRun(work, signal);
    } catch (error) {
      if (!(error instanceof UnfitInput)) throw error;
      return refuseInput(context, work, error);
    }
  }

  async #stepInRun(work: SelectedWork, signal: PlatformSignal | undefined): Promise<Transition> {
    const context = this.#context;
    switch (work.phase) {
      case 'preparing':
        return prepare(context, work, signal);
      case 'enrolled':
        return awaitRoster(context, work, signal);
      case 'session':
        return playRound(context, work, signal);
      case 'awaiting':
        return awaitOutcome(context, work, signal);
      case 'leaving':
        return tellLeaving(context, work, signal);
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
   * @throws as {@link transition}. The run is left all the same; the coordinator is told in the next step.
   */
  async leave(options: { readonly signal?: PlatformSignal } = {}): Promise<void> {
    const signal = signalIn(options);
    await this.#alone(() => leaveRun(this.#context, signal));
  }

  /**
   * Takes part in run after run, until the signal is aborted or the agent is superseded. Errors of a step are told to the listener, and
   * the step is tried again, later and later.
   *
   * In a browser, one tab at a time does so (Web Locks), and a page that was hidden or frozen looks at once whether another one has gone on.
   */
  async run(options: { readonly signal: PlatformSignal }): Promise<void> {
    const signal = endingIn(options);
    const { task, id } = this.#context;
    await this.#stepper.run({
      name: `secagg-agent/${task.id}/${id}`,
      signal,
      transition: async () => {
        const transition = await this.transition({ signal });
        if (transition.status === 'pending') {
          this.#context.tell({ type: 'waiting', run: this.progress().run, wait: transition.wait });
        }
        return transition;
      },
      isOver: () => this.#isSuperseded,
    });
  }

  /**
   * {@link run} goes on at once, although it had nothing to do for a while: for an application that was told of a run, for example by a push
   * message.
   *
   * @example
   * ```js
   * import { developmentAgent } from 'secagg/agent';
   * import { developmentService } from 'secagg/coordinator';
   *
   * console.warn = () => {};
   * const aggregate = { kind: 'integers', vecLen: 1, bits: 16 };
   * const service = developmentService({ aggregate, threshold: 2, maxUsers: 2 });
   * let asked = 0;
   * const agent = await developmentAgent({
   *   id: 7,
   *   introduction: service.introduction,
   *   certify: (request) => service.certify(request),
   *   exchange: (request) => (asked++, service.coordinator.answer(request)),
   *   inputs: { load: () => Promise.resolve({ id: 'today', data: [1] }) },
   * });
   * const ending = new AbortController();
   * const running = agent.run(ending);
   * while (asked < 2) await new Promise((resolve) => setTimeout(resolve, 10)); // there is no run: it would wait for half a minute
   * agent.wake();
   * while (asked < 3) await new Promise((resolve) => setTimeout(resolve, 10));
   * ending.abort();
   * await running;
   * console.log(agent.progress().phase); // prints: idle
   * ```
   */
  wake(): void {
    this.#stepper.wake();
  }
}
