// The states of the server: one interface a phase, named after the round that it collects. No secret is in any of them.
//
// Unlike a user's, they are filled in place: a message that has passed every check is entered into the collections of
// its phase, and a masked input is added to the running sum, without a copy of either. Receiving is synchronous, so that
// nobody ever sees half of it; closing a round makes a new state and leaves the old one as it was.
import type { SignPublicKey } from '../crypto/sign.ts';
import type { UserId } from '../leaves/ids.ts';
import type { Members } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import type { DroppedUser } from '../leaves/progress.ts';
import type { Lanes } from '../masking/ring.ts';
import type { Failed } from '../session/failure.ts';
import type { Advertisement, Deal } from '../session/messages.ts';
import type { Parameters, Policy } from '../session/parameters.ts';
import type { Roster } from './roster.ts';

/** What does not change during a session. */
export interface ServerContext {
  readonly parameters: Parameters;
  readonly tag: Uint8Array;
  readonly policy: Policy;
  /** The application's PKI, if the server was given it. */
  readonly publicKeys: ReadonlyMap<UserId, SignPublicKey> | null;
}

/** All that a server is. */
export interface ServerSnapshot {
  /** Grows with every change. */
  readonly revision: number;
  readonly context: Omit<ServerContext, 'tag'>;
  /** For each round, whose message was accepted and its digest: the same bytes again change nothing. */
  readonly received: readonly Map<UserId, Uint8Array>[];
  readonly dropped: readonly DroppedUser[];
  readonly state: ServerState;
}

/** Round 0 is being collected. */
export interface CollectingKeys {
  readonly phase: 'advertise-keys';
  readonly advertisements: Map<UserId, Advertisement>;
  /** All keys so far in hexadecimal, to find one that comes twice. */
  readonly keys: Set<string>;
}

interface WithDirectory {
  readonly directory: Roster;
  readonly directoryDigest: Uint8Array;
}

/** A deal whose records are kept elsewhere, by a store that makes its servers from rows. */
export interface FiledDeal {
  /** `digestOfDeal` of the whole deal. */
  readonly digest: Uint8Array;
  readonly seedCommitment: Uint8Array;
  readonly ownShareCommitment: Uint8Array | null;
  /** The owner's pair of commitments to the shares of one holder, 32 bytes; undefined if they were not read. */
  readonly commitmentsTo: (owner: Position, holder: Position) => Uint8Array | undefined;
}

/** Round 1. Maps of this and later phases are by position. */
export interface CollectingDeals extends WithDirectory {
  readonly phase: 'share-keys';
  readonly deals: Map<Position, Deal | FiledDeal>;
}

/** Round 2. */
export interface CollectingInputs extends WithDirectory {
  readonly phase: 'masked-input';
  readonly u2: Members;
  readonly view2: Uint8Array;
  /** Of U2; filed deals of those at least that send an input. */
  readonly deals: ReadonlyMap<Position, Deal | FiledDeal>;
  /** Σ y_u of those heard; the inputs themselves are not kept. */
  readonly sum: Lanes;
  readonly heard: Set<Position>;
}

/** What stays of a deal once its ciphertexts are delivered. */
export interface DealtCommitments {
  readonly seedCommitment: Uint8Array;
  readonly ownShareCommitment: Uint8Array | null;
  /** Commitments to the shares of the neighbors: pairs of deals.ts. */
  readonly shares: Uint8Array;
}

interface WithSurvivors extends WithDirectory {
  readonly u2: Members;
  readonly u3: Members;
  readonly view2: Uint8Array;
  readonly view3: Uint8Array;
  /** Of U2; filed deals as far as they are needed. */
  readonly commitments: ReadonlyMap<Position, DealtCommitments | FiledDeal>;
  /** Σ y_u over U3. */
  readonly sum: Lanes;
}

/** Round 3. */
export interface CollectingSignatures extends WithSurvivors {
  readonly phase: 'consistency-check';
  readonly signatures: Map<Position, Uint8Array>;
}

/** One holder's answer about each user whose shares it may hold, in the graph's order. */
export interface Answer {
  /** 32 bytes an owner; zero if there is no good share. */
  readonly shares: Uint8Array;
  /** One byte an owner: a `Verdict`. */
  readonly verdicts: Uint8Array;
}

/**
 * What an answer holds about one owner: a share that matches the owner's commitment, a report, a wrong share, or nothing,
 * because the owner is not in U2.
 */
export const VERDICT = { good: 0, reported: 1, wrong: 2, none: 3 } as const;

/** Round 4. */
export interface CollectingAnswers extends WithSurvivors {
  readonly phase: 'unmasking';
  readonly u4: Members;
  /** Of U4. */
  readonly signatures: ReadonlyMap<Position, Uint8Array>;
  readonly answers: Map<Position, Answer>;
}

/** The sum is known. */
export interface Finished {
  readonly phase: 'finished';
  /** U3: the users in the sum. */
  readonly included: readonly UserId[];
  /** |U1|, for messages that come again. */
  readonly users: number;
  readonly sum: Lanes;
}

/** A state in which messages are collected. */
export type CollectingState = CollectingKeys | CollectingDeals | CollectingInputs | CollectingSignatures | CollectingAnswers;

/** A state that follows a round. */
export type ClosedState = Exclude<CollectingState, CollectingKeys> | Finished;

export type ServerState = CollectingState | Finished | Failed;

/** The state that collects one phase. */
export type StateOf<Phase extends CollectingState['phase']> = Extract<CollectingState, { readonly phase: Phase }>;

/** What a state has heard in its round, without what it has from rounds before. */
export type Heard = CollectingKeys | HeardDeals | HeardInputs | HeardSignatures | HeardAnswers;

export type HeardDeals = Pick<CollectingDeals, 'phase' | 'deals'>;
export type HeardInputs = Pick<CollectingInputs, 'phase' | 'heard' | 'sum'>;
export type HeardSignatures = Pick<CollectingSignatures, 'phase' | 'signatures'>;
export type HeardAnswers = Pick<CollectingAnswers, 'phase' | 'answers'>;

/** What one of several servers that share a session has heard in one round, for another of them to add. */
export interface ServerPart {
  /** What tells the state that these messages were made for: parts of other sessions, rounds or sets do not fit. */
  readonly base: Uint8Array;
  /** Digests of the messages. */
  readonly received: ReadonlyMap<UserId, Uint8Array>;
  /** Who was found out in this round. */
  readonly dropped: readonly DroppedUser[];
  readonly heard: Heard;
}
