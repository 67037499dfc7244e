// The names of this code for the symbols of [BIK+17]: Bonawitz, Ivanov, Kreuter, Marcedone, McMahan, Patel, Ramage,
// Segal, Seth, "Practical Secure Aggregation for Privacy-Preserving Machine Learning", CCS 2017, Figure 4.
//
// | paper                  | here                                                                                  |
// |------------------------|---------------------------------------------------------------------------------------|
// | u, v                   | a user; its id, or its position: its index in the directory                           |
// | t                      | parameters.threshold; of a neighborhood on a sparse graph, shareThresholdOf(parameters)      |
// | U1                     | the directory: advertisements, ascending by id, on a sparse graph in the order of their places |
// | U2, U3, U4             | u2, u3, u4: sets of positions; U5: the users whose answer of round 4 has come         |
// | d_u^PK, d_u^SK         | signPublicKey, signSecretKey                                                          |
// | c_u^PK, c_u^SK         | channelKey, channelSecretKey: what seals shares on their way through the server       |
// | s_u^PK, s_u^SK         | maskKey, maskSecretKey: what pairwise masks are agreed with                           |
// | b_u                    | selfMaskSeed                                                                          |
// | s^SK_{u,v}, b_{u,v}    | pairwiseKey, selfMask of the HeldShares of u at v                                     |
// | e_{u,v}                | SealedShares.ciphertext                                                               |
// | x_u, y_u, z            | input, maskedInput, sum                                                               |
// | s_{u,v}, p_{u,v}, p_u  | the agreed secret and the masks expanded from it and from b_u (binding.ts, masking/)  |
// | Δ_{u,v}                | maskSign                                                                              |
import type { UserId } from '../leaves/ids.ts';

export type Round = 0 | 1 | 2 | 3 | 4;

/** What a user advertises in round 0. */
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

/** U1 by position: ascending by user id on the complete graph, in the order of their places on a sparse graph. */
export type Directory = readonly Advertisement[];

/** What one user is shown of the directory: on the complete graph all of it, on a sparse graph itself and its neighbors. */
export interface DirectoryPart {
  /** |U1|. */
  readonly users: number;
  /** The position of the first line; the others follow, in the order of positions, and position 0 comes after the last. */
  readonly first: number;
  readonly lines: Directory;
  /** What makes up the digest of the whole directory together with these lines: of a hash tree, 32 bytes each. */
  readonly proof: readonly Uint8Array[];
}

/** All that one owner deals in round 1. */
export interface Deal {
  /** To b_u itself, 32 bytes. */
  readonly seedCommitment: Uint8Array;
  /** To the share of its own b_u that the owner keeps, 16 bytes; null on a sparse graph, where it keeps none. */
  readonly ownShareCommitment: Uint8Array | null;
  /** For its neighbors, in the graph's order: records of deals.ts. */
  readonly sealed: Uint8Array;
}

/** The two shares that a holder has of one owner's secrets. At most one of them ever leaves the holder. */
export interface HeldShares {
  readonly selfMask: Uint8Array;
  readonly pairwiseKey: Uint8Array;
}

/**
 * A holder's answer about one owner in round 4. That both shares of one owner are revealed cannot be written down.
 */
export type UnmaskShare =
  | { readonly kind: 'self-mask'; readonly share: Uint8Array }
  | { readonly kind: 'pairwise-key'; readonly share: Uint8Array }
  | { readonly kind: 'reported' };

/** Δ_{u,v}: +1 if u > v, −1 if u < v, so that p_{u,v} + p_{v,u} = 0. */
export function maskSign(u: UserId, v: UserId): 1 | -1 {
  return u > v ? 1 : -1;
}
