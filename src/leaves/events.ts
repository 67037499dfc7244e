// Listeners: an application's metrics and logs. Leaf.
import { kindOf } from './checks.ts';

/**
 * Hears of events as they happen, and must not block. If it throws, or returns a promise that rejects, the error is written
 * to the console, and the session goes on: nobody waits for a listener, and none can change what happens.
 */
export type Listener<Event> = (event: Event) => unknown;

/** The listener, or one that hears nothing. */
export function checkListener<Event>(listener: Listener<Event> | undefined): Listener<Event> {
  if (listener !== undefined && typeof listener !== 'function') {
    throw new TypeError(`options.listener: expected a function, got ${kindOf(listener)}`);
  }
  return listener ?? silence;
}

const silence = (): void => undefined;

/** Whether anybody listens, for what costs much to tell. */
export function isHeard<Event>(listener: Listener<Event>): boolean {
  return listener !== silence;
}

/** Tells a listener. Thrown again, its error would end a process of Node, and with it all sessions in memory. */
export function emit<Event>(listener: Listener<Event>, event: Event): void {
  try {
    const outcome = listener(event);
    if (isThenable(outcome)) outcome.then(undefined, report);
  } catch (error) {
    report(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function report(error: unknown): void {
  console.error('secagg: a listener failed', error);
}
