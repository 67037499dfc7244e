// Round 1. Server → user: the directory: ids, keys (c ‖ s, 64 bytes a user), signatures of round 0 (64 bytes a user); on a sparse graph
// of the user and its neighbors alone, before them |U1| and the place of the first, behind them a proof (binding.ts).
// User → server: body = the directory digest (32) ‖ commitment to b_u (32) ‖ on the complete graph commitment to
// the own share (16) ‖ a record of 136 bytes a neighbor.
import { concat } from '../leaves/bytes.ts';
import { DecodeError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import { MAX_USERS, type Graph } from '../session/parameters.ts';
import type { Directory, DirectoryExcerpt, ShareKeysMessage } from '../session/messages.ts';
import { DIGEST_BYTES, ID_BYTES, RECORD_BYTES, SHARE_COMMITMENT_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { proofLength } from '../leaves/tree-shape.ts';
import { BodyReader, Fields } from './fields.ts';
import type { Field } from './msgpack.ts';
import { ADVERTISE_KEYS_BYTES, decodeAdvertiseKeys, encodeAdvertiseKeys } from './r0-advertise-keys.ts';

/** |U1|, the place, and the proof, at most: two digests for each level of the tree. */
const SPARSE_BYTES = 5 + 5 + 3 + 2 * 20 * DIGEST_BYTES;

/** @param lines of the directory that a user is shown. */
export function directoryBytes(lines: number, graph: Graph): number {
  return (graph === 'complete' ? 0 : SPARSE_BYTES) + lines * (ID_BYTES + ADVERTISE_KEYS_BYTES + SIGNATURE_BYTES);
}

/** An excerpt of the directory whose keys, signatures and proof are joined already. */
export interface JoinedExcerpt {
  readonly users: number;
  readonly first: number;
  readonly userIds: readonly number[];
  /** 64 bytes a user. */
  readonly keys: Uint8Array;
  /** 64 bytes a user. */
  readonly signatures: Uint8Array;
  readonly proof: Uint8Array;
}

export function encodeDirectory({ users, first, lines, proof }: DirectoryExcerpt, graph: Graph): Field[] {
  const userIds = lines.map(({ userId }) => userId);
  const keys = concat(lines.map(encodeAdvertiseKeys));
  const signatures = concat(lines.map(({ signature }) => signature));
  return encodeJoinedDirectory({ users, first, userIds, keys, signatures, proof: concat(proof) }, graph);
}

export function encodeJoinedDirectory({ users, first, userIds, keys, signatures, proof }: JoinedExcerpt, graph: Graph): Field[] {
  const content = [userIds, keys, signatures];
  return graph === 'complete' ? content : [users, first, ...content, proof];
}

export function decodeDirectory(content: readonly Field[], graph: Graph): DirectoryExcerpt {
  const name = 'directory';
  if (graph === 'complete') {
    const fields = new Fields(name, content, 3);
    const lines = decodeLines(fields, 0, fields.ascendingUserIds(0, 'ids'));
    return { users: lines.length, first: 0, lines, proof: [] };
  }
  const fields = new Fields(name, content, 6);
  const shown = graph.neighbors + 1;
  const users = fields.integer(0, 'users', MAX_USERS);
  if (users < shown) throw new DecodeError(`directory, users: expected at least ${shown}, got ${users}`);
  const first = fields.integer(1, 'place', users - 1);
  const lines = decodeLines(fields, 2, fields.userIds(2, 'ids', shown));
  const places = lines.map((_, i) => (first + i) % users);
  const digests = fields.bytes(5, 'proof', proofLength(users, places) * DIGEST_BYTES);
  const proof = Array.from({ length: digests.length / DIGEST_BYTES }, (_, i) =>
    digests.slice(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES),
  );
  return { users, first, lines, proof };
}

/** @param first index of the ids' field, which those of keys and signatures follow. */
function decodeLines(fields: Fields, first: number, userIds: readonly UserId[]): Directory {
  const keys = fields.bytes(first + 1, 'keys', userIds.length * ADVERTISE_KEYS_BYTES);
  const signatures = fields.bytes(first + 2, 'signatures', userIds.length * SIGNATURE_BYTES);
  return userIds.map((userId, i) => ({
    userId,
    ...decodeAdvertiseKeys(keys.subarray(i * ADVERTISE_KEYS_BYTES, (i + 1) * ADVERTISE_KEYS_BYTES)),
    signature: signatures.slice(i * SIGNATURE_BYTES, (i + 1) * SIGNATURE_BYTES),
  }));
}

/** @param neighbors of a user, at most. */
export function shareKeysBytes(neighbors: number): number {
  return 2 * DIGEST_BYTES + SHARE_COMMITMENT_BYTES + neighbors * RECORD_BYTES;
}

export function encodeShareKeys({ directoryDigest, deal }: ShareKeysMessage): Uint8Array {
  return concat([directoryDigest, deal.seedCommitment, deal.ownShareCommitment ?? new Uint8Array(), deal.sealed]);
}

export function decodeShareKeys(body: Uint8Array, graph: Graph): ShareKeysMessage {
  const head = 2 * DIGEST_BYTES + (graph === 'complete' ? SHARE_COMMITMENT_BYTES : 0);
  const sealed = body.length - head;
  if (sealed < 0 || sealed % RECORD_BYTES !== 0) {
    throw new DecodeError(`shares: expected ${head} bytes and records of ${RECORD_BYTES}, got ${body.length}`);
  }
  const reader = new BodyReader('shares', body, body.length);
  return {
    directoryDigest: reader.next(DIGEST_BYTES),
    deal: {
      seedCommitment: reader.next(DIGEST_BYTES),
      ownShareCommitment: graph === 'complete' ? reader.next(SHARE_COMMITMENT_BYTES) : null,
      sealed: reader.viewOfRest(),
    },
  };
}
