// Where a participant that runs by itself keeps its state: bytes that only it can read, replaced only by whoever has read the newest ones.

/** The state of one agent at rest. */
export interface StoredAgent {
  /** Grows with every change. */
  readonly revision: number;
  /** Sealed with the application's key. */
  readonly sealed: Uint8Array;
}

/** Keeps the state of one agent. What it has confirmed must survive a crash of the device. */
export interface AgentStore {
  /** The newest state; null if there is none yet. */
  load(): Promise<StoredAgent | null>;
  /**
   * Puts a state in the place of the one before, in one step.
   *
   * @returns false if the stored revision is not `next.revision - 1`, where no state counts as revision 0: nothing has changed then.
   */
  replace(next: StoredAgent): Promise<boolean>;
}

/**
 * Keeps the state of an agent in memory, for tests and for participants that live as long as their process.
 *
 * @example
 * ```js
 * import { MemoryAgentStore } from 'secagg/agent';
 *
 * const store = new MemoryAgentStore();
 * console.log(await store.replace({ revision: 1, sealed: Uint8Array.of(1) })); // prints: true
 * console.log(await store.replace({ revision: 1, sealed: Uint8Array.of(2) })); // prints: false
 * ```
 */
export class MemoryAgentStore implements AgentStore {
  #stored: StoredAgent | null = null;

  /** The newest state; null if there is none yet. */
  load(): Promise<StoredAgent | null> {
    return Promise.resolve(this.#stored);
  }

  /** Puts a state in the place of the one before; as `AgentStore.replace`. */
  replace(next: StoredAgent): Promise<boolean> {
    if ((this.#stored?.revision ?? 0) !== next.revision - 1) return Promise.resolve(false);
    this.#stored = { revision: next.revision, sealed: next.sealed.slice() };
    return Promise.resolve(true);
  }
}
