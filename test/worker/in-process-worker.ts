// The worker's module in this process: what is said to it and what it says are copied, as between threads.
import type { WorkerLike } from '../../src/worker/start.ts';
import { GREETING } from '../../src/worker/calls.ts';
import { hearer, scope } from './worker-scope.ts';
import '../../src/worker/secagg-user-worker.ts';

type Hear = (event: { readonly data: unknown; readonly message?: string }) => void;

/** One at a time, because the module holds one user. */
export class InProcessWorker implements WorkerLike {
  /** Messages that it was sent. */
  readonly sent: unknown[] = [];
  isTerminated = false;
  readonly #listeners = new Map<string, Hear[]>();

  /** @param greeting what it says first. */
  constructor(greeting: unknown = GREETING) {
    // What comes late for an earlier worker is dropped.
    hearer.current = (data): void => {
      const { call } = data as { readonly call?: number };
      const isOurs = call === undefined || this.sent.some((each) => (each as { readonly call?: number }).call === call);
      if (isOurs) this.say('message', { data });
    };
    setImmediate(() => this.say('message', { data: greeting }));
  }

  say(type: string, event: Parameters<Hear>[0]): void {
    if (!this.isTerminated) for (const hear of this.#listeners.get(type) ?? []) hear(event);
  }

  postMessage(message: unknown, transfer: ArrayBuffer[]): void {
    const data: unknown = structuredClone(message, { transfer });
    this.sent.push(data);
    queueMicrotask(() => scope.onmessage?.({ data }));
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener as Hear]);
  }

  terminate(): void {
    this.isTerminated = true;
  }
}
