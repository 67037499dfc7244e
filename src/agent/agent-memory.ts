// The state of an agent that is running: the newest one, written down before anything that depends on it leaves.
import type { RandomSource } from '../crypto/random.ts';
import { FRESH, opened, sealed, type AgentSeal, type AgentState } from './agent-state.ts';
import type { AgentStore } from './state-store.ts';

/** Sequence numbers of each revision, so that not each request writes the state. */
const BLOCK = 1000;

/** Another tab, device or process has changed the state: what was begun here is void. */
export class Conflict extends Error {}

/** Reads and replaces the state of one agent. */
export class AgentMemory {
  readonly #store: AgentStore;
  readonly #seal: AgentSeal;
  readonly #random: RandomSource;
  #state: AgentState = FRESH;
  #sequence = 0;

  constructor(store: AgentStore, seal: AgentSeal, random: RandomSource) {
    this.#store = store;
    this.#seal = seal;
    this.#random = random;
  }

  get state(): AgentState {
    return this.#state;
  }

  /** Reads the newest state. Numbers of requests go on where nobody can have used them. */
  async reload(): Promise<void> {
    const stored = await this.#store.load();
    this.#state = stored === null ? FRESH : opened(stored, this.#seal);
    this.#sequence = this.#state.sequenceLimit;
  }

  /** Reads the state again if somebody else has changed it. @returns whether somebody has. */
  async refresh(): Promise<boolean> {
    const stored = await this.#store.load();
    if ((stored?.revision ?? 0) === this.#state.revision) return false;
    await this.reload();
    return true;
  }

  /**
   * Writes a change down. Each revision has numbers of its own, so that an echo tells whether a newer revision has spoken: that is how
   * a restored backup is found out.
   *
   * @throws Conflict if somebody else has changed the state; the newest one is read then.
   */
  async update(change: Partial<Omit<AgentState, 'revision' | 'sequenceLimit'>>): Promise<void> {
    const { revision, sequenceLimit } = this.#state;
    const next = { ...this.#state, ...change, revision: revision + 1, sequenceLimit: sequenceLimit + BLOCK };
    if (await this.#store.replace(sealed(next, this.#seal, this.#random))) {
      this.#state = next;
      this.#sequence = sequenceLimit;
      return;
    }
    await this.reload();
    throw new Conflict('the state was changed by somebody else');
  }

  /** A number that no request of this participant had before. */
  async nextSequence(): Promise<number> {
    if (this.#sequence >= this.#state.sequenceLimit) await this.update({});
    return ++this.#sequence;
  }

  /**
   * Whether the newest state knows of a request with this number.
   *
   * @throws Conflict if it does, and the state here was an older one: somebody else who has the same store has gone on.
   */
  async knows(sequence: number): Promise<boolean> {
    if (sequence <= this.#state.sequenceLimit) return true;
    await this.reload();
    if (sequence <= this.#state.sequenceLimit) throw new Conflict('somebody else has gone on with the state');
    return false;
  }
}
