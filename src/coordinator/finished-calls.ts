// The calls of `finished` that wait in this process for runs to end.
import type { Outcome } from './outcome.ts';
import type { RunKey, RunRecord } from './run-record.ts';

interface WaitingCall {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

export class FinishedCalls {
  readonly #byRun = new Map<string, { readonly key: RunKey; readonly calls: WaitingCall[] }>();

  wait({ task, run }: RunKey): Promise<Outcome> {
    const name = nameOf({ task, run });
    return new Promise((resolve, reject) => {
      const waiting = this.#byRun.get(name) ?? { key: { task, run }, calls: [] };
      waiting.calls.push({ resolve, reject });
      this.#byRun.set(name, waiting);
    });
  }

  /** Runs for which calls wait, except those that are open. */
  except(open: readonly RunRecord[]): RunKey[] {
    const names = new Set(open.map(nameOf));
    return [...this.#byRun.values()].map(({ key }) => key).filter((key) => !names.has(nameOf(key)));
  }

  resolve(key: RunKey, outcome: Outcome): void {
    for (const call of this.#take(key)) call.resolve(outcome);
  }

  reject(key: RunKey, error: unknown): void {
    for (const call of this.#take(key)) call.reject(error);
  }

  #take(key: RunKey): readonly WaitingCall[] {
    const calls = this.#byRun.get(nameOf(key))?.calls ?? [];
    this.#byRun.delete(nameOf(key));
    return calls;
  }
}

function nameOf({ task, run }: RunKey): string {
  return `${task}/${run}`;
}
