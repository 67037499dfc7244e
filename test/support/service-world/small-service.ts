// A small service whose time the test moves, for tests of one thing at a time: nothing happens unless the test says so.
import { Agent } from '../../../src/agent/agent.ts';
import type { AgentOptions } from '../../../src/agent/options.ts';
import type { AgentEvent } from '../../../src/agent/events.ts';
import type { Transition } from '../../../src/participation/stepper.ts';
import { Coordinator, type CoordinatorOptions } from '../../../src/coordinator/index.ts';
import type { CoordinatorEvent } from '../../../src/coordinator/events.ts';
import type { FinishedRun, Outcome } from '../../../src/coordinator/outcome.ts';
import { MemoryCoordinatorStore } from '../../../src/coordinator/memory-store.ts';
import type { RunKey } from '../../../src/coordinator/run-record.ts';
import { MemorySessionHost } from '../../../src/coordinator/session-host.ts';
import { registrarSeeds, type SeedSource } from '../../../src/service/seeds.ts';
import type { RunToAnnounce } from '../../../src/service/publisher.ts';
import type { TaskDefinition } from '../../../src/service/task.ts';
import { workDone } from '../service.ts';
import { DeviceStore } from './device.ts';
import { BEGIN, floorsFor, partiesFor, type Parties, type Person } from './parties.ts';
import { STORE_KEY } from './watch.ts';

/** A participant's agent, with what it has told. */
export interface Participant {
  readonly agent: Agent;
  readonly person: Person;
  readonly store: DeviceStore;
  readonly events: AgentEvent[];
}

export interface SmallOptions {
  readonly users?: number;
  /** Participants in all; default: as many as a session takes. */
  readonly people?: number;
  readonly definition?: Partial<TaskDefinition>;
}

export class SmallService {
  /** Milliseconds since the beginning. */
  now = 0;
  readonly parties: Parties;
  readonly store: MemoryCoordinatorStore;
  readonly host: MemorySessionHost;
  readonly secret: Uint8Array = new Uint8Array(32).fill(3);
  readonly events: CoordinatorEvent[] = [];
  coordinator: Coordinator;
  #runs = 0;

  readonly seeds: SeedSource;

  private constructor(parties: Parties, clock: { now: number }) {
    this.parties = parties;
    const { registrar } = parties;
    this.seeds = registrarSeeds({ authority: registrar.authority, fetch: (time) => registrar.seed(time) });
    this.store = new MemoryCoordinatorStore(() => this.now);
    this.host = new MemorySessionHost();
    this.coordinator = this.process();
    this.#clock = clock;
  }

  readonly #clock: { now: number };

  static async open(options: SmallOptions = {}): Promise<SmallService> {
    const clock = { now: 0 };
    const parties = await partiesFor(options.users ?? 4, () => BEGIN + clock.now, options.definition, options.people);
    const service = new SmallService(parties, clock);
    await service.giveList(service.coordinator);
    return service;
  }

  /** Another process of the same coordinator. */
  process(options: Partial<CoordinatorOptions> = {}): Coordinator {
    return new Coordinator({
      keypair: this.parties.coordinator,
      tasks: [this.parties.task],
      secret: this.secret,
      store: options.store ?? this.store,
      host: options.host ?? this.host,
      seeds: options.seeds ?? this.seeds,
      clock: this.timeOfDay,
      listener: (event) => this.events.push(event),
      ...(options.maxUploadBytes === undefined ? {} : { maxUploadBytes: options.maxUploadBytes }),
    });
  }

  readonly timeOfDay = (): number => BEGIN + this.now;

  async giveList(coordinator: Coordinator): Promise<void> {
    await coordinator.setRevocationList(await this.parties.registrar.revocationList());
  }

  announce(run: Partial<RunToAnnounce> = {}): Promise<Uint8Array> {
    const { publisher, task } = this.parties;
    this.#runs = run.run ?? this.#runs + 1;
    return publisher.announce({ task, run: this.#runs, expires: new Date(this.timeOfDay() + 86_400_000), ...run });
  }

  async openRun(run: Partial<RunToAnnounce> = {}): Promise<RunKey> {
    return this.coordinator.openRun(await this.announce(run));
  }

  participant(person: Person, options: Partial<AgentOptions> = {}, store: DeviceStore = new DeviceStore()): Participant {
    const events: AgentEvent[] = [];
    const agent = new Agent({
      task: this.parties.task,
      id: person.id,
      keypair: person.keypair,
      certificate: person.certificate,
      floors: floorsFor(this.parties),
      exchange: (request) => this.coordinator.answer(request),
      inputs: { load: ({ run }) => Promise.resolve({ id: `input ${run}`, data: [person.id, run, -person.id] }) },
      store,
      storeKey: STORE_KEY,
      seeds: this.seeds,
      clock: this.timeOfDay,
      listener: (event) => events.push(event),
      ...options,
    });
    return { agent, person, store, events };
  }

  everybody(): Participant[] {
    return this.parties.people.map((person) => this.participant(person));
  }

  /** Time passes, in steps that service time takes as they are. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    while (this.now < end) {
      this.now = Math.min(this.now + 1000, end);
      this.#clock.now = this.now;
      await this.coordinator.tick();
    }
  }

  /**
   * All take their steps in turn, each one until it has nothing to do, and the coordinator does what follows from them. Time passes between
   * the turns, until `isDone`.
   *
   * @throws Error if that takes too long.
   */
  async play(participants: readonly Pick<Participant, 'agent'>[], isDone: () => boolean | Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 400; turn++) {
      for (const { agent } of participants) {
        if (await isDone()) return;
        await untilPending(agent);
        await workDone(this.coordinator);
      }
      if (await isDone()) return;
      await this.pass(1000);
    }
    throw new Error('the service does not get there');
  }

  /** All play until a run is over. @returns how it has ended. */
  async end(run: RunKey, participants: readonly Participant[] = this.everybody()): Promise<Outcome> {
    await this.play(participants, async () => (await this.coordinator.outcome(run)) !== null);
    return (await this.coordinator.outcome(run))!;
  }

  /** All play until the first run has its result. @throws Error if it has none. */
  async finish(participants: readonly Participant[]): Promise<FinishedRun> {
    const outcome = await this.end({ task: this.parties.task.id, run: 1 }, participants);
    if (outcome.kind !== 'finished') throw new Error(outcome.code);
    return outcome;
  }
}

/** Steps of an agent until it has nothing to do. */
export async function untilPending(agent: Agent): Promise<Extract<Transition, { readonly status: 'pending' }>> {
  for (let step = 0; step < 60; step++) {
    const transition = await agent.transition();
    if (transition.status === 'pending') return transition;
  }
  throw new Error('the agent turns in circles');
}
