// The directory of U1 in chunks: ids, keys and signatures by position, so that what a user is shown is a few pieces of them; on a
// sparse graph also the digests of its hash tree, and the users in the order of their ids, by which a user's position is found.
import { concat, u32, u64, u64s } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import { isUserId, type UserId } from '../leaves/ids.ts';
import { positionAt, type Position } from '../leaves/positions.ts';
import { DIGEST_BYTES, KEY_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { proofNodes } from '../crypto/hash-tree.ts';
import { Roster } from '../server/roster.ts';
import { directoryTree } from '../session/binding.ts';
import type { Directory } from '../session/messages.ts';
import type { Graph, SparseGraph } from '../session/parameters.ts';
import type { JoinedExcerpt } from '../wire/r1-share-keys.ts';
import { readSlices, readString, type ChunkKind, type SizedString, type Slice } from './chunks.ts';
import type { Query } from './statement.ts';

const ID_BYTES = 8;
const KEYS_BYTES = 2 * KEY_BYTES;
const PLACE_BYTES = ID_BYTES + 4;
/** Users in a page of places. */
const PAGE_USERS = 256;

/** What closing round 0 writes. */
export function directoryStrings(lines: Directory, graph: Graph): [ChunkKind, Uint8Array][] {
  const strings: [ChunkKind, Uint8Array][] = [
    ['ids', u64s(lines.map(({ userId }) => userId))],
    ['keys', concat(lines.flatMap(({ channelKey, maskKey }) => [channelKey, maskKey]))],
    ['signatures', concat(lines.map(({ signature }) => signature))],
  ];
  if (graph === 'complete') return strings;
  const places = lines.map(({ userId }, position) => ({ userId, position })).sort((a, b) => a.userId - b.userId);
  const firsts = places.filter((_, i) => i % PAGE_USERS === 0);
  return [
    ...strings,
    ['tree', concat(directoryTree(lines).nodes)],
    ['places', concat(places.flatMap(({ userId, position }) => [u64(userId), u32(position)]))],
    ['pages', u64s(firsts.map(({ userId }) => userId))],
  ];
}

/** What a whole directory is made of. */
export function directoryParts(set: string, users: number): SizedString[] {
  return [
    { set, kind: 'ids', length: users * ID_BYTES },
    { set, kind: 'keys', length: users * KEYS_BYTES },
    { set, kind: 'signatures', length: users * SIGNATURE_BYTES },
  ];
}

/** A directory from its parts. Whether it is the one of the session, its digest tells. */
export function directoryOf(parts: ReadonlyMap<ChunkKind, Uint8Array>): Roster {
  const part = (kind: ChunkKind): Uint8Array => parts.get(kind) ?? new Uint8Array();
  const [keys, signatures] = [part('keys'), part('signatures')];
  return new Roster(
    idsOf(part('ids')).map((userId, i) => ({
      userId,
      channelKey: keys.slice(i * KEYS_BYTES, i * KEYS_BYTES + KEY_BYTES),
      maskKey: keys.slice(i * KEYS_BYTES + KEY_BYTES, (i + 1) * KEYS_BYTES),
      signature: signatures.slice(i * SIGNATURE_BYTES, (i + 1) * SIGNATURE_BYTES),
    })),
  );
}

/** All of a directory on the complete graph, as every user is shown it. */
export async function readJoinedDirectory(query: Query, sessionId: string, set: string, users: number): Promise<JoinedExcerpt> {
  const userIds = idsOf(await readString(query, sessionId, { set, kind: 'ids' }, users * ID_BYTES));
  const keys = await readString(query, sessionId, { set, kind: 'keys' }, users * KEYS_BYTES);
  const signatures = await readString(query, sessionId, { set, kind: 'signatures' }, users * SIGNATURE_BYTES);
  return { users, first: 0, userIds, keys, signatures, proof: new Uint8Array() };
}

/** Positions that follow each other. */
interface PositionRange {
  readonly first: number;
  readonly count: number;
}

/** A user and its neighbors on a sparse graph, in the order of the circle: position 0 comes after the last one. */
export function rangesAround(position: Position, { neighbors }: SparseGraph, users: number): PositionRange[] {
  const first = (position - neighbors / 2 + users) % users;
  const before = Math.min(neighbors + 1, users - first);
  const ranges = [
    { first, count: before },
    { first: 0, count: neighbors + 1 - before },
  ];
  return ranges.filter(({ count }) => count > 0);
}

/** What a user is shown on a sparse graph: itself and its neighbors, and a proof. Null if it is not in U1. */
export async function readExcerpt(
  query: Query,
  sessionId: string,
  { set, users, graph }: { readonly set: string; readonly users: number; readonly graph: SparseGraph },
  user: UserId,
): Promise<JoinedExcerpt | null> {
  const position = await readPlace(query, sessionId, { set, users }, user);
  if (position === null) return null;
  const ranges = rangesAround(position, graph, users);
  const first = ranges[0]?.first ?? position;
  const shown = ranges.flatMap(({ first: from, count }) => Array.from({ length: count }, (_, i) => from + i));
  const around = (kind: ChunkKind, width: number): Slice[] =>
    ranges.map(({ first: from, count }) => ({ set, kind, from: from * width, length: count * width }));
  const nodes = proofNodes(users, shown);
  const asked = [
    ...around('ids', ID_BYTES),
    ...around('keys', KEYS_BYTES),
    ...around('signatures', SIGNATURE_BYTES),
    ...nodes.map((node): Slice => ({ set, kind: 'tree', from: node * DIGEST_BYTES, length: DIGEST_BYTES })),
  ];
  const pieces = await readSlices(query, sessionId, asked);
  const joined = (kind: ChunkKind): Uint8Array => concat(pieces.filter((_, i) => asked[i]?.kind === kind));
  const userIds = idsOf(joined('ids'));
  return { users, first, userIds, keys: joined('keys'), signatures: joined('signatures'), proof: joined('tree') };
}

/** A user's position: the page of places that may have it is found first. */
async function readPlace(
  query: Query,
  sessionId: string,
  { set, users }: { readonly set: string; readonly users: number },
  user: UserId,
): Promise<Position | null> {
  const pages = idsOf(await readString(query, sessionId, { set, kind: 'pages' }, Math.ceil(users / PAGE_USERS) * ID_BYTES));
  const page = pages.filter((first) => first <= user).length - 1;
  if (page === -1) return null;
  const from = page * PAGE_USERS;
  const length = (Math.min(users, from + PAGE_USERS) - from) * PLACE_BYTES;
  const [places] = await readSlices(query, sessionId, [{ set, kind: 'places', from: from * PLACE_BYTES, length }]);
  const view = viewOf(places ?? new Uint8Array());
  for (let at = 0; at < view.byteLength; at += PLACE_BYTES) {
    if (Number(view.getBigUint64(at)) === user) return positionAt(view.getUint32(at + ID_BYTES), users);
  }
  return null;
}

/** @throws StateError if a row was changed to what no user's id is. */
export function idsOf(bytes: Uint8Array): UserId[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / ID_BYTES }, (_, i) => {
    const id = Number(view.getBigUint64(i * ID_BYTES));
    if (!isUserId(id)) throw new StateError('session: an id of the directory is no user id');
    return id;
  });
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
