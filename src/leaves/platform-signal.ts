// The signal that an application's own functions are called with. Leaf.
import type { AbortSignalLike } from './signals.ts';

/** What the platform's types say of `AbortSignal`, if they say anything. */
export interface PlatformWithSignals<Signal> {
  /** The class. */
  readonly AbortSignal: {
    /** What its instances are. */
    readonly prototype: Signal;
  };
}

/** `AbortSignal`, where the types of the platform have one; else what is used of it. */
export type PlatformSignal = typeof globalThis extends PlatformWithSignals<infer Signal> ? Signal : AbortSignalLike;
