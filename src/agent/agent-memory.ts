// The state of an agent that is running: the newest one, written down before anything that depends on it leaves.
import type { RandomSource } from '../crypto/random.ts';
import { Conflict, SealedStore } from '../participation/sealed-store.ts';
import type { AgentStore } from '../participation/state-store.ts';
import { FRESH, parsed, sealOf, serialized, type AgentSeal, type AgentState } from './agent-state.ts';

/** Sequence numbers of each revision, so that not each request writes the state. */
const BLOCK = 2 ** 24;
/** As many of them are used, from a random one on. */
const USED = 1000;

/** Reads and replaces the state of one agent. */
export class AgentMemory {
  readonly #store: SealedStore;
  readonly #random: RandomSource;
  #state: AgentState = FRESH;
  /** Numbers up to it may have been used before this revision. */
  #before = 0;
  /** The numbers that were used in this revision lie above `#first`, up to `#sequence`. */
  #first = 0;
  #sequence = 0;

  constructor(store: AgentStore, seal: AgentSeal, random: RandomSource) {
    this.#store = new SealedStore(store, sealOf(seal), random);
    this.#random = random;
  }

  get state(): AgentState {
    return this.#state;
  }

  /** Reads the newest state. Numbers of requests go on where nobody can have used them. */
  async reload(): Promise<void> {
    this.#state = (await this.#store.load(parsed)) ?? FRESH;
    this.#begin(this.#state.sequenceLimit);
  }

  #begin(before: number, first: number = before): void {
    this.#before = before;
    this.#first = first;
    this.#sequence = first;
  }

  /** Reads the state again if somebody else has changed it. @returns whether somebody has. */
  async refresh(): Promise<boolean> {
    if (!(await this.#store.hasChanged())) return false;
    await this.reload();
    return true;
  }

  /**
   * Writes a change down. Each revision has numbers of its own, from a random one on. So an echo tells whether somebody else has spoken,
   * also in a revision of the same number: that is how a restored backup is found out.
   *
   * @throws Conflict if somebody else has changed the state; the newest one is read then.
   */
  async update(change: Partial<Omit<AgentState, 'revision' | 'sequenceLimit'>>): Promise<void> {
    const { revision, sequenceLimit } = this.#state;
    const next = { ...this.#state, ...change, revision: revision + 1, sequenceLimit: sequenceLimit + BLOCK };
    if (await this.#store.replace(serialized(next))) {
      this.#state = next;
      this.#begin(sequenceLimit, sequenceLimit + this.#randomBelow(BLOCK - USED));
      return;
    }
    await this.reload();
    throw new Conflict('the state was changed by somebody else');
  }

  #randomBelow(most: number): number {
    const [a = 0, b = 0, c = 0] = this.#random(3);
    return Math.floor(((65_536 * a + 256 * b + c) / 2 ** 24) * most);
  }

  /** A number that no request of this participant had before. */
  async nextSequence(): Promise<number> {
    const hasNone = this.#sequence === this.#before;
    if (hasNone || this.#sequence >= this.#first + USED) await this.update({});
    return ++this.#sequence;
  }

  /**
   * Whether a request with this number can be one of this participant's.
   *
   * @returns false if it comes from a state that was there and is not there any more.
   * @throws Conflict if the state here is an older one: somebody else who has the same store has gone on.
   */
  async knows(sequence: number): Promise<boolean> {
    if (sequence <= this.#before || (sequence > this.#first && sequence <= this.#sequence)) return true;
    if (await this.refresh()) throw new Conflict('somebody else has gone on with the state');
    return false;
  }
}
