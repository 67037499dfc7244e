// A service on one clock that only the test moves, whose agents do one step after the other.
import { Agent, MemoryAgentStore, type AgentEvent, type AgentOptions } from '../../src/agent/index.ts';
import { Coordinator, MemoryCoordinatorStore, type FinishedRun, type Outcome } from '../../src/coordinator/index.ts';
import { genKeypair } from '../../src/index.ts';
import type { TaskDefinition } from '../../src/service/index.ts';
import { authorities, certified, clockAt, floorsFor, taskOf, workDone } from '../support/service.ts';

/** The payload of each run. */
export const content: Uint8Array = Uint8Array.of(3, 1, 4);

export class Service {
  readonly parties = authorities();
  readonly time = clockAt(0);
  readonly task;
  readonly coordinator;
  readonly events: AgentEvent[] = [];
  readonly others: Agent[] = [];

  constructor(definition: Partial<TaskDefinition> = {}) {
    this.task = taskOf(this.parties, definition);
    this.coordinator = new Coordinator({
      keypair: genKeypair(),
      tasks: [this.task],
      store: new MemoryCoordinatorStore(() => this.time.now),
      clock: () => this.parties.clock.now,
    });
  }

  async open(run = 1): Promise<void> {
    await this.coordinator.setRevocationList(await this.parties.registrar.revocationList());
    const expires = new Date(this.parties.clock.now + 86_400_000);
    const payload = { url: 'https://example.org/model', content };
    await this.coordinator.openRun(await this.parties.publisher.announce({ task: this.task, run, expires, payload }));
  }

  async agent(id: number, options: Partial<AgentOptions> = {}): Promise<Agent> {
    const { keypair, bytes } = await certified(this.parties.registrar, id);
    return new Agent({
      ...{ task: this.task, id, keypair, certificate: bytes },
      exchange: (request) => this.coordinator.answer(request),
      inputs: { load: ({ run }) => Promise.resolve({ id: `run ${run}`, data: [id, 1, 2, 3] }) },
      fetchPayload: () => Promise.resolve(content),
      floors: floorsFor(this.parties, this.coordinator.publicKey),
      store: new MemoryAgentStore(),
      storeKey: new Uint8Array(32).fill(9),
      clock: () => this.parties.clock.now,
      ...options,
    });
  }

  /** The agent under test hears into `events`. */
  async subject(options: Partial<AgentOptions> = {}): Promise<Agent> {
    for (const id of [1, 2, 3]) this.others.push(await this.agent(id));
    return this.agent(0, { listener: (event) => this.events.push(event), ...options });
  }

  /** Everybody steps until the run ends, or until `done`. */
  async play(subject: () => Agent, run = 1, done: () => boolean = () => false): Promise<Outcome | null> {
    const key = { task: this.task.id, run };
    for (let step = 0; step < 600 && !done(); step++) {
      for (const agent of [subject(), ...this.others]) await agent.transition().catch(() => undefined);
      await workDone(this.coordinator);
      this.time.now += 200;
      await this.coordinator.tick();
      const outcome = await this.coordinator.outcome(key);
      if (outcome !== null) return outcome;
    }
    return null;
  }

  types(): string[] {
    return this.events.map(({ type }) => type);
  }
}

/** Who is in the sum. */
export const included = (outcome: Outcome | null): readonly number[] => (outcome as FinishedRun).included;
