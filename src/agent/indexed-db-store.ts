// The state of an agent in the browser's database.
import { checkString } from '../leaves/checks.ts';
import { UsageError } from '../leaves/errors.ts';
import type { AgentStore, StoredAgent } from '../participation/state-store.ts';

const STORE = 'agent';
const KEY = 'state';

/**
 * Keeps the state of one agent in a database of IndexedDB, which all tabs of an origin share. A state is confirmed when the browser says
 * that it is on the disk (`durability: 'strict'`).
 *
 * A browser may delete the databases of an origin that people do not visit: ask for `navigator.storage.persist()`. A participant whose state
 * is lost needs a new certificate.
 *
 * @example
 * ```js
 * import { IndexedDbAgentStore } from 'secagg/agent';
 *
 * try {
 *   await new IndexedDbAgentStore('sleep').load();
 * } catch (error) {
 *   console.log(error.code); // prints: ERR_SECAGG_ENGINE
 * }
 * ```
 */
export class IndexedDbAgentStore implements AgentStore {
  readonly #name: string;
  #database: Promise<IDBDatabase> | null = null;

  /** @param name of the database: one for each agent of the origin. */
  constructor(name: string) {
    this.#name = checkString(name, 'name', { least: 1 });
  }

  /**
   * The newest state; null if there is none yet.
   *
   * @throws UsageError ERR_SECAGG_ENGINE if there is no IndexedDB; the browser's own error if it refuses.
   */
  async load(): Promise<StoredAgent | null> {
    const transaction = (await this.#open()).transaction(STORE, 'readonly');
    const stored: unknown = await resultOf(transaction.objectStore(STORE).get(KEY));
    return (stored as StoredAgent | undefined) ?? null;
  }

  /** Puts a state in the place of the one before; as `AgentStore.replace`. @throws as {@link load}. */
  async replace({ revision, sealed }: StoredAgent): Promise<boolean> {
    const transaction = (await this.#open()).transaction(STORE, 'readwrite', { durability: 'strict' });
    const store = transaction.objectStore(STORE);
    const before = ((await resultOf(store.get(KEY))) ?? { revision: 0 }) as Pick<StoredAgent, 'revision'>;
    if (before.revision !== revision - 1) return false;
    store.put({ revision, sealed }, KEY);
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = (): void => resolve();
      transaction.onabort = (): void => reject(transaction.error ?? new Error('the transaction was aborted'));
    });
    return true;
  }

  #open(): Promise<IDBDatabase> {
    this.#database ??= this.#opened().catch((error: unknown) => {
      this.#database = null;
      throw error;
    });
    return this.#database;
  }

  async #opened(): Promise<IDBDatabase> {
    if (typeof indexedDB === 'undefined') {
      throw new UsageError('ERR_SECAGG_ENGINE', 'the state of the agent: this engine has no IndexedDB');
    }
    const opening = indexedDB.open(this.#name, 1);
    opening.onupgradeneeded = (): void => void opening.result.createObjectStore(STORE);
    const database = await resultOf(opening);
    // Another tab wants to delete the database, or the browser has closed it: it is opened again when it is next needed.
    database.onversionchange = (): void => {
      this.#database = null; // no event `close` follows the method
      database.close();
    };
    database.onclose = (): void => void (this.#database = null);
    return database;
  }
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = (): void => resolve(request.result);
    request.onerror = (): void => reject(request.error ?? new Error('the database refused'));
  });
}
