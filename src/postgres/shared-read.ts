// Reads of many callers that share statements: whoever asks while a statement runs is answered by the next one.
import { isOfDatabase } from './driver-error.ts';
import { halvesOf, SharedQueue } from './shared-queue.ts';

interface Asking<Asked, Answer> {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class SharedRead<Asked, Answer> {
  readonly #run: (asked: readonly Asked[]) => Promise<readonly Answer[]>;
  readonly #queue: SharedQueue<Asking<Asked, Answer>>;

  /**
   * @param most rows that one statement asks for; a question that asks for more has one of its own.
   * @param run answers some questions in their order.
   * @param rowsOf how many rows a question asks for. Default: one.
   */
  constructor(
    most: number,
    run: (asked: readonly Asked[]) => Promise<readonly Answer[]>,
    rowsOf: (asked: Asked) => number = () => 1,
  ) {
    this.#run = run;
    const count = (waiting: readonly Asking<Asked, Answer>[]): number => {
      let rows = 0;
      const tooMany = waiting.findIndex(({ asked }) => (rows += rowsOf(asked)) > most);
      return tooMany < 0 ? waiting.length : Math.max(1, tooMany);
    };
    this.#queue = new SharedQueue(count, (asking) => this.#answer(asking));
  }

  ask(asked: Asked): Promise<Answer> {
    return new Promise((resolve, reject) => this.#queue.add({ asked, resolve, reject }));
  }

  async #answer(asking: readonly Asking<Asked, Answer>[]): Promise<void> {
    try {
      const answers = await this.#run(asking.map(({ asked }) => asked));
      asking.forEach(({ resolve }, i) => resolve(answers[i] as Answer));
    } catch (error) {
      // What is wrong with the rows of one session must not keep others from going on.
      if (asking.length > 1 && !isOfDatabase(error)) for (const half of halvesOf(asking)) await this.#answer(half);
      else for (const { reject } of asking) reject(error);
    }
  }
}
