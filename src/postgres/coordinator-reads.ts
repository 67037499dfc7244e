// What a coordinator reads for each check-in. Requests that come together share statements, of which each costs more than its row.
import type { RunKey } from '../coordinator/run-record.ts';
import * as sql from './coordinator-statements.ts';
import * as participants from './participant-statements.ts';
import { SharedRead } from './shared-read.ts';
import type { Query } from './statement.ts';

/** Rows that one statement asks for. */
const MOST = 1000;

type AskedParticipant = RunKey & { readonly id: number };

export class CoordinatorReads {
  readonly #openRuns: SharedRead<sql.RunSlot, sql.OpenRunRow | undefined>;
  readonly #participants: SharedRead<AskedParticipant, participants.KeyedParticipantRow | undefined>;
  readonly #requests: SharedRead<sql.RequestSlot, sql.KeyedRequestRow | undefined>;

  constructor(query: Query) {
    this.#openRuns = sharedBy(
      ({ task, source }) => `${task}/${source}`,
      (asked) => query(sql.readOpenRunsOf, [asked.map(({ task }) => task), asked.map(({ source }) => source)]),
    );
    this.#participants = sharedBy(
      ({ task, run, id }) => `${task}/${run}/${id}`,
      (asked) =>
        query(participants.readParticipantsOf, [
          asked.map(({ task }) => task),
          asked.map(({ run }) => run),
          asked.map(({ id }) => id),
        ]),
    );
    this.#requests = sharedBy(
      ({ task, sender }) => `${task}/${sender}`,
      (asked) => query(sql.readRequestsOf, [asked.map(({ task }) => task), asked.map(({ sender }) => sender)]),
    );
  }

  openRun(task: string, source: string): Promise<sql.RunRow | undefined> {
    return this.#openRuns.ask({ task, source });
  }

  participant({ task, run }: RunKey, id: number): Promise<participants.ParticipantRow | undefined> {
    return this.#participants.ask({ task, run, id });
  }

  lastRequest(task: string, sender: string): Promise<sql.RequestRow | undefined> {
    return this.#requests.ask({ task, sender });
  }
}

/** @param keyOf the same for a question and for its row. @param read gives the rows that there are. */
function sharedBy<Asked, Row extends Asked>(
  keyOf: (asked: Asked) => string,
  read: (asked: readonly Asked[]) => Promise<readonly Row[]>,
): SharedRead<Asked, Row | undefined> {
  return new SharedRead(MOST, async (asked) => {
    const distinct = new Map(asked.map((each) => [keyOf(each), each]));
    const rows = new Map((await read([...distinct.values()])).map((row) => [keyOf(row), row]));
    return asked.map((each) => rows.get(keyOf(each)));
  });
}
