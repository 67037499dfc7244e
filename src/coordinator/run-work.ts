// The work on runs that participants' requests bring about. Nobody who answers waits for the long part of it.
import { emit } from '../leaves/events.ts';
import { advance, advanceToAttempt } from './advance.ts';
import type { CoordinatorContext } from './context.ts';
import { tickFailed } from './events.ts';
import type { RunKey, RunRecord } from './run-record.ts';
import { advanceSession } from './session-advance.ts';
import { Turns } from './turns.ts';

/**
 * Does what is to be done with a run after something has changed. Requests that come together share a turn, which costs a store more than
 * the request itself.
 */
export class RunWork {
  /** What participants wait for. */
  readonly #steps = new Turns<boolean>();
  /** What goes on behind the answers. */
  readonly #behind = new Turns<void>();
  /** Answers that are being made. */
  readonly #answers = new Set<Promise<unknown>>();

  /** What an answer gives or throws. The work is not over before it, because it may begin some. */
  during<T>(answer: Promise<T>): Promise<T> {
    this.#answers.add(answer);
    const end = (): unknown => this.#answers.delete(answer);
    answer.then(end, end);
    return answer;
  }

  /**
   * Goes on with a run. Fulfilled once the run waits, or is in an attempt: whoever comes last is told at once that it begins. Never rejects:
   * what keeps the run from going on is nothing that a participant could mend.
   */
  async goOn(context: CoordinatorContext, { task, run }: RunKey): Promise<void> {
    const isInAttempt = await this.#steps.take(`${task}/${run}`, () =>
      advanceToAttempt(context, { task, run }).catch((error: unknown) => {
        emit(context.listener, tickFailed(error));
        return false;
      }),
    );
    if (isInAttempt) void this.#goOnBehind(context, { task, run });
  }

  /** Goes on with a session of a run's attempt after an answer: its round may be closed, and after the last one the run may end. */
  goOnWithSession(context: CoordinatorContext, run: RunRecord, index: number): void {
    const name = `${run.task}/${run.run}/${run.attempt?.number ?? 0}/${index}`;
    void this.#takeBehind(context, name, async () => {
      if ((await advanceSession(context, run, index)) === Infinity) await this.#goOnBehind(context, run);
    });
  }

  /** Fulfilled once the answers that are being made are there, and the work that has been begun behind answers is done, or has failed. */
  async over(): Promise<void> {
    await Promise.allSettled(this.#answers);
    await this.#behind.over();
  }

  #goOnBehind(context: CoordinatorContext, { task, run }: RunKey): Promise<void> {
    return this.#takeBehind(context, `${task}/${run}`, async () => void (await advance(context, { task, run })));
  }

  /** Never rejects: the listener is told of an error, and the next tick does the work again. */
  #takeBehind({ listener }: CoordinatorContext, name: string, work: () => Promise<void>): Promise<void> {
    return this.#behind.take(name, () =>
      work().catch((error: unknown) => {
        emit(listener, tickFailed(error));
      }),
    );
  }
}
