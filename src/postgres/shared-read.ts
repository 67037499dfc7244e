// Reads of many callers that share statements: whoever asks while a statement runs is answered by the next one.
import { platform } from '#platform';
import { StoreError } from '../leaves/errors.ts';

interface Asking<Asked, Answer> {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class SharedRead<Asked, Answer> {
  readonly #run: (asked: readonly Asked[]) => Promise<readonly Answer[]>;
  readonly #most: number;
  #waiting: Asking<Asked, Answer>[] = [];
  #isRunning = false;

  /** @param run answers some questions in their order. @param most questions of one statement. */
  constructor(most: number, run: (asked: readonly Asked[]) => Promise<readonly Answer[]>) {
    this.#most = most;
    this.#run = run;
  }

  ask(asked: Asked): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ asked, resolve, reject });
      if (!this.#isRunning) void this.#answerAll();
    });
  }

  async #answerAll(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      await platform.pause(); // whoever is about to ask is answered, too
      await this.#answer(this.#waiting.splice(0, this.#most));
    }
    this.#isRunning = false;
  }

  async #answer(asking: readonly Asking<Asked, Answer>[]): Promise<void> {
    try {
      const answers = await this.#run(asking.map(({ asked }) => asked));
      asking.forEach(({ resolve }, i) => resolve(answers[i] as Answer));
    } catch (error) {
      // What is wrong with the rows of one session must not keep others from going on.
      const isOne = asking.length > 1 && error instanceof StoreError && !error.retryable;
      if (isOne) for (const one of asking) await this.#answer([one]);
      else for (const { reject } of asking) reject(error);
    }
  }
}
