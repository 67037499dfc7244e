// What a coordinator needs of a store. Each method is one atomic step with its precondition: any number of processes may call them.
import type { Certificate } from '../service/certificate.ts';
import type { AttemptParts, Counts, Participant, RunEnding, RunKey, RunRecord, SessionKey, SessionRecord } from './run-record.ts';

/** What a participant's last request was. */
export interface LastRequest {
  /** Its number. */
  readonly sequence: number;
  /** Digest of the request with this number, 32 bytes. */
  readonly digest: Uint8Array;
}

/** Where the runs of a coordinator are. */
export interface CoordinatorStore {
  /** Most bytes of a sum that the store keeps, with 4 bytes for each component of up to 32 bits and 8 for others. Undefined: any number. */
  readonly mostSumBytes?: number;
  /**
   * Service time in milliseconds: it moves with each call by as much as the clock has moved, by 5 seconds at most, and never back. So
   * a deadline does not pass while no process serves.
   */
  heartbeat(): Promise<number>;
  /** Adds a run. @returns false if its number is not above those of the task before, or if its source has a run that goes on. */
  createRun(run: RunRecord): Promise<boolean>;
  /** A run, also one that has ended; null if there is none. */
  run(key: RunKey): Promise<RunRecord | null>;
  /** The run of a task and source that goes on. */
  openRun(task: string, source: string): Promise<RunRecord | null>;
  /** All runs that go on. */
  openRuns(): Promise<readonly RunRecord[]>;
  /**
   * Replaces a run that goes on by its next revision. If it goes back to training, all that were ready must say again that they are.
   *
   * @param parts of a new attempt: sessions of earlier attempts are forgotten.
   * @returns false if the store has another revision.
   */
  replaceRun(run: RunRecord, parts?: AttemptParts): Promise<boolean>;
  /**
   * Ends a run, and drops the sums of its sessions. In the same step it counts the run if it has a sum, and how many others of its task were
   * counted since it was created.
   *
   * @param run its present revision, with the `excluded` that are to stay.
   * @returns the next revision, with its staleness; null if the store has another revision.
   */
  endRun(run: RunRecord, ending: RunEnding): Promise<RunRecord | null>;
  /** Who is enrolled in the present attempt, or was in the last one, as {@link replaceRun} was given it; null without cohorts. */
  enrolment(key: RunKey): Promise<Uint8Array | null>;
  /** A session of the present or last attempt; null if there is none. */
  session(key: SessionKey): Promise<SessionRecord | null>;
  /** The roster of a session, as {@link replaceRun} was given it; null if there is no such session of this attempt. */
  roster(session: SessionKey & Pick<SessionRecord, 'attempt'>): Promise<Uint8Array | null>;
  /** What auditors are given about a session, as {@link replaceSession} was given it; null if there is none. */
  certificate(key: SessionKey): Promise<string | null>;
  /** Indices of the sessions that have not ended, ascending. */
  openSessions(key: RunKey): Promise<readonly number[]>;
  /**
   * Replaces a session by its next revision.
   *
   * @param certificate what auditors are given, once it is there.
   * @returns false if the store has another revision, or another attempt.
   */
  replaceSession(session: SessionRecord, certificate?: string): Promise<boolean>;
  /** Runs that ended at or before this service time are forgotten, with their participants. */
  forgetRuns(task: string, endedBefore: number): Promise<void>;
  /** A participant of a run; null if there is none. */
  participant(key: RunKey, id: number): Promise<Participant | null>;
  /**
   * Enters a participant that checks in, also one that had left, or whose certificate is of another key and has a lower number. The latter takes
   * its own place also during training, if it was in no session and is not ready.
   *
   * @returns its entry, or the one that it had; null if there are `most` others or if check-in has ended.
   */
  checkIn(key: RunKey, certificate: Certificate, most: number): Promise<Participant | null>;
  /**
   * A participant that was selected has its input ready.
   *
   * @param certificate of its entry, as it was read.
   * @returns false if it did not check in, if it has another certificate by now, or if no inputs are loaded now.
   */
  setReady(key: RunKey, certificate: Certificate): Promise<boolean>;
  /**
   * A participant takes no further part. Nothing changes if it has another certificate by now.
   *
   * @param certificate of its entry, as it was read.
   * @param attempt in this attempt; 0 for the whole run.
   */
  setLeft(key: RunKey, certificate: Certificate, attempt: number): Promise<void>;
  /** The members of a session of this attempt that take no further part, ascending. */
  left(key: SessionKey & Pick<SessionRecord, 'attempt'>): Promise<readonly number[]>;
  /** How many participants of a run there are. */
  counts(key: RunKey): Promise<Counts>;
  /** All participants of a run, also those that have left. */
  participants(key: RunKey): Promise<readonly Participant[]>;
  /**
   * Writes the revocation list of a registrar, unless there is one with this number or a higher one.
   *
   * @param registrar digest of its key and scope, as 64 hexadecimal digits.
   */
  raiseRevocationList(registrar: string, number: number, list: Uint8Array): Promise<void>;
  /** The revocation list of a registrar; null if there is none, or if its number is not above this one. */
  revocationList(registrar: string, above: number): Promise<Uint8Array | null>;
  /**
   * The newest request that was noted, if any is remembered.
   *
   * @param sender a participant with one key: with another key it begins anew.
   */
  lastRequest(task: string, sender: string): Promise<LastRequest | null>;
  /**
   * Notes a participant's request.
   *
   * @returns what was noted before if its number is as high or higher, and nothing has changed; else null.
   */
  noteRequest(task: string, sender: string, request: LastRequest, epoch: number): Promise<LastRequest | null>;
  /** Requests that were noted before this epoch are forgotten. */
  forgetRequests(before: number): Promise<void>;
}
