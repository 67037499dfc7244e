// What a coordinator keeps of a run and of those who take part in it. Plain values: a store may write them down as they are.
import type { Certificate } from '../service/certificate.ts';
import type { Stage } from './decide.ts';
import type { SumVector } from '../masking/vector.ts';

/** Which run: its task, as 64 hexadecimal digits, and its number. */
export interface RunKey {
  /** Digest of the task, 64 hexadecimal digits. */
  readonly task: string;
  /** Number of the run. */
  readonly run: number;
}

/** One attempt: the session of those who were ready. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** Name of the session for the host, and its context. */
  readonly session: string;
  /** Certificates and revocation list, as participants get them. */
  readonly roster: Uint8Array;
  /** Ids of the participants of the session, ascending. */
  readonly members: readonly number[];
  /** The protocol round that is being collected, 0 to 4. */
  readonly round: number;
  /** In round 4, what auditors will be given; else empty. */
  readonly certificate: string;
}

/** How a run ended. */
export interface RunEnd {
  /** Service time, in milliseconds. */
  readonly at: number;
  /** Null if there is a sum; else the code of the last attempt's error. */
  readonly code: string | null;
  /** Ids of the users in the sum, ascending; none without a sum. */
  readonly included: readonly number[];
  /** The sum; null if there is none. */
  readonly sum: SumVector | null;
  /** For auditors; empty without a sum. */
  readonly certificate: string;
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
  /** Service time since which it is in this stage or protocol round, in milliseconds. */
  readonly since: number;
  /** Whether the stage or the protocol round was extended. */
  readonly extended: boolean;
  /** The present attempt, or the last one. */
  readonly attempt: Attempt | null;
  /** Participants that take part in no later attempt: their answer of round 2 was taken, or they are to blame. */
  readonly excluded: readonly number[];
  /** How it ended; null while it goes on. */
  readonly end: RunEnd | null;
}

/** Where a participant of a run is. Who has checked in is selected once check-in has ended. */
export type ParticipantStatus = 'checked-in' | 'ready' | 'left';

/** A participant of a run. */
export interface Participant {
  /** The certificate with which it came. */
  readonly certificate: Certificate;
  /** Where it is. */
  readonly status: ParticipantStatus;
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
