// The newest state of one participant, sealed with the application's key, in the store of the application.
import type { RandomSource } from '../crypto/random.ts';
import { open, seal } from '../crypto/seal.ts';
import { concat, u64, utf8 } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import type { AgentStore, StoredAgent } from './state-store.ts';

/** Another tab, device or process has changed the state: what was begun here is void. */
export class Conflict extends Error {}

/** What seals the states of one participant. */
export interface StateSeal {
  /** 32 bytes of the application. */
  readonly key: Uint8Array;
  /** A label and whose the state is: it does not open for anybody else. */
  readonly owner: Uint8Array;
}

/** @throws StateError if it does not open: another key, participant or revision, or a changed byte. */
export function openState({ revision, sealed }: StoredAgent, by: StateSeal): string {
  const plaintext = open(by.key, associated(by, revision), sealed);
  if (plaintext === null) throw new StateError('agent: the stored state does not open with this key for this participant');
  const state = new TextDecoder().decode(plaintext);
  plaintext.fill(0);
  return state;
}

function associated({ owner }: StateSeal, revision: number): Uint8Array {
  return concat([owner, u64(revision)]);
}

/** Reads and replaces the sealed states of one participant. */
export class SealedStore {
  readonly #store: AgentStore;
  readonly #seal: StateSeal;
  readonly #random: RandomSource;
  #revision = 0;

  constructor(store: AgentStore, by: StateSeal, random: RandomSource) {
    this.#store = store;
    this.#seal = by;
    this.#random = random;
  }

  /**
   * Reads the newest state; null if there is none yet.
   *
   * @param parse makes it of its text. If it throws, the state is still one that was never read, so that nobody goes on without it.
   * @throws StateError if it does not open; what `parse` throws.
   */
  async load<State>(parse: (text: string) => State): Promise<State | null> {
    const stored = await this.#store.load();
    const state = stored && parse(openState(stored, this.#seal));
    this.#revision = stored?.revision ?? 0;
    return state;
  }

  /** Whether somebody else has replaced the state since it was read or written here. */
  async hasChanged(): Promise<boolean> {
    return ((await this.#store.load())?.revision ?? 0) !== this.#revision;
  }

  /** @returns false if somebody else has replaced the state before; nothing has changed then. */
  async replace(state: string): Promise<boolean> {
    const revision = this.#revision + 1;
    const plaintext = utf8(state);
    const sealed = seal(this.#seal.key, associated(this.#seal, revision), plaintext, this.#random);
    plaintext.fill(0);
    if (!(await this.#store.replace({ revision, sealed }))) return false;
    this.#revision = revision;
    return true;
  }
}
