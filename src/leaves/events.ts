// Listeners: an application's metrics and logs. Leaf: imports nothing.

/** Hears of events as they happen; must not block. */
export type Listener<Event> = (event: Event) => void;

/** The listener, or one that hears nothing. */
export function checkListener<Event>(listener: Listener<Event> | undefined): Listener<Event> {
  if (listener !== undefined && typeof listener !== 'function') {
    throw new TypeError(`options.listener: expected a function, got ${typeof listener}`);
  }
  return listener ?? silence;
}

const silence = (): void => undefined;

/** Whether anybody listens, for what costs much to tell. */
export function isHeard<Event>(listener: Listener<Event>): boolean {
  return listener !== silence;
}

/**
 * Tells a listener. What it throws must not change the outcome of a round, and must not be lost either: it is thrown
 * again where no protocol code is on the stack, as browsers do for event listeners.
 */
export function emit<Event>(listener: Listener<Event>, event: Event): void {
  try {
    listener(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
