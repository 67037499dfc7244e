// The one source of randomness, injected into every step so that transcripts can be reproduced in tests.
import { platform } from '#platform';

/** Gives `length` unpredictable bytes in a fresh array. */
export type RandomSource = (length: number) => Uint8Array;

/** The platform's cryptographic generator. */
export const systemRandom: RandomSource = (length) => platform.randomBytes(length);

/** Overwrites all bytes from the same generator. */
export function fillRandom(bytes: Uint8Array): void {
  platform.fillRandom(bytes);
}
