// An agent in a page: one tab at a time, awake when the page is shown, its state in IndexedDB. Stand-ins for what a browser has.
import { expect } from 'chai';
import { IndexedDbAgentStore } from '../../src/agent/index.ts';
import { alone, onWake } from '../../src/participation/page.ts';
import { rejected } from '../support/errors.ts';
import { DeviceStore } from '../support/service-world/device.ts';
import { SmallService } from '../support/service-world/small-service.ts';

/** Sets what a page has, while a test runs. */
function withGlobals(globals: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true });
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  };
}

describe('an agent in a page', () => {
  let restore = (): void => undefined;
  afterEach(() => restore());

  it('is woken when the page is shown or thawed, until it needs it no more', () => {
    const [document, window] = [new EventTarget(), new EventTarget()];
    restore = withGlobals({ document, window });
    let woken = 0;
    const release = onWake(() => woken++);
    document.dispatchEvent(new Event('visibilitychange'));
    document.dispatchEvent(new Event('resume'));
    window.dispatchEvent(new Event('pageshow'));
    expect(woken).to.equal(3);
    release();
    window.dispatchEvent(new Event('pageshow'));
    expect(woken).to.equal(3);
  });

  it('looks at its state and asks again at once if the page is shown while it asks', async () => {
    const document = new EventTarget();
    restore = withGlobals({ document });
    const service = await SmallService.open();
    const ending = new AbortController();
    const [person] = service.parties.people;
    const store = new DeviceStore();
    const seen: string[] = [];
    const load = store.load.bind(store);
    store.load = () => {
      seen.push('looks');
      return load();
    };
    const exchange = (request: Uint8Array): Promise<Uint8Array> => {
      seen.push('asks');
      // First for a token, and then for a run: in one step.
      if (seen.length === 3) document.dispatchEvent(new Event('visibilitychange'));
      if (seen.length > 3) ending.abort();
      return service.coordinator.answer(request);
    };
    await service.participant(person!, { exchange }, store).agent.run({ signal: ending.signal });
    // There is no run, so that it would ask again after half a minute.
    expect(seen).to.deep.equal(['looks', 'asks', 'asks', 'looks', 'asks']);
  });

  it('runs at once where there is no page and there are no locks', async () => {
    onWake(() => expect.fail())();
    restore = withGlobals({ navigator: undefined });
    let ran = 0;
    await alone('a', new AbortController().signal, async () => {
      ran++;
      await Promise.resolve();
    });
    expect(ran).to.equal(1);
  });

  it('waits for the tab that has the lock, until it is called off', async () => {
    const ending = new AbortController();
    const asked: string[] = [];
    const request = (name: string, { signal }: { signal: AbortSignal }): Promise<void> => {
      asked.push(name);
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    };
    restore = withGlobals({ navigator: { locks: { request } } });
    const waiting = alone('secagg-agent/7', ending.signal, () => Promise.reject(new Error('never')));
    ending.abort();
    await waiting;
    expect(asked).to.deep.equal(['secagg-agent/7']);
  });

  it('hears what its work throws', async () => {
    restore = withGlobals({ navigator: { locks: { request: (_: string, __: unknown, work: () => Promise<void>) => work() } } });
    const failing = alone('a', new AbortController().signal, () => Promise.reject(new Error('mine')));
    expect(await failing.catch((error: unknown) => (error as Error).message)).to.equal('mine');
  });

  it('refuses a state store where there is no IndexedDB', async () => {
    await rejected('ERR_SECAGG_ENGINE', new IndexedDbAgentStore('a').load());
  });

  it('keeps its state in one object, and replaces it by the next revision only', async () => {
    const indexedDB = new StandInDatabase();
    restore = withGlobals({ indexedDB });
    const [store, again] = [new IndexedDbAgentStore('a'), new IndexedDbAgentStore('a')];
    expect(await store.load()).to.equal(null);
    const state = (revision: number): { revision: number; sealed: Uint8Array } => ({ revision, sealed: Uint8Array.of(revision) });
    expect(await store.replace(state(2))).to.equal(false);
    expect(await store.replace(state(1))).to.equal(true);
    expect(await again.replace(state(1))).to.equal(false);
    expect(await again.replace(state(2))).to.equal(true);
    expect(await store.load()).to.deep.equal(state(2));
    expect(indexedDB.durability).to.deep.equal(['strict', 'strict', 'strict', 'strict']);
    indexedDB.database.onclose();
    expect(await store.load(), 'it is opened again').to.deep.equal(state(2));
    indexedDB.database.onversionchange();
    indexedDB.fails = true;
    expect(await again.replace(state(3)).catch((error: unknown) => (error as Error).message)).to.equal('disk full');
    indexedDB.database.onclose();
    expect(await new IndexedDbAgentStore('b').load().catch((error: unknown) => (error as Error).message)).to.equal('disk full');
  });
});

/** What is used of IndexedDB: one object store with one key. */
class StandInDatabase {
  readonly durability: unknown[] = [];
  fails = false;
  #value: unknown;
  readonly database = {
    createObjectStore: (): void => undefined,
    close: (): void => undefined,
    onclose: (): void => undefined,
    onversionchange: (): void => undefined,
    transaction: (_: string, mode: string, options?: { durability: unknown }): unknown => {
      if (mode === 'readwrite') this.durability.push(options?.durability);
      const transaction = {
        error: new Error('disk full'),
        oncomplete: (): void => undefined,
        onabort: (): void => undefined,
        objectStore: (): unknown => ({
          get: () => this.#request(this.#value),
          put: (value: unknown) => {
            if (!this.fails) this.#value = value;
            setTimeout(() => (this.fails ? transaction.onabort() : transaction.oncomplete()));
          },
        }),
      };
      return transaction;
    },
  };

  open(): unknown {
    const request = this.#request(this.database) as { onupgradeneeded?: () => void };
    if (!this.fails) setTimeout(() => request.onupgradeneeded?.());
    return request;
  }

  #request(result: unknown): unknown {
    const request = { result, error: new Error('disk full'), onsuccess: (): void => undefined, onerror: (): void => undefined };
    const fails = this.fails && result === this.database;
    setTimeout(() => setTimeout(() => (fails ? request.onerror() : request.onsuccess())));
    return request;
  }
}
