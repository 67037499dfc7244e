// What the library needs of an AbortSignal, and no more, so that polyfills and signals of other realms serve as well. Leaf.
import { kindOf } from './checks.ts';

/** Any `AbortSignal`, or an object that does as one. */
export interface AbortSignalLike {
  /** Whether the work is called off. */
  readonly aborted: boolean;
  /** What the work is called off with; it is thrown. */
  readonly reason?: unknown;
  /** Calls `listener` once the work is called off. */
  addEventListener(type: 'abort', listener: () => void): void;
  /** Takes back what `addEventListener` was given. */
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** How a round is closed, or its message answered. */
export interface RoundOptions {
  /** Calls the work off: `round` throws its reason, and the session is as it was before. */
  signal?: AbortSignalLike;
}

/** @throws TypeError unless a value is undefined or can be used as a signal. */
export function checkSignal(value: unknown, name: string): AbortSignalLike | undefined {
  if (value === undefined || isSignal(value)) return value;
  throw new TypeError(`${name}: expected an AbortSignal, got ${kindOf(value)}`);
}

function isSignal(value: unknown): value is AbortSignalLike {
  if (typeof value !== 'object' || value === null) return false;
  const { aborted, addEventListener, removeEventListener } = value as Partial<Record<string, unknown>>;
  return typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function';
}

/**
 * The signal of a call's options. An AbortController has one too.
 *
 * @throws TypeError that says what was expected, also for the signal itself in the place of the options: it would have no effect.
 */
export function signalIn<Signal extends AbortSignalLike>(options: { readonly signal?: Signal }): Signal | undefined {
  const given: unknown = options;
  if (isSignal(given)) throw new TypeError('options: expected an object with the signal, got the signal itself');
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(`options: expected an object with a signal, got ${kindOf(given)}`);
  }
  checkSignal(options.signal, 'options.signal');
  return options.signal;
}

/** The signal that ends what would go on for ever. @throws TypeError as {@link signalIn}, and if there is none. */
export function endingIn<Signal extends AbortSignalLike>(options: { readonly signal: Signal }): Signal {
  const signal = signalIn(options);
  if (signal === undefined) throw new TypeError('options.signal: expected an AbortSignal, got undefined');
  return signal;
}

/** @throws the signal's reason if it is aborted. */
export function throwIfAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted !== true) return;
  // Signals of before 2022 have no reason.
  const reason: unknown = signal.reason ?? Object.assign(new Error('this work was called off'), { name: 'AbortError' });
  throw reason;
}
