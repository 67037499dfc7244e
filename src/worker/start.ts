// Starts the worker of a user.
import { UsageError } from '../leaves/errors.ts';
import { kindOf } from '../leaves/checks.ts';
import type { UrlLike } from '../leaves/urls.ts';

/** What is used of a `Worker`. */
export interface WorkerLike {
  /** Sends a message, and gives the memory of some buffers away with it. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** Hears of messages and errors. */
  addEventListener(type: 'message' | 'messageerror' | 'error', listener: (event: unknown) => void): void;
  /** Ends the worker at once. */
  terminate(): void;
}

/** The address of the worker's file, or a function that starts it. */
export type WorkerSource = string | UrlLike | (() => WorkerLike);

/** @throws UsageError ERR_SECAGG_WORKER if there are no workers, or the page's policy forbids this one; TypeError. */
export function startedBy(source: WorkerSource | undefined): WorkerLike {
  if (typeof source === 'function') return source();
  const address = typeof source === 'object' ? (source as Partial<UrlLike> | null)?.href : source;
  if (source !== undefined && typeof address !== 'string') {
    throw new TypeError(`options.worker: expected an address or a function, got ${kindOf(source)}`);
  }
  if (typeof Worker === 'undefined') throw notStarted('this engine has no Worker');
  try {
    // Bundlers know the second form, and carry the file along.
    if (address !== undefined) return new Worker(address, { type: 'module' });
    return new Worker(new URL('./secagg-user-worker.js', import.meta.url), { type: 'module' });
  } catch (error) {
    throw notStarted('the engine refuses to start it', error);
  }
}

function notStarted(why: string, cause?: unknown): UsageError {
  return new UsageError(
    'ERR_SECAGG_WORKER',
    `the worker of a user cannot be started: ${why}`,
    cause === undefined ? {} : { cause },
  );
}
