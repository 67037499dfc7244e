// The store of a coordinator that is one process: everything is gone when the process ends.
import { checkFunction } from '../leaves/checks.ts';
import { replaces, type Certificate } from '../service/certificate.ts';
import {
  endedRun,
  mayReplace,
  type AttemptParts,
  type Counts,
  type NewSession,
  type Participant,
  type RunEnding,
  type RunKey,
  type RunRecord,
  type SessionKey,
  type SessionRecord,
} from './run-record.ts';
import { ServiceTime } from '../leaves/service-time.ts';
import { Attendees } from './attendees.ts';
import type { CoordinatorStore, LastRequest } from './store.ts';

interface StoredRun {
  record: RunRecord;
  /** Sums of its task before it was opened. */
  readonly sumsBefore: number;
  readonly attendees: Attendees;
  enrolment: Uint8Array | null;
  sessions: readonly StoredSession[];
}

interface StoredSession {
  record: SessionRecord;
  readonly roster: Uint8Array;
  certificate: string | null;
}

const nameOf = ({ task, run }: RunKey): string => `${task}/${run}`;

interface StoredTask {
  highestRun: number;
  /** Runs that have ended with a sum. */
  sums: number;
}

/** Keeps the runs of a coordinator in memory. */
export class MemoryCoordinatorStore implements CoordinatorStore {
  readonly #time: ServiceTime;
  readonly #runs = new Map<string, StoredRun>();
  /** Runs that go on, by task and source. */
  readonly #open = new Map<string, StoredRun>();
  readonly #tasks = new Map<string, StoredTask>();
  readonly #revocationLists = new Map<string, { readonly number: number; readonly list: Uint8Array }>();
  readonly #requests = new Map<string, LastRequest & { readonly epoch: number }>();

  /** @param clock milliseconds, from any beginning; default `performance.now`. */
  constructor(clock: () => number = () => performance.now()) {
    this.#time = new ServiceTime(checkFunction(clock, 'clock'));
  }

