// All that an agent remembers, and how it is written down: sealed, because a user's state in it holds the input.
import { digest } from '../crypto/digest.ts';
import { LABELS } from '../crypto/labels.ts';
import { concat, u64, utf8 } from '../leaves/bytes.ts';
import { DIGEST_BYTES } from '../leaves/sizes.ts';
import {
  bytes,
  document,
  flag,
  integer,
  nullable,
  oneOf,
  oneOfKinds,
  record,
  type Codec,
  type Document,
} from '../session/codec.ts';
import type { History } from './floors.ts';
import { openState, type StateSeal } from '../participation/sealed-store.ts';
import type { StoredAgent } from '../participation/state-store.ts';

/** A run that the agent was selected for. */
export interface SelectedRun {
  readonly announcement: Uint8Array;
  readonly run: number;
}

/** No run. */
interface Idle {
  readonly phase: 'idle';
}

/** Its input for the run is to be loaded, or loaded and the coordinator to be told. */
export interface Preparing extends SelectedRun {
  readonly phase: 'preparing';
  /** The highest attempt of this run that it was in; 0 for none. */
  readonly attempt: number;
}

/** It knows who is enrolled in an attempt, and awaits the seed and the certificates of its cohort. */
export interface Enrolled extends SelectedRun {
  readonly phase: 'enrolled';
  /** The highest attempt before, as in {@link Preparing}. */
  readonly attempt: number;
  /** The attempt that it is enrolled in. There is one enrolment for it, whatever the coordinator says later. */
  readonly drawn: number;
  /** The time of the seed and the ids of all that are enrolled, as they came before that time. */
  readonly enrolment: Uint8Array;
}

/** In the session of an attempt. */
export interface InSession extends SelectedRun {
  readonly phase: 'session';
  readonly attempt: number;
  /** Digest of the id of the input, 32 bytes: it is claimed for this attempt. */
  readonly input: Uint8Array;
  /** State of the user, with the encoded vector until round 2 is answered. */
  readonly user: string;
  /** The round that it has answered last; the answer may not have arrived. */
  readonly answered: number;
}

/** It has no more to do in this run, except to hear how it ends. */
export interface Awaiting extends SelectedRun {
  readonly phase: 'awaiting';
  readonly attempt: number;
  /** Whether its input is spent: it joins no later attempt of the run then. */
  readonly spent: boolean;
}

/** It takes no further part, and the coordinator is to be told, so that nobody waits for it. */
export interface Leaving extends SelectedRun {
  readonly phase: 'leaving';
  /** The attempt in which it takes no part; 0 for the whole run. */
  readonly attempt: number;
}

/** What an agent does in a run. */
export type SelectedWork = Preparing | Enrolled | InSession | Awaiting | Leaving;

/** What an agent is doing. */
type Work = Idle | SelectedWork;

/** All that an agent remembers. */
export interface AgentState {
  /** Grows with every change. */
  readonly revision: number;
  /** Requests are numbered below; the numbers up to it are used up. */
  readonly sequenceLimit: number;
  readonly history: History;
  /** Digests of the ids of inputs that have been sent, 32 bytes each, in one byte string. */
  readonly spent: Uint8Array;
  /** State of the participant's privacy ledger; null without a budget. */
  readonly ledger: Uint8Array | null;
  readonly work: Work;
}

export const FRESH: AgentState = {
  revision: 0,
  sequenceLimit: 0,
  history: { highestRun: -1, participations: 0, lastParticipation: null, draws: 0, revocationNumber: 0 },
  spent: new Uint8Array(),
  ledger: null,
  work: { phase: 'idle' },
};

const count = integer(0, Number.MAX_SAFE_INTEGER);
const attempt = integer(0, 2 ** 32 - 1);
const run = count;
const announcement = bytes();
/** The state of a user: longer than what `text` takes, and secret. */
const userState: Codec<string> = {
  encode(value): unknown {
    const plaintext = utf8(value);
    const encoded = bytes().encode(plaintext);
    plaintext.fill(0);
    return encoded;
  },
  decode(json, path): string {
    const plaintext = bytes().decode(json, path);
    const value = new TextDecoder().decode(plaintext);
    plaintext.fill(0);
    return value;
  },
};

const work = oneOfKinds<'phase', Work>('phase', {
  idle: record<Idle>({ phase: oneOf('idle') }),
  preparing: record<Preparing>({ phase: oneOf('preparing'), announcement, run, attempt }),
  enrolled: record<Enrolled>({
    phase: oneOf('enrolled'),
    announcement,
    run,
    attempt,
    drawn: attempt,
    enrolment: bytes(),
  }),
  session: record<InSession>({
    phase: oneOf('session'),
    announcement,
    run,
    attempt,
    input: bytes(DIGEST_BYTES),
    user: userState,
    answered: integer(0, 4),
  }),
  awaiting: record<Awaiting>({ phase: oneOf('awaiting'), announcement, run, attempt, spent: flag }),
  leaving: record<Leaving>({ phase: oneOf('leaving'), announcement, run, attempt }),
});

const agentDocument: Document<AgentState> = document<AgentState>(
  'agent',
  2,
  record<AgentState>({
    revision: count,
    sequenceLimit: count,
    history: record<History>({
      highestRun: integer(-1, Number.MAX_SAFE_INTEGER),
      participations: count,
      lastParticipation: nullable(count),
      draws: count,
      revocationNumber: count,
    }),
    spent: bytes(),
    ledger: nullable(bytes()),
    work,
  }),
);

/** What seals an agent's states: 32 bytes of the application, and what they belong to. */
export interface AgentSeal {
  readonly key: Uint8Array;
  /** Digest of the task, id of the participant, and its data source: a state does not open for another one. */
  readonly task: Uint8Array;
  readonly id: number;
  readonly source: string;
}

export function sealOf({ key, task, id, source }: AgentSeal): StateSeal {
  return { key, owner: concat([LABELS.agentStateSeal, task, u64(id), inputDigest(source, '')]) };
}

export function serialized(state: AgentState): string {
  return agentDocument.serialize(state);
}

/** @throws StateError if the text is no state. */
export function parsed(text: string): AgentState {
  return agentDocument.parse(text);
}

/** @throws StateError if it does not open: another key, task, participant, source or revision, or a changed byte. */
export function opened(stored: StoredAgent, by: AgentSeal): AgentState {
  return parsed(openState(stored, sealOf(by)));
}

/** What stands for an input's id, 32 bytes. */
export function inputDigest(source: string, id: string): Uint8Array {
  return digest(LABELS.agentInput, [u64(utf8(source).length), utf8(source), utf8(id)]);
}

/** Whether an input was sent before. */
export function isSpent({ spent }: AgentState, input: Uint8Array): boolean {
  for (let at = 0; at < spent.length; at += DIGEST_BYTES) {
    if (input.every((byte, i) => byte === spent[at + i])) return true;
  }
  return false;
}
