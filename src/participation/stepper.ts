// How a participant runs by itself, whatever its protocol: one step at a time, each from the newest state; after an error later and later again.
import type { RandomSource } from '../crypto/random.ts';
import { UsageError } from '../leaves/errors.ts';
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { sleep } from '../leaves/sleep.ts';
import { alone, onWake } from './page.ts';
import { Conflict } from './sealed-store.ts';

/** Whether a step has changed anything: after `'complete'` the next step may follow at once. */
export type Transition =
  | {
      /** Something has changed. */
      readonly status: 'complete';
    }
  | {
      /** There is nothing to do. */
      readonly status: 'pending';
      /** Milliseconds after which to try again. */
      readonly wait: number;
    };

export const COMPLETE: Transition = { status: 'complete' };

/** Milliseconds after which a failed step is tried again: the first time, and at most. */
const FIRST_RETRY = 500;
const LONGEST_RETRY = 60_000;

/** Milliseconds after which is tried again what has failed so many times before. Half of them are up to chance, so that not all come at once. */
export function retryAfter(failures: number, random: RandomSource): number {
  return Math.min(FIRST_RETRY * 2 ** failures, LONGEST_RETRY) * (0.5 + (random(1)[0] ?? 0) / 512);
}

/** What the steps of one participant need. */
export interface StepperTerms {
  /** Reads the state again if somebody else has changed it. */
  readonly refresh: () => Promise<void>;
  /** Forgets what was begun from a state that is not the newest one. */
  readonly release: () => void;
  /** Hears of a step that is tried again after some milliseconds. */
  readonly failed: (error: unknown, retryIn: number) => void;
  readonly random: RandomSource;
}

/** How steps are done one after the other. */
export interface Run {
  /** Under this name one tab of an origin runs at a time. */
  readonly name: string;
  readonly signal: PlatformSignal;
  readonly transition: () => Promise<Transition>;
  /** Whether no step can follow any more. */
  readonly isOver?: () => boolean;
}

/** Does the steps of one participant. */
export class Stepper {
  readonly #terms: StepperTerms;
  /** Whether somebody else may have changed the state since it was read. */
  #isStale = true;
  #isBusy = false;
  #wakings = 0;
  #endWait: () => void = () => undefined;

  constructor(terms: StepperTerms) {
    this.#terms = terms;
  }

  /**
   * Does one step from the newest state. If somebody else has gone on with the state meanwhile, the step counts for nothing.
   *
   * @throws UsageError ERR_SECAGG_BUSY while a step is being done; what the step throws.
   */
  async take(step: () => Promise<Transition>): Promise<Transition> {
    if (this.#isBusy) throw new UsageError('ERR_SECAGG_BUSY', 'a step is being done');
    this.#isBusy = true;
    try {
      await this.#refresh();
      return await step();
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      this.#terms.release(); // another tab, device or process goes on with the newest state
      return COMPLETE;
    } finally {
      this.#isBusy = false;
    }
  }

  async #refresh(): Promise<void> {
    if (!this.#isStale) return;
    this.#isStale = false; // what happens from here on may make it stale again
    try {
      await this.#terms.refresh();
    } catch (error) {
      this.#isStale = true;
      throw error;
    }
  }

  /** Does step after step until the signal is aborted: in a browser while no other tab does so, and at once after a page was hidden or frozen. */
  async run(run: Run): Promise<void> {
    await alone(run.name, run.signal, () => this.#loop(run));
  }

  /** Ends a wait of {@link run}, or the next one if a step is being done. */
  wake(): void {
    this.#wakings++;
    this.#endWait();
  }

  async #loop({ signal, transition, isOver = (): boolean => false }: Run): Promise<void> {
    let failures = 0;
    const release = onWake(() => {
      this.#isStale = true;
      this.wake();
    });
    try {
      while (!signal.aborted && !isOver()) {
        const before = this.#wakings;
        let wait = 0;
        try {
          const done = await transition();
          failures = 0;
          if (done.status === 'pending') wait = done.wait;
        } catch (error) {
          if (isOver()) return;
          wait = this.#told(error, failures++);
        }
        // Whoever is woken during the step looks again at once.
        if (wait === 0 || this.#wakings > before) continue;
        await sleep(wait, signal, (wake) => {
          this.#endWait = wake;
          return () => (this.#endWait = (): void => undefined);
        });
      }
    } finally {
      release();
    }
  }

  /** @returns after how many milliseconds a step that has failed is tried again. */
  #told(error: unknown, failures: number): number {
    const { random, failed } = this.#terms;
    const wait = retryAfter(failures, random);
    failed(error, wait);
    return wait;
  }
}
