// At which runs a process looks in a tick. A look costs a store several calls, and most runs only wait for their participants.
import type { RunKey, RunRecord } from './run-record.ts';

/** Milliseconds after which a process looks at a run again that is not due: another process may have ended in the middle of its work. */
const LONGEST_REST = 5000;

/** Runs that are looked at side by side. */
const RUNS_AT_A_TIME = 8;

/** What a process knows of a run since its last look. */
interface Look {
  readonly revision: number;
  /** Service time before which there is nothing to do. */
  until: number;
}

/** The runs of one process, and when each of them is due. */
export class DueRuns {
  readonly #looks = new Map<string, Look>();

  /**
   * Looks at those of the open runs that are due, that another process has changed, or that nobody has looked at for some time: some side by
   * side, so that one whose masks are removed does not delay the others of this tick. Runs that are no longer open are forgotten.
   *
   * @param now service time, in milliseconds.
   * @param advance does what is to be done with a run, and says until when there is nothing more.
   * @returns what was thrown. The runs of which it was are still due, and so are those that somebody answers meanwhile.
   */
  async lookAt(open: readonly RunRecord[], now: number, advance: (run: RunRecord) => Promise<number>): Promise<unknown[]> {
    const due = this.#among(open, now);
    const failures: unknown[] = [];
    const work = async (): Promise<void> => {
      for (let run = due.shift(); run !== undefined; run = due.shift()) {
        const look: Look = { revision: run.revision, until: now };
        this.#looks.set(nameOf(run), look);
        try {
          look.until = Math.min(await advance(run), now + LONGEST_REST);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: RUNS_AT_A_TIME }, work));
    return failures;
  }

  #among(open: readonly RunRecord[], now: number): RunRecord[] {
    const names = new Set(open.map(nameOf));
    for (const name of this.#looks.keys()) if (!names.has(name)) this.#looks.delete(name);
    return open.filter((run) => {
      const look = this.#looks.get(nameOf(run));
      return look?.revision !== run.revision || now >= look.until;
    });
  }

  /** Somebody has answered: what is known of the run is no longer so. */
  answered(key: RunKey): void {
    this.#looks.delete(nameOf(key));
  }
}

function nameOf({ task, run }: RunKey): string {
  return `${task}/${run}`;
}
