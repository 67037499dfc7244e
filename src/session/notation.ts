// The names of this code for the symbols of [BIK+17]: Bonawitz, Ivanov, Kreuter, Marcedone, McMahan, Patel, Ramage,
// Segal, Seth, "Practical Secure Aggregation for Privacy-Preserving Machine Learning", CCS 2017, Figure 4.
//
// | paper                  | here                                                                                  |
// |------------------------|---------------------------------------------------------------------------------------|
// | u, v                   | a user; its id, or its position: its index in the directory                           |
// | t                      | parameters.threshold; of a neighborhood on a sparse graph, shareThresholdOf(parameters)      |
// | U1                     | the directory: advertisements, ascending by id, in a random order on a sparse graph  |
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

/** The number of a round. */
export type Round = 0 | 1 | 2 | 3 | 4;

/** The round that each phase of a user waits for, and each phase of the server collects; 5 once all is done. */
export const ROUND_OF_PHASE = {
  'advertise-keys': 0,
  'share-keys': 1,
  'masked-input': 2,
  'consistency-check': 3,
  unmasking: 4,
  finished: 5,
} as const;

/** The two shares that a holder has of one owner's secrets. At most one of them ever leaves the holder. */
export interface HeldShares {
  readonly selfMask: Uint8Array;
  readonly pairwiseKey: Uint8Array;
}

/** Δ_{u,v}: +1 if u > v, −1 if u < v, so that p_{u,v} + p_{v,u} = 0. */
export function maskSign(u: UserId, v: UserId): 1 | -1 {
  return u > v ? 1 : -1;
}