  /** As `CoordinatorStore.heartbeat`. */
  heartbeat(): Promise<number> {
    return Promise.resolve(this.#time.heartbeat());
  }

  /** As `CoordinatorStore.createRun`. */
  createRun(record: RunRecord): Promise<boolean> {
    const { task, source, run } = record;
    const slot = `${task}/${source}`;
    const known = this.#tasks.get(task) ?? { highestRun: -1, sums: 0 };
    if (this.#open.has(slot) || run <= known.highestRun) return Promise.resolve(false);
    const stored: StoredRun = { record, sumsBefore: known.sums, attendees: new Attendees(), enrolment: null, sessions: [] };
    this.#runs.set(nameOf(record), stored);
    this.#open.set(slot, stored);
    this.#tasks.set(task, { ...known, highestRun: run });
    return Promise.resolve(true);
  }

  /** As `CoordinatorStore.run`. */
  run(key: RunKey): Promise<RunRecord | null> {
    return Promise.resolve(this.#runs.get(nameOf(key))?.record ?? null);
  }

  /** As `CoordinatorStore.openRun`. */
  openRun(task: string, source: string): Promise<RunRecord | null> {
    return Promise.resolve(this.#open.get(`${task}/${source}`)?.record ?? null);
  }

  /** As `CoordinatorStore.openRuns`. */
  openRuns(): Promise<readonly RunRecord[]> {
    return Promise.resolve(Array.from(this.#open.values(), ({ record }) => record));
  }

  /** As `CoordinatorStore.replaceRun`. */
  replaceRun(record: RunRecord, { enrolment, sessions }: AttemptParts = {}): Promise<boolean> {
    const stored = this.#runs.get(nameOf(record));
    if (stored?.record.revision !== record.revision - 1) return Promise.resolve(false);
    if (record.stage === 'training' && (stored.record.stage === 'session' || stored.record.stage === 'draw')) {
      for (const known of stored.attendees.all()) {
        if (known.status === 'ready') stored.attendees.set({ ...known, status: 'checked-in' });
      }
    }
    stored.record = record;
    stored.attendees.exclude(record.excluded);
    if (enrolment !== undefined) stored.enrolment = enrolment;
    if (sessions !== undefined) beginSessions(stored, sessions);
    return Promise.resolve(true);
  }

  /** As `CoordinatorStore.endRun`. */
  endRun(record: RunRecord, ending: RunEnding): Promise<RunRecord | null> {
    const { task: id, source, revision, excluded } = record;
    const [stored, task] = [this.#runs.get(nameOf(record)), this.#tasks.get(id)];
    if (stored?.record.revision !== revision || task === undefined) return Promise.resolve(null);
    stored.record = endedRun(record, ending, task.sums - stored.sumsBefore);
    if (ending.code === null) task.sums++;
    stored.attendees.exclude(excluded);
    this.#open.delete(`${id}/${source}`);
    for (const session of stored.sessions) session.record = withoutSum(session.record);
    return Promise.resolve(stored.record);
  }

  /** As `CoordinatorStore.enrolment`. */
  enrolment(key: RunKey): Promise<Uint8Array | null> {
    return Promise.resolve(this.#runs.get(nameOf(key))?.enrolment ?? null);
  }

  /** As `CoordinatorStore.session`. */
  session(key: SessionKey): Promise<SessionRecord | null> {
    return Promise.resolve(this.#session(key)?.record ?? null);
  }

  #session(key: SessionKey): StoredSession | undefined {
    return this.#runs.get(nameOf(key))?.sessions[key.index];
  }

  /** As `CoordinatorStore.roster`. */
  roster(key: SessionKey & Pick<SessionRecord, 'attempt'>): Promise<Uint8Array | null> {
    const session = this.#session(key);
    return Promise.resolve(session?.record.attempt === key.attempt ? session.roster : null);
  }

  /** As `CoordinatorStore.certificate`. */
  certificate(key: SessionKey): Promise<string | null> {
    return Promise.resolve(this.#session(key)?.certificate ?? null);
  }

  /** As `CoordinatorStore.openSessions`. */
  openSessions(key: RunKey): Promise<readonly number[]> {
    const sessions = this.#runs.get(nameOf(key))?.sessions ?? [];
    return Promise.resolve(sessions.flatMap(({ record: { index, end } }) => (end === null ? [index] : [])));
  }

  /** As `CoordinatorStore.replaceSession`. */
  replaceSession(next: SessionRecord, certificate?: string): Promise<boolean> {
    const stored = this.#session(next);
    if (stored?.record.attempt !== next.attempt || stored.record.revision !== next.revision - 1) return Promise.resolve(false);
    stored.record = next;
    if (certificate !== undefined) stored.certificate = certificate;
    return Promise.resolve(true);
  }

  /** As `CoordinatorStore.forgetRuns`. */
  forgetRuns(task: string, endedBefore: number): Promise<void> {
    for (const [name, { record }] of this.#runs) {
      if (record.task === task && record.end !== null && record.end.at <= endedBefore) this.#runs.delete(name);
    }
    return Promise.resolve();
  }

  /** As `CoordinatorStore.participant`. */
  participant(key: RunKey, id: number): Promise<Participant | null> {
    return Promise.resolve(this.#runs.get(nameOf(key))?.attendees.get(id) ?? null);
  }

  /** As `CoordinatorStore.checkIn`. */
  checkIn(key: RunKey, certificate: Certificate, most: number): Promise<Participant | null> {
    const stored = this.#runs.get(nameOf(key));
    if (stored === undefined) return Promise.resolve(null);
    const known = stored.attendees.get(certificate.id);
    const isIn = known !== undefined && known.status !== 'left';
    if (isIn && !replaces(certificate, known.certificate)) return Promise.resolve(known);
    const others = stored.attendees.counts().checkedIn - Number(isIn);
    const mayEnter = isIn ? mayReplace(stored.record, known, certificate) : stored.record.stage === 'check-in';
    if (!mayEnter || others >= most) return Promise.resolve(null);
    const participant: Participant = { certificate, status: 'checked-in', session: null, refused: 0 };
    stored.attendees.set(participant);
    return Promise.resolve(participant);
  }

  /** As `CoordinatorStore.setReady`. */
  setReady(key: RunKey, certificate: Certificate): Promise<boolean> {
    const stored = this.#runs.get(nameOf(key));
    const known = stored?.attendees.with(certificate);
    if (stored === undefined || known === undefined || known.status === 'left') return Promise.resolve(false);
    if (known.status === 'ready') return Promise.resolve(true);
    if (stored.record.stage !== 'training') return Promise.resolve(false);
    stored.attendees.set({ ...known, status: 'ready' });
    return Promise.resolve(true);
  }

  /** As `CoordinatorStore.setLeft`. */
  setLeft(key: RunKey, certificate: Certificate, attempt: number): Promise<void> {
    const stored = this.#runs.get(nameOf(key));
    const known = stored?.attendees.with(certificate);
    if (known !== undefined) stored?.attendees.set(attempt === 0 ? { ...known, status: 'left' } : { ...known, refused: attempt });
    return Promise.resolve();
  }

  /** As `CoordinatorStore.left`. */
  left(key: SessionKey & Pick<SessionRecord, 'attempt'>): Promise<readonly number[]> {
    return Promise.resolve(this.#runs.get(nameOf(key))?.attendees.left(key) ?? []);
  }

  /** As `CoordinatorStore.counts`. */
  counts(key: RunKey): Promise<Counts> {
    return Promise.resolve(this.#runs.get(nameOf(key))?.attendees.counts() ?? { checkedIn: 0, selected: 0, ready: 0 });
  }

  /** As `CoordinatorStore.participants`. */
  participants(key: RunKey): Promise<readonly Participant[]> {
    return Promise.resolve([...(this.#runs.get(nameOf(key))?.attendees.all() ?? [])]);
  }

  /** As `CoordinatorStore.raiseRevocationList`. */
  raiseRevocationList(registrar: string, number: number, list: Uint8Array): Promise<void> {
    if (number > (this.#revocationLists.get(registrar)?.number ?? -1)) this.#revocationLists.set(registrar, { number, list });
    return Promise.resolve();
  }

  /** As `CoordinatorStore.revocationList`. */
  revocationList(registrar: string, above: number): Promise<Uint8Array | null> {
    const known = this.#revocationLists.get(registrar);
    return Promise.resolve(known !== undefined && known.number > above ? known.list : null);
  }

  /** As `CoordinatorStore.lastRequest`. */
  lastRequest(task: string, sender: string): Promise<LastRequest | null> {
    return Promise.resolve(this.#requests.get(`${task}/${sender}`) ?? null);
  }

  /** As `CoordinatorStore.noteRequest`. */
  noteRequest(task: string, sender: string, request: LastRequest, epoch: number): Promise<LastRequest | null> {
    const name = `${task}/${sender}`;
    const last = this.#requests.get(name);
    if (last !== undefined && last.sequence >= request.sequence) return Promise.resolve(last);
    this.#requests.set(name, { ...request, epoch });
    return Promise.resolve(null);
  }

  /** As `CoordinatorStore.forgetRequests`. */
  forgetRequests(before: number): Promise<void> {
    for (const [name, { epoch }] of this.#requests) if (epoch < before) this.#requests.delete(name);
    return Promise.resolve();
  }
}

/** The sessions of an attempt take the place of those before. */
function beginSessions(stored: StoredRun, sessions: readonly NewSession[]): void {
  const sessionOf = new Map(sessions.flatMap(({ record: { index }, members }) => members.map((id) => [id, index] as const)));
  stored.sessions = sessions.map(({ record, roster }) => ({ record, roster, certificate: null }));
  for (const known of stored.attendees.all()) {
    stored.attendees.set({ ...known, session: sessionOf.get(known.certificate.id) ?? null });
  }
}

function withoutSum(session: SessionRecord): SessionRecord {
  return { ...session, end: session.end === null ? null : { ...session.end, sum: null } };
}
