// At which runs a process looks in a tick. A look costs a store several calls, and most runs only wait for their participants.
import type { RunKey, RunRecord } from './run-record.ts';

/** Milliseconds after which a process looks at a run again that is not due: another process may have ended in the middle of its work. */
const LONGEST_REST = 5000;

/** Runs that one tick looks at side by side. */
const RUNS_AT_A_TIME = 8;

/** What a process knows of a run since its last look. */
interface Look {
  readonly revision: number;
  /** Service time at which it began. */
  readonly at: number;
  /** Service time before which there is nothing to do. */
  until: number;
}

/** The runs of one process, and when each of them is due. */
export class DueRuns {
  readonly #looks = new Map<string, Look>();
  /** Runs that are being looked at, and the end of each look. */
  readonly #busy = new Map<string, Promise<void>>();
  /** What the newest tick is still to look at. */
  #due: RunRecord[] = [];

  /**
   * Looks at those of the open runs that are due, that another process has changed, or that nobody has looked at for some time: some side by
   * side, so that one whose masks are removed does not delay the others. Runs that are still being looked at are left out, and what an earlier
   * tick has not begun is done by this one. Runs that are no longer open are forgotten.
   *
   * @param now service time, in milliseconds.
   * @param advance does what is to be done with a run, and says until when there is nothing more.
   * @param failed is told of what it throws. The runs of which it was are still due, and so are those that somebody answers meanwhile.
   * @returns fulfilled once the looks are over that this tick has begun.
   */
  async lookAt(
    open: readonly RunRecord[],
    now: number,
    advance: (run: RunRecord) => Promise<number>,
    failed: (error: unknown) => void,
  ): Promise<void> {
    const due = this.#among(open, now);
    this.#due = due;
    const look = async (run: RunRecord): Promise<void> => {
      const seen: Look = { revision: run.revision, at: now, until: now };
      this.#looks.set(nameOf(run), seen);
      try {
        seen.until = Math.min(await advance(run), now + LONGEST_REST);
      } catch (error) {
        failed(error);
      }
      this.#busy.delete(nameOf(run));
    };
    const work = async (): Promise<void> => {
      while (this.#due === due) {
        const run = due.shift();
        if (run === undefined) return;
        const looking = look(run);
        this.#busy.set(nameOf(run), looking);
        await looking;
      }
    };
    await Promise.all(Array.from({ length: RUNS_AT_A_TIME }, work));
  }

  /** Fulfilled once no run is being looked at. */
  async over(): Promise<void> {
    this.#due = [];
    await Promise.all(this.#busy.values());
  }

  /** Those that were looked at last come last. */
  #among(open: readonly RunRecord[], now: number): RunRecord[] {
    const names = new Set(open.map(nameOf));
    for (const name of this.#looks.keys()) if (!names.has(name)) this.#looks.delete(name);
    const last = (run: RunRecord): number => this.#looks.get(nameOf(run))?.at ?? -1;
    const isDue = (run: RunRecord): boolean => {
      const look = this.#looks.get(nameOf(run));
      return !this.#busy.has(nameOf(run)) && (look?.revision !== run.revision || now >= look.until);
    };
    return open.filter(isDue).sort((a, b) => last(a) - last(b));
  }

  /** Somebody has answered: what is known of the run is no longer so. */
  answered(key: RunKey): void {
    this.#looks.delete(nameOf(key));
  }
}

function nameOf({ task, run }: RunKey): string {
  return `${task}/${run}`;
}
