// Calls to the worker of a user, and what becomes of them.
import { kindOf } from '../leaves/checks.ts';
import { UsageError } from '../leaves/errors.ts';
import { emit, type Listener } from '../leaves/events.ts';
import type { UserEvent } from '../leaves/progress.ts';
import { throwIfAborted, type AbortSignalLike } from '../leaves/signals.ts';
import { GREETING, type CallName, type Calls, type FromWorker } from './calls.ts';
import { errorOfData } from './error-data.ts';
import type { WorkerLike } from './start.ts';

/** How long a worker may take to load and greet. */
const START_MILLISECONDS = 30_000;
/** How long a worker may take to wipe its secrets, before it is ended without. */
const WIPE_MILLISECONDS = 2000;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignalLike | undefined;
}

export class Connection {
  readonly #worker: WorkerLike;
  readonly #listener: Listener<UserEvent>;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  /** Why there is no worker any more. */
  #ended: UsageError | null = null;
  #greeted: Waiting | null = null;

  private constructor(worker: WorkerLike, listener: Listener<UserEvent>) {
    this.#worker = worker;
    this.#listener = listener;
    worker.addEventListener('message', (event) => this.#hear((event as { readonly data: unknown }).data));
    worker.addEventListener('messageerror', () => this.#fail('a message of it cannot be read'));
    worker.addEventListener('error', (event) => {
      const { message } = event as { readonly message?: unknown };
      this.#fail(typeof message === 'string' && message !== '' ? message : 'its file cannot be loaded');
    });
  }

  /** Waits until the worker greets. @throws UsageError ERR_SECAGG_WORKER. */
  static async open(worker: WorkerLike, listener: Listener<UserEvent>): Promise<Connection> {
    const connection = new Connection(worker, listener);
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await new Promise<unknown>((resolve, reject) => {
        connection.#greeted = { resolve, reject, signal: undefined };
        timer = setTimeout(() => connection.#fail(`it has said nothing in ${START_MILLISECONDS} ms`), START_MILLISECONDS);
      });
    } finally {
      clearTimeout(timer);
    }
    return connection;
  }

  async call<Name extends CallName>(
    name: Name,
    given: Calls[Name]['given'],
    transfer: ArrayBuffer[] = [],
    signal?: AbortSignalLike,
  ): Promise<Calls[Name]['result']> {
    if (this.#ended !== null) throw this.#ended;
    const call = this.#calls++;
    const abort = (): void => this.#worker.postMessage({ abort: call }, []);
    try {
      return (await new Promise<unknown>((resolve, reject) => {
        try {
          this.#worker.postMessage({ call, name, given }, transfer);
        } catch (cause) {
          reject(new TypeError(`${name}: an argument cannot be sent to a worker`, { cause }));
          return;
        }
        this.#waiting.set(call, { resolve, reject, signal });
        signal?.addEventListener('abort', abort);
      })) as Calls[Name]['result'];
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  #hear(data: unknown): void {
    if (this.#greeted !== null) {
      const { resolve } = this.#greeted;
      if (data === GREETING) {
        this.#greeted = null;
        resolve(undefined);
      } else {
        this.#fail(
          `expected '${GREETING}' as its first message, got ${typeof data === 'string' ? 'another text' : kindOf(data)}`,
        );
      }
      return;
    }
    const message = data as FromWorker;
    if ('event' in message) {
      emit(this.#listener, message.event);
      return;
    }
    const waiting = this.#waiting.get(message.call);
    this.#waiting.delete(message.call);
    if (waiting === undefined) return;
    if ('result' in message) waiting.resolve(message.result);
    else waiting.reject(message.aborted ? reasonOf(waiting.signal) : errorOfData(message.error));
  }

  #fail(why: string): void {
    this.end(new UsageError('ERR_SECAGG_WORKER', `the worker of this user has ended: ${why}`));
  }

  /** Ends the worker at once, without wiping. */
  end(why: UsageError = new UsageError('ERR_SECAGG_WORKER', 'the worker of this user was terminated')): void {
    if (this.#ended !== null) return;
    this.#ended = why;
    this.#worker.terminate();
    const waiting = [...this.#waiting.values(), ...(this.#greeted === null ? [] : [this.#greeted])];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(why);
  }

  async wipeAndEnd(): Promise<void> {
    if (this.#ended !== null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, WIPE_MILLISECONDS)));
    // A worker that ends meanwhile has taken its memory along.
    await Promise.race([this.call('abandon', null).catch(() => undefined), late]);
    clearTimeout(timer);
    this.end();
  }
}

/** What an aborted signal throws. */
function reasonOf(signal: AbortSignalLike | undefined): unknown {
  try {
    throwIfAborted(signal);
  } catch (reason) {
    return reason;
  }
  return new UsageError('ERR_SECAGG_WORKER', 'the worker of this user has called off its work');
}
