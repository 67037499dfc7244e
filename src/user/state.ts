// The states of a user: one interface a phase, named after the round whose message it waits for, with exactly the fields
// that later rounds need. Only json.ts may serialize them.
import type { SignPublicKey, SignSecretKey } from '../crypto/sign.ts';
import type { UserId } from '../leaves/ids.ts';
import type { Members } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import type { Parameters, Policy } from '../session/parameters.ts';
import type { Failed } from '../session/failure.ts';
import type { AdvertisedKeys } from '../session/messages.ts';
import type { HeldShares } from '../session/notation.ts';

/** The application's PKI as a user was given it, with itself. */
export type PublicKeys = ReadonlyMap<UserId, SignPublicKey>;

/** What does not change during a session, once the public keys are there. */
export interface UserContext {
  readonly parameters: Parameters;
  readonly tag: Uint8Array;
  readonly policy: Policy;
  readonly userId: UserId;
  readonly publicKeys: PublicKeys;
}

/** The context of a user whose public keys may come later. */
export interface UnkeyedContext extends Omit<UserContext, 'publicKeys'> {
  /** Null until they are given: in rounds 0 and 1 at most. */
  readonly publicKeys: PublicKeys | null;
}

/** What of a context is kept. */
export interface KeptContext extends Omit<UnkeyedContext, 'tag'> {
  /** The digest of the public keys that the session was made with, until the user is given its keys; null if none is known. */
  readonly roster: Uint8Array | null;
}

interface Live {
  readonly signSecretKey: SignSecretKey;
}

/** Round 0: nothing has happened yet. */
export interface AwaitingStart extends Live {
  readonly phase: 'advertise-keys';
}

/** Round 1: its keys are advertised. */
export interface AwaitingDirectory extends Live {
  readonly phase: 'share-keys';
  readonly advertised: AdvertisedKeys;
  readonly channelSecretKey: Uint8Array;
  readonly maskSecretKey: Uint8Array;
}

/** Where a user is in the session's graph. */
interface Placed {
  /** |U1|. */
  readonly users: number;
  /** Its own position. */
  readonly position: Position;
}

/** What later rounds need of a neighbor. */
export interface Peer {
  readonly userId: UserId;
  readonly maskKey: Uint8Array;
  /** Opens what it sealed for this user. */
  readonly openingKey: Uint8Array;
}

/** Round 2: its secrets are dealt, and the channel key is not needed again. */
export interface AwaitingSealedShares extends Live, Placed {
  readonly phase: 'masked-input';
  readonly directoryDigest: Uint8Array;
  /** Its neighbors, in the graph's order. */
  readonly peers: readonly Peer[];
  readonly maskSecretKey: Uint8Array;
  readonly selfMaskSeed: Uint8Array;
  /** Its share of its own b_u; null on a sparse graph, on which only its neighbors hold shares. */
  readonly ownShare: Uint8Array | null;
  /** The digest of what it dealt. */
  readonly dealDigest: Uint8Array;
}

/** What a holder has of one other user: its two shares, or null if it could not use what was dealt. */
export interface Holding {
  readonly position: Position;
  readonly shares: HeldShares | null;
}

/** What stays of a user's neighborhood once its input is masked. */
interface Holder extends Placed {
  /** Ids of its neighbors, in the graph's order. */
  readonly peers: readonly UserId[];
  readonly ownShare: Uint8Array | null;
  /** For each neighbor in U2, in the graph's order. */
  readonly holdings: readonly Holding[];
}

/** Round 3: its masked input is sent; the input and the secrets that masked it are forgotten. */
export interface AwaitingSurvivors extends Live, Holder {
  readonly phase: 'consistency-check';
  readonly u2: Members;
  readonly view2: Uint8Array;
}

/** Round 4: it has signed U3. */
export interface AwaitingSignatures extends Live, Holder {
  readonly phase: 'unmasking';
  readonly u2: Members;
  readonly u3: Members;
  readonly view3: Uint8Array;
}

/** It has answered round 4, once and for all. */
export interface Finished extends Placed {
  readonly phase: 'finished';
  readonly u2: Members;
  readonly u3: Members;
}

/** A state in which a message can be answered. */
export type AwaitingState = AwaitingStart | AwaitingDirectory | AwaitingSealedShares | AwaitingSurvivors | AwaitingSignatures;

export type UserState = AwaitingState | Finished | Failed;

/** All that a user is. */
export interface UserSnapshot {
  /** Grows with every change. */
  readonly revision: number;
  readonly context: KeptContext;
  /** Whether inputs are taken modulo 2^bits. */
  readonly modularInputs: boolean;
  /** x_u as lanes, from when it is given until it is masked. */
  readonly input: Uint8Array | null;
  /** Digests of the server's messages answered so far, one a round. */
  readonly answered: readonly Uint8Array[];
  /** The answer to the last of them. */
  readonly output: Uint8Array | null;
  readonly state: UserState;
}

/** All secrets that a state holds, for wiping when the session ends early. */
export function secretsOf(state: UserState): Uint8Array[] {
  switch (state.phase) {
    case 'advertise-keys':
      return [state.signSecretKey];
    case 'share-keys':
      return [state.signSecretKey, state.channelSecretKey, state.maskSecretKey];
    case 'masked-input':
      return [
        state.signSecretKey,
        state.maskSecretKey,
        state.selfMaskSeed,
        ...ownShareOf(state),
        ...state.peers.map(({ openingKey }) => openingKey),
      ];
    case 'consistency-check':
    case 'unmasking':
      return [state.signSecretKey, ...ownShareOf(state), ...state.holdings.flatMap(sharesOf)];
    case 'finished':
    case 'failed':
      return [];
  }
}

export function ownShareOf({ ownShare }: { readonly ownShare: Uint8Array | null }): Uint8Array[] {
  return ownShare === null ? [] : [ownShare];
}

export function sharesOf(holding: Holding): Uint8Array[] {
  return holding.shares === null ? [] : [holding.shares.selfMask, holding.shares.pairwiseKey];
}
