// The directory of U1 in chunks: ids, keys and signatures by position, so that what a user is shown is a few pieces of them; on a
// sparse graph also the digests of its hash tree, and the users in the order of their ids, by which a user's position is found.
import { concat, u32, u64 } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import { isUserId, type UserId } from '../leaves/ids.ts';
import { positionAt, type Position } from '../leaves/positions.ts';
import { DIGEST_BYTES, KEY_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { proofNodes } from '../crypto/hash-tree.ts';
import { advertisementOf } from '../server/entries.ts';
import { Roster } from '../server/roster.ts';
import { directoryTree } from '../session/binding.ts';
import type { Directory } from '../session/messages.ts';
import type { Graph, SparseGraph } from '../session/parameters.ts';
import type { JoinedExcerpt } from '../wire/r1-share-keys.ts';
import { readSlices, readString, type ChunkKind, type Slice } from './chunks.ts';
import type { Query } from './statement.ts';

const ID_BYTES = 8;
const KEYS_BYTES = 2 * KEY_BYTES;
const PLACE_BYTES = ID_BYTES + 4;
/** Users in a page of places. */
const PAGE_USERS = 256;

/** What closing round 0 writes. */
export function directoryStrings(lines: Directory, graph: Graph): [ChunkKind, Uint8Array][] {
  const strings: [ChunkKind, Uint8Array][] = [
    ['ids', concat(lines.map(({ userId }) => u64(userId)))],
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
    ['pages', concat(firsts.map(({ userId }) => u64(userId)))],
  ];
}

/** Reads all of a directory. Whether it is the one of the session, its digest tells. */
export async function readDirectory(query: Query, sessionId: string, set: string, users: number): Promise<Roster> {
  const ids = idsOf(await readString(query, sessionId, { set, kind: 'ids' }, users * ID_BYTES));
  const keys = await readString(query, sessionId, { set, kind: 'keys' }, users * KEYS_BYTES);
  const signatures = await readString(query, sessionId, { set, kind: 'signatures' }, users * SIGNATURE_BYTES);
  return new Roster(
    ids.map((userId, i) => {
      const own = signatures.subarray(i * SIGNATURE_BYTES, (i + 1) * SIGNATURE_BYTES);
      return advertisementOf(userId, concat([keys.subarray(i * KEYS_BYTES, (i + 1) * KEYS_BYTES), own]));
    }),
  );
}

/** All of a directory on the complete graph, as every user is shown it. */
export async function readJoinedDirectory(query: Query, sessionId: string, set: string, users: number): Promise<JoinedExcerpt> {
  const userIds = idsOf(await readString(query, sessionId, { set, kind: 'ids' }, users * ID_BYTES));
  const keys = await readString(query, sessionId, { set, kind: 'keys' }, users * KEYS_BYTES);
  const signatures = await readString(query, sessionId, { set, kind: 'signatures' }, users * SIGNATURE_BYTES);
  return { users, first: 0, userIds, keys, signatures, proof: new Uint8Array() };
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
  const first = (position - graph.neighbors / 2 + users) % users;
  const shown = Array.from({ length: graph.neighbors + 1 }, (_, i) => (first + i) % users);
  // In the order of positions, the first one comes after the last one.
  const before = Math.min(shown.length, users - first);
  const around = (kind: ChunkKind, width: number): Slice[] =>
    [
      { set, kind, from: first * width, length: before * width },
      { set, kind, from: 0, length: (shown.length - before) * width },
    ].filter(({ length }) => length > 0);
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
function idsOf(bytes: Uint8Array): UserId[] {
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
