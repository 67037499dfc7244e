// Listeners: an application's metrics and logs. Leaf: imports nothing.

export type Listener<Event> = (event: Event) => void;

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
