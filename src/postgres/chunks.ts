// Long byte strings in rows of 4 MB: the driver reads a bytea as text with two digits for each byte, and no statement,
// parameter or row may grow with a session. A set of chunks is written before the row that names it, so that nothing long is
// written in the transaction that makes it count; a set that no row names is garbage.
import { concat } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import type { Database } from './database.ts';
import { deletePages } from './deletion.ts';
import { packed } from './packed.ts';
import { requireWritten, type Query } from './statement.ts';
import * as sql from './chunk-statements.ts';

/** Bytes of a chunk; the last one of a string may have fewer. */
export const CHUNK_BYTES: number = 2 ** 22;

/** What a string of a set is; the schema says what each of them holds. */
export type ChunkKind =
  | 'ids'
  | 'keys'
  | 'signatures'
  | 'tree'
  | 'places'
  | 'pages'
  | 'u2'
  | 'u3'
  | 'u4'
  | 'sum'
  | 'signed'
  | 'silent'
  | 'end';

/** Where a string is. */
export interface ChunkedString {
  readonly set: string;
  readonly kind: ChunkKind;
}

/** A whole string whose length is known. */
export interface SizedString extends ChunkedString {
  readonly length: number;
}

/** A piece of a string. */
export interface Slice extends SizedString {
  readonly from: number;
}

/** Pieces of strings of one session. */
interface SlicesOfSession {
  readonly sessionId: string;
  readonly slices: readonly Slice[];
}

/** A chunk that is to be written. */
export interface Chunk extends ChunkedString {
  readonly sessionId: string;
  readonly no: number;
  readonly body: Uint8Array;
}

/** Pieces of one session; as `readSlicesOfMany`. */
export async function readSlices(query: Query, sessionId: string, slices: readonly Slice[]): Promise<Uint8Array[]> {
  const [found] = await readSlicesOfMany(query, [{ sessionId, slices }]);
  return found ?? [];
}

/**
 * Reads pieces of some sessions in one statement: short ones, which together are far shorter than a chunk.
 *
 * @throws StateError if they are not there.
 */
export async function readSlicesOfMany(query: Query, sessions: readonly SlicesOfSession[]): Promise<Uint8Array[][]> {
  const slices = sessions.flatMap(({ sessionId, slices: some }) => some.map((slice) => ({ ...slice, sessionId })));
  const found = await readPieces(query, slices);
  let at = 0;
  return sessions.map(({ slices: some }) => found.slice(at, (at += some.length)));
}

async function readPieces(query: Query, slices: readonly (Slice & { readonly sessionId: string })[]): Promise<Uint8Array[]> {
  // A piece may begin in one chunk and end in the next.
  const pieces = slices.flatMap(({ sessionId, set, kind, from, length }, slice) => {
    const out = [];
    for (let at = from; at < from + length;) {
      const no = Math.floor(at / CHUNK_BYTES);
      const end = Math.min(from + length, (no + 1) * CHUNK_BYTES);
      out.push({ slice, sessionId, set, kind, no, first: at - no * CHUNK_BYTES + 1, length: end - at });
      at = end;
    }
    return out;
  });
  const columns = [
    pieces.map(({ sessionId }) => sessionId),
    pieces.map(({ set }) => set),
    pieces.map(({ kind }) => kind),
    pieces.map(({ no }) => no),
    pieces.map(({ first }) => first),
    pieces.map(({ length }) => length),
  ];
  const rows = await query(sql.readPieces, columns);
  const found = slices.map((): Uint8Array[] => []);
  for (const { index, piece } of rows) {
    const asked = pieces[index - 1];
    if (asked?.length === piece.length) found[asked.slice]?.push(piece);
  }
  return slices.map(({ kind, length }, slice) => {
    const [only, ...others] = found[slice] ?? [];
    const bytes = others.length === 0 ? only : concat([only ?? new Uint8Array(), ...others]);
    if ((bytes ?? new Uint8Array()).length !== length) throw notWhole(kind);
    return bytes ?? new Uint8Array();
  });
}

/** The chunks of a whole string, one after the other, each read by a statement of its own. */
export async function* readChunks(query: Query, sessionId: string, { set, kind }: ChunkedString): AsyncGenerator<Uint8Array> {
  for (let no = 0; ; no++) {
    const [chunk] = await query(sql.readChunk, [sessionId, set, kind, no]);
    if (chunk === undefined) return;
    yield chunk.body;
    if (chunk.body.length < CHUNK_BYTES) return;
  }
}

/** @param length of the whole string, if the caller knows it. @throws StateError unless it has that length. */
export async function readString(
  query: Query,
  sessionId: string,
  string: ChunkedString,
  length: number | null,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readChunks(query, sessionId, string)) chunks.push(chunk);
  const [only] = chunks;
  const bytes = chunks.length === 1 && only !== undefined ? only : concat(chunks);
  if (length !== null && bytes.length !== length) throw notWhole(string.kind);
  return bytes;
}

function notWhole(kind: ChunkKind): StateError {
  return new StateError(`session: the chunks of ${kind} are not whole`);
}

/**
 * Writes a set in transactions of its own, except the last chunks, of 4 MB at most: a short set costs no transaction more.
 *
 * @returns the last chunks, to be written in the transaction that makes the set count.
 */
export async function stageStrings(
  database: Database,
  sessionId: string,
  set: string,
  strings: readonly (readonly [ChunkKind, Uint8Array])[],
): Promise<readonly Chunk[]> {
  let [group, length]: [Chunk[], number] = [[], 0];
  for (const chunk of chunksOf(sessionId, set, strings)) {
    if (length + chunk.body.length > CHUNK_BYTES) {
      const written = group;
      await database.transaction((query) => writeChunks(query, written));
      [group, length] = [[], 0];
    }
    group.push(chunk);
    length += chunk.body.length;
  }
  return group;
}

/** Writes a set in transactions of its own. What names it comes later. */
export async function writeSet(
  database: Database,
  sessionId: string,
  set: string,
  strings: readonly (readonly [ChunkKind, Uint8Array])[],
): Promise<void> {
  const rest = await stageStrings(database, sessionId, set, strings);
  await database.transaction((query) => writeChunks(query, rest));
}

/** Writes chunks, of any sessions, in one statement. */
export async function writeChunks(query: Query, chunks: readonly Chunk[]): Promise<void> {
  if (chunks.length === 0) return;
  const rows = await query(sql.insertChunks, [
    chunks.map(({ sessionId }) => sessionId),
    chunks.map(({ set }) => set),
    chunks.map(({ kind }) => kind),
    chunks.map(({ no }) => no),
    ...packed(chunks.map(({ body }) => body)),
  ]);
  requireWritten(rows.length, chunks.length);
}

function* chunksOf(sessionId: string, set: string, strings: readonly (readonly [ChunkKind, Uint8Array])[]): Generator<Chunk> {
  for (const [kind, bytes] of strings) {
    for (let no = 0; no * CHUNK_BYTES < bytes.length; no++) {
      yield { sessionId, set, kind, no, body: bytes.subarray(no * CHUNK_BYTES, (no + 1) * CHUNK_BYTES) };
    }
  }
}

/** Deletes a set that no row names any more, a page in each transaction. If that fails, it stays until the session is tidied. */
export async function dropSet(database: Database, sessionId: string, set: string): Promise<void> {
  try {
    await deletePages(database, [sql.deleteSet], [sessionId, set]);
  } catch {
    // Nobody reads it.
  }
}
