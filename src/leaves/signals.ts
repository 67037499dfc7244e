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

/** @throws the signal's reason if it is aborted. */
export function throwIfAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted !== true) return;
  // Signals of before 2022 have no reason.
  const reason: unknown = signal.reason ?? Object.assign(new Error('this work was called off'), { name: 'AbortError' });
  throw reason;
}
