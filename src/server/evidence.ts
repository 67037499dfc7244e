// Who vouched for the set of users in the sum: what an auditor needs to verify the signatures of round 3.
import type { ServerState } from './state.ts';

/** One user of U1 and the keys that it advertised in round 0. */
export interface DirectoryLine {
  /** The user's id. */
  readonly userId: number;
  /** The public key for agreements about ciphertexts, 32 bytes. */
  readonly channelKey: Uint8Array;
  /** The public key for agreements about masks, 32 bytes. */
  readonly maskKey: Uint8Array;
}

/** The signatures of round 3 and what they are over. */
export interface ConsistencyEvidence {
  /** U1 by position. */
  readonly directory: readonly DirectoryLine[];
  /** U2 as a set over the positions. */
  readonly u2: Uint8Array;
  /** U3 as a set over the positions. */
  readonly u3: Uint8Array;
  /** By user id, each over the view of round 3. */
  readonly signatures: ReadonlyMap<number, Uint8Array>;
}

/** Null unless round 4 is being collected. */
export function evidenceOf(state: ServerState): ConsistencyEvidence | null {
  if (state.phase !== 'unmasking') return null;
  const { directory, u2, u3, signatures } = state;
  return {
    directory: directory.lines.map(({ userId, channelKey, maskKey }) => ({ userId, channelKey, maskKey })),
    u2,
    u3,
    signatures: new Map(Array.from(signatures, ([position, signature]) => [directory.userIdAt(position), signature])),
  };
}
