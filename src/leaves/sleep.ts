// Waiting that can be called off. Leaf.
import type { AbortSignalLike } from './signals.ts';

/**
 * Fulfilled after some milliseconds, or at once when the signal is aborted.
 *
 * @param onWake is given what ends the wait early, and gives what is called at the end.
 */
export function sleep(
  milliseconds: number,
  signal: AbortSignalLike | undefined,
  onWake: (wake: () => void) => () => void = () => () => undefined,
): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      release();
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    const release = onWake(done);
    signal?.addEventListener('abort', done);
    if (signal?.aborted === true) done();
  });
}

/** Fulfilled when `work` is settled, however, or at once when the signal is aborted. */
export function settled(work: Promise<unknown>, signal: AbortSignalLike): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    work.then(done, done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
