// At which runs a process looks in a tick. A look costs a store several calls, and most runs only wait for their participants.
import type { RunKey, RunRecord } from './run-record.ts';

/** Milliseconds after which a process looks at a run again that is not due: another process may have ended in the middle of its work. */
const LONGEST_REST = 5000;

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
   * Those of the open runs that are due, that another process has changed, or that nobody has looked at for some time. Runs that are no
   * longer open are forgotten.
   *
   * @param now service time, in milliseconds.
   */
  among(open: readonly RunRecord[], now: number): readonly RunRecord[] {
    const names = new Set(open.map(nameOf));
    for (const name of this.#looks.keys()) if (!names.has(name)) this.#looks.delete(name);
    return open.filter((run) => {
      const look = this.#looks.get(nameOf(run));
      return look?.revision !== run.revision || now >= look.until;
    });
  }

  /**
   * Looks at a run. It stays due if the look fails, or if somebody answers meanwhile.
   *
   * @param advance does what is to be done, and says until when there is nothing more.
   */
  async look(run: RunRecord, now: number, advance: () => Promise<number>): Promise<void> {
    const look: Look = { revision: run.revision, until: now };
    this.#looks.set(nameOf(run), look);
    look.until = Math.min(await advance(), now + LONGEST_REST);
  }

  /** Somebody has answered: what is known of the run is no longer so. */
  answered(key: RunKey): void {
    this.#looks.delete(nameOf(key));
  }
}

function nameOf({ task, run }: RunKey): string {
  return `${task}/${run}`;
}
