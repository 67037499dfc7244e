// What owners deal to holders, as flat records, because a server keeps a million of them for a thousand users.
import { concat } from '../leaves/bytes.ts';
import { CIPHERTEXT_BYTES, RECORD_BYTES, SHARE_COMMITMENT_BYTES } from '../leaves/sizes.ts';

const COMMITMENTS_BYTES = 2 * SHARE_COMMITMENT_BYTES;

/** One record, which is what one owner deals to one holder: the ciphertext, then the commitments. */
export interface SealedShares {
  /** e_{u,v}: s^SK_{u,v} ‖ b_{u,v}, readable by the holder alone. */
  readonly ciphertext: Uint8Array;
  readonly commitments: ShareCommitments;
}

/** 16 bytes each. */
interface ShareCommitments {
  readonly selfMask: Uint8Array;
  readonly pairwiseKey: Uint8Array;
}

export function joinSealed({ ciphertext, commitments }: SealedShares): Uint8Array {
  return concat([ciphertext, commitments.selfMask, commitments.pairwiseKey]);
}

/** The record at an index, as views. */
export function sealedAt(records: Uint8Array, index: number): SealedShares {
  const record = records.subarray(index * RECORD_BYTES, (index + 1) * RECORD_BYTES);
  const commitments = record.subarray(CIPHERTEXT_BYTES);
  return {
    ciphertext: record.subarray(0, CIPHERTEXT_BYTES),
    commitments: {
      selfMask: commitmentAt(commitments, 0, 'self-mask'),
      pairwiseKey: commitmentAt(commitments, 0, 'pairwise-key'),
    },
  };
}

/** The commitments of all records without the ciphertexts, which a server does not need once they are delivered. */
export function commitmentsOf(records: Uint8Array): Uint8Array {
  const count = records.length / RECORD_BYTES;
  const out = new Uint8Array(count * COMMITMENTS_BYTES);
  for (let i = 0; i < count; i++) {
    out.set(records.subarray(i * RECORD_BYTES + CIPHERTEXT_BYTES, (i + 1) * RECORD_BYTES), i * COMMITMENTS_BYTES);
  }
  return out;
}

/** One commitment of the pair at an index, as a view. */
export function commitmentAt(commitments: Uint8Array, index: number, kind: 'self-mask' | 'pairwise-key'): Uint8Array {
  const at = index * COMMITMENTS_BYTES + (kind === 'self-mask' ? 0 : SHARE_COMMITMENT_BYTES);
  return commitments.subarray(at, at + SHARE_COMMITMENT_BYTES);
}
