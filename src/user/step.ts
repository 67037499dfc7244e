// What every step of a user is given besides its state and the message, and what it gives back.
import { systemRandom, type RandomSource } from '../crypto/random.ts';
import type { AbortSignalLike } from '../leaves/signals.ts';
import { split, type Split } from '../crypto/shamir.ts';
import type { UserState } from './state.ts';

/** What a step takes from outside; replaced in tests that reproduce whole transcripts. */
export interface Dependencies {
  readonly random: RandomSource;
  readonly split: Split;
  /** Calls long work off. */
  readonly signal?: AbortSignalLike | undefined;
}

export const systemDependencies: Dependencies = { random: systemRandom, split };

/** What a step gives. It reads its state and message and changes neither. */
export interface Step<Out, State extends UserState = UserState> {
  readonly state: State;
  readonly out: Out;
  /** Secrets that the new state no longer holds; the caller wipes them once it is in place. */
  readonly spent: readonly Uint8Array[];
}
