// What a coordinator keeps of a run and of those who take part in it. Plain values: a store may write them down as they are.
import type { Announcement } from '../service/announcement.ts';
import { replaces, type Certificate } from '../service/certificate.ts';
import type { Draw } from '../service/attempt-plan.ts';
import type { Task } from '../service/task.ts';
import type { Stage } from './decide.ts';
import type { SumVector } from '../masking/vector.ts';

/** Which run: its task, as 64 hexadecimal digits, and its number. */
export interface RunKey {
  /** Digest of the task, 64 hexadecimal digits. */
  readonly task: string;
  /** Number of the run. */
  readonly run: number;
}

/** One attempt, with those who were ready. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** The name of its session; with cohorts a name that is like one, for receipts. */
  readonly name: string;
  /** Of cohorts: the time that their seed is of, in seconds since 1970; null if there is one session. */
  readonly seedAt: number | null;
  /** How many sessions there are; 0 before cohorts are drawn. */
  readonly sessions: number;
}

/** Which session of the present attempt of a run. */
export interface SessionKey extends RunKey {
  /** From 0. */
  readonly index: number;
}

/** A session of the present attempt. */
export interface SessionRecord extends SessionKey {
  /** Grows with every change; a store replaces a record only by the next one. */
  readonly revision: number;
  /** Number of the attempt. */
  readonly attempt: number;
  /** Its name for the host, and its context. */
  readonly name: string;
  /** Which cohort of which draw it is; null if it is the only session. */
  readonly draw: Draw | null;
  /** Participants of the session. */
  readonly users: number;
  /** The protocol round that is being collected, 0 to 4. */
  readonly round: number;
  /** Service time since which it is in this round, in milliseconds. */
  readonly since: number;
  /** Whether the round was extended. */
  readonly extended: boolean;
  /** How it ended; null while it goes on. */
  readonly end: SessionEnd | null;
}

/** A session that begins, and what grows with the number of its participants: it is kept apart from the record, which each request reads. */
export interface NewSession {
  /** The session itself. */
  readonly record: SessionRecord;
  /** Ids of its participants, ascending. */
  readonly members: readonly number[];
  /** Certificates and revocation list, as participants get them. */
  readonly roster: Uint8Array;
}

/** How a session ended. */
export interface SessionEnd {
  /** Null if there is a sum; else the code of its error. */
  readonly code: string | null;
  /** Ids of the users in the sum, ascending; none without a sum. */
  readonly included: readonly number[];
  /** Participants that take part in no later attempt: their answer of round 2 was taken, or they are to blame. */
  readonly out: readonly number[];
  /** The sum, until the run has ended; null if there is none. */
  readonly sum: SumVector | null;
}

/** How a run ends. */
export interface RunEnding {
  /** Service time, in milliseconds. */
  readonly at: number;
  /** Null if there is a sum; else the code of the last attempt's error. */
  readonly code: string | null;
  /** Ids of the users in the sum, ascending; none without a sum. */
  readonly included: readonly number[];
  /** Number of users of each session that is in the sum. */
  readonly cohorts: readonly number[];
  /** The sum over all sessions that have one; null if none has. */
  readonly sum: SumVector | null;
  /**
   * Secret seed of the noise that a trusted server adds (`noiseFrom: 'server'`), so that the result is the same whenever it is asked for: fresh noise
   * each time would be a release each time. Null without a sum.
   */
  readonly noiseSeed: Uint8Array | null;
}

/** How a run ended. */
export interface RunEnd extends RunEnding {
  /** How many other runs of the task have ended with a sum since this one was opened. */
  readonly staleness: number;
}

/** A run. */
export interface RunRecord extends RunKey {
  /** Grows with every change; a store replaces a record only by the next one. */
  readonly revision: number;
  /** The data source that the run asks about. */
  readonly source: string;
  /** As the publisher has signed it. */
  readonly announcement: Uint8Array;
  /** Where the run is. */
  readonly stage: Stage;
  /** Service time since which it is in this stage, in milliseconds. */
  readonly since: number;
  /** Whether the stage was extended. */
  readonly extended: boolean;
  /** The present attempt, or the last one. */
  readonly attempt: Attempt | null;
  /** Participants that take part in no later attempt: their answer of round 2 was taken, or they are to blame. */
  readonly excluded: readonly number[];
  /** How it ended; null while it goes on. */
  readonly end: RunEnd | null;
}

/** A run that has an attempt. @internal */
export type RunInAttempt = RunRecord & { readonly attempt: Attempt };

/** A run that has just been announced. @param since service time, in milliseconds. @internal */
export function openedRun(task: Task, { run, source, bytes: announcement }: Announcement, since: number): RunRecord {
  return {
    ...{ task: task.id, run, revision: 0, source, announcement, stage: 'check-in', since },
    ...{ extended: false, attempt: null, excluded: [], end: null },
  };
}

/**
 * The next revision of a run, in which it has ended.
 *
 * @param staleness of {@link RunEnd}, as its store has counted it.
 * @internal
 */
export function endedRun(run: RunRecord, ending: RunEnding, staleness: number): RunRecord {
  const stage = ending.code === null ? 'finished' : 'failed';
  return { ...run, revision: run.revision + 1, stage, end: { ...ending, staleness } };
}

/** @internal */
export function requireAttempt(run: RunRecord): RunInAttempt {
  const { attempt } = run;
  if (attempt === null) throw new Error(`run ${run.run} is in a session without an attempt`);
  return { ...run, attempt };
}

/** Where a participant of a run is. Who has checked in is selected once check-in has ended. */
export type ParticipantStatus = 'checked-in' | 'ready' | 'left';

/** A participant of a run. */
export interface Participant {
  /** The certificate with which it came. */
  readonly certificate: Certificate;
  /** Where it is. */
  readonly status: ParticipantStatus;
  /** Index of the session that it is in, or was in last; null if it was in none. */
  readonly session: number | null;
  /** The newest attempt in which it takes no part; 0 if there was none. */
  readonly refused: number;
}

/**
 * Whether a participant may take its own place with a new key: while participants come, and later if it has done nothing with the old one.
 *
 * @internal
 */
export function mayReplace({ stage }: Pick<RunRecord, 'stage'>, known: Participant, certificate: Certificate): boolean {
  if (known.status === 'left' || !replaces(certificate, known.certificate)) return false;
  return stage === 'check-in' || (stage === 'training' && known.status === 'checked-in' && known.session === null);
}

/** What an attempt is made of, for a store. */
export interface AttemptParts {
  /** Who is enrolled, before cohorts are drawn. */
  readonly enrolment?: Uint8Array;
  /** Its sessions, whose members they are from now on. */
  readonly sessions?: readonly NewSession[];
}

/** How many participants of a run there are by what they may still do. */
export interface Counts {
  /** That checked in and did not leave. */
  readonly checkedIn: number;
  /** Not ready, and not excluded. */
  readonly selected: number;
  /** Ready, and not excluded. */
  readonly ready: number;
}
