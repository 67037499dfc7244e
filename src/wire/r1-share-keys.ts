// Round 1. Server → user: the directory: ids, keys (c ‖ s, 64 bytes a user), signatures of round 0 (64 bytes a user).
// User → server: body = view: the digest of the directory (32) ‖ commitment to b_u (32) ‖ commitment to the own share (16) ‖
// a record of 136 bytes a neighbour.
import { concat } from '../bytes.ts';
import { DecodeError } from '../errors.ts';
import type { Deal, Directory } from '../protocol/notation.ts';
import { DIGEST_BYTES, ID_BYTES, RECORD_BYTES, SHARE_COMMITMENT_BYTES, SIGNATURE_BYTES } from '../sizes.ts';
import { Fields, Parts } from './fields.ts';
import type { Field } from './msgpack.ts';
import { ADVERTISE_KEYS_BYTES, decodeAdvertiseKeys, encodeAdvertiseKeys } from './r0-advertise-keys.ts';

const HEAD_BYTES = 2 * DIGEST_BYTES + SHARE_COMMITMENT_BYTES;

export function directoryBytes(users: number): number {
  return users * (ID_BYTES + ADVERTISE_KEYS_BYTES + SIGNATURE_BYTES);
}

export function encodeDirectory(directory: Directory): Field[] {
  return [
    directory.map(({ userId }) => userId),
    concat(directory.map(encodeAdvertiseKeys)),
    concat(directory.map(({ signature }) => signature)),
  ];
}

export function decodeDirectory(content: readonly Field[]): Directory {
  const fields = new Fields('directory', content, 3);
  const userIds = fields.userIds(0, 'ids');
  const keys = fields.bytes(1, 'keys', userIds.length * ADVERTISE_KEYS_BYTES);
  const signatures = fields.bytes(2, 'signatures', userIds.length * SIGNATURE_BYTES);
  return userIds.map((userId, i) => ({
    userId,
    ...decodeAdvertiseKeys(keys.subarray(i * ADVERTISE_KEYS_BYTES, (i + 1) * ADVERTISE_KEYS_BYTES)),
    signature: signatures.slice(i * SIGNATURE_BYTES, (i + 1) * SIGNATURE_BYTES),
  }));
}

export function shareKeysBytes(users: number): number {
  return HEAD_BYTES + users * RECORD_BYTES;
}

/** A deal, and what it was made for. */
export interface ShareKeysMessage {
  readonly view: Uint8Array;
  readonly deal: Deal;
}

export function encodeShareKeys({ view, deal }: ShareKeysMessage): Uint8Array {
  return concat([view, deal.seedCommitment, deal.ownShareCommitment, deal.sealed]);
}

export function decodeShareKeys(body: Uint8Array): ShareKeysMessage {
  const sealed = body.length - HEAD_BYTES;
  if (sealed < 0 || sealed % RECORD_BYTES !== 0) {
    throw new DecodeError(
      `shares: expected ${String(HEAD_BYTES)} bytes and records of ${String(RECORD_BYTES)}, got ${String(body.length)}`,
    );
  }
  const parts = new Parts('shares', body, body.length);
  const view = parts.next(DIGEST_BYTES);
  return {
    view,
    deal: {
      seedCommitment: parts.next(DIGEST_BYTES),
      ownShareCommitment: parts.next(SHARE_COMMITMENT_BYTES),
      sealed: parts.rest(),
    },
  };
}
