// What the parties say to each other, round by round: each message once, as both sides and the codecs of wire/ see it.
import type { UserId } from '../leaves/ids.ts';
import type { Members } from '../leaves/members.ts';

/** Round 0, user to server: the two public keys that a user advertises. */
export interface AdvertisedKeys {
  readonly channelKey: Uint8Array;
  readonly maskKey: Uint8Array;
}

/** One line of the directory. */
export interface Advertisement extends AdvertisedKeys {
  readonly userId: UserId;
  /** Over the sender's message of round 0, whose body is the two keys. */
  readonly signature: Uint8Array;
}

/** U1 by position: ascending by user id on the complete graph, in the order of a random permutation on a sparse graph. */
export type Directory = readonly Advertisement[];

/** Round 1, server to user: all of the directory on the complete graph, the user and its neighbors on a sparse graph. */
export interface DirectoryExcerpt {
  /** |U1|. */
  readonly users: number;
  /** The position of the first line. The other lines follow in the order of positions; position 0 comes after the last. */
  readonly first: number;
  readonly lines: Directory;
  /** Digests of 32 bytes each, which together with these lines give the root of the directory's hash tree. */
  readonly proof: readonly Uint8Array[];
}

/** All that one owner deals in round 1. */
export interface Deal {
  /** Commitment to b_u, 32 bytes. */
  readonly seedCommitment: Uint8Array;
  /** Commitment to the share of its own b_u that the owner keeps, 16 bytes; null on a sparse graph, where it keeps none. */
  readonly ownShareCommitment: Uint8Array | null;
  /** One record of deals.ts for each neighbor, in the graph's order. */
  readonly sealed: Uint8Array;
}

/** Round 1, user to server: a deal, and the digest of the directory that it was made for. */
export interface ShareKeysMessage {
  readonly directoryDigest: Uint8Array;
  /** In a decoded message the records share memory with the message. */
  readonly deal: Deal;
}

/** Round 2, server to user: U2, and the records that the receiver's neighbors in U2 dealt to it, in the graph's order. */
export interface SharesMessage {
  readonly u2: Members;
  /** The id of the user that the server made the message for. */
  readonly receiver: number;
  /** Records of deals.ts; in a decoded message they share memory with the message. */
  readonly sealed: Uint8Array;
}

/** Round 2, user to server. */
export interface MaskedInputMessage {
  /** The digest of what the input was masked for. */
  readonly view: Uint8Array;
  /** y_u, bit-packed; in a decoded message it shares memory with the message. */
  readonly vector: Uint8Array;
}

/** Round 3, user to server: the view that the message's signature is over. */
export interface ConsistencyMessage {
  readonly view: Uint8Array;
  readonly signature: Uint8Array;
}

/** Round 4, server to user: which holders of the receiver's shares are in U4, and their signatures of round 3. */
export interface SignaturesMessage {
  /** By their indices in the graph's list of the receiver's holders. */
  readonly signers: Members;
  readonly signatures: readonly Uint8Array[];
}

/** A holder's answer about one owner. It cannot express that both shares of one owner are revealed. */
export type UnmaskShare =
  | { readonly kind: 'self-mask'; readonly share: Uint8Array }
  | { readonly kind: 'pairwise-key'; readonly share: Uint8Array }
  | { readonly kind: 'reported' };

/** Round 4, user to server: the view that the user signed, and what it reveals. */
export interface UnmaskMessage {
  readonly view: Uint8Array;
  /**
   * One entry for each user of U2 whose shares the sender holds, in the graph's order. Shares of a decoded message are views
   * of it.
   */
  readonly answer: readonly UnmaskShare[];
}
