// What a round of the server consists of. Each rN file has one; rounds.ts joins them with the wire format.
import type { RandomSource } from '../crypto/random.ts';
import type { Members } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import type { DroppedUser } from '../leaves/progress.ts';
import type { Round } from '../session/notation.ts';
import type { ClosedState, CollectingKeys, CollectingState, Heard, ServerContext } from './state.ts';
import type { UnmaskingWork } from './unmasking/sum-without-masks.ts';

/** What closing a round may take: randomness to draw the graph with, and all that removing the masks needs. */
interface ClosingWork extends UnmaskingWork {
  readonly random: RandomSource;
}

/** What closing a round gives: the next state, and the users that are out from there on. */
interface Closing {
  readonly state: ClosedState;
  readonly dropped: readonly DroppedUser[];
}

/** What a state of one phase has heard. */
type HeardIn<State extends CollectingState> = Extract<Heard, { readonly phase: State['phase'] }>;

/** What a round does with its messages. `Message` is what a user says in it, `Sender` how the round knows the user. */
export interface RoundSteps<State extends CollectingState, Sender, Message> {
  readonly number: Round;
  /**
   * Enters a message. It throws before it changes anything.
   *
   * @returns users that the message shows to have broken the protocol, although it counts.
   */
  readonly receive: (context: ServerContext, state: State, sender: Sender, message: Message) => readonly DroppedUser[];
  /** Closes the round: whoever has not been heard is out. The state itself is not changed. */
  readonly close: (context: ServerContext, state: State, work: ClosingWork) => Closing | Promise<Closing>;
  /** What the messages of this round were made for: two servers' parts fit together only if it is the same. */
  readonly base: (context: Pick<ServerContext, 'tag'>, state: State) => Uint8Array;
  /** What was heard in this round, without what came before it. */
  readonly part: (state: State) => HeardIn<State>;
  /** The state with what another server of the session has heard as well. */
  readonly merged: (context: Omit<ServerContext, 'tag'>, state: State, part: HeardIn<State>) => State;
}

/** A round whose users have positions: any but round 0. */
export interface DirectoryRound<State extends Exclude<CollectingState, CollectingKeys>, Message> extends RoundSteps<
  State,
  Position,
  Message
> {
  /** Users that may speak; null for all of U1. */
  readonly speakers: (state: State) => Members | null;
  /** What the message of a speaker must begin with: the digest of what the server has shown it. */
  readonly view: (state: State, speaker: Position) => Uint8Array;
  /** Users that were heard. */
  readonly heard: (state: State) => Iterable<Position>;
  /** Whether the round could be closed if these users had been heard, which are enough in number. */
  readonly ready: (context: ServerContext, state: State, heard: readonly Position[]) => boolean;
}

/** The entries of two maps; the second one's if both have a key. */
export function union<K, V>(part: ReadonlyMap<K, V>, own: ReadonlyMap<K, V>): Map<K, V> {
  return new Map([...part, ...own]);
}
