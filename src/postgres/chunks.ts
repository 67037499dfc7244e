// Long byte strings in rows of at most 16 MB: the driver reads a bytea as text with two digits for each byte, and no statement,
// parameter or row may grow with a session. A set of chunks is written before the row that names it, so that nothing long is
// written in the transaction that makes it count; a set that no row names is garbage.
import { concat } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import type { Database } from './database.ts';
import { writeOne, type Query } from './statement.ts';
import * as sql from './chunk-statements.ts';

/** Bytes of a chunk; the last one of a string may have fewer. */
export const CHUNK_BYTES: number = 2 ** 24;

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
  | 'end';

/** Where a string is. */
export interface ChunkedString {
  readonly set: string;
  readonly kind: ChunkKind;
}

/** A piece of a string. */
export interface Slice extends ChunkedString {
  readonly from: number;
  readonly length: number;
}

interface Chunk extends ChunkedString {
  readonly no: number;
  readonly body: Uint8Array;
}

/**
 * Reads pieces in one statement: short ones, which together are far shorter than a chunk.
 *
 * @throws StateError if they are not there.
 */
export async function readSlices(query: Query, sessionId: string, slices: readonly Slice[]): Promise<Uint8Array[]> {
  // A piece may begin in one chunk and end in the next.
  const pieces = slices.flatMap(({ set, kind, from, length }, slice) => {
    const out = [];
    for (let at = from; at < from + length;) {
      const no = Math.floor(at / CHUNK_BYTES);
      const end = Math.min(from + length, (no + 1) * CHUNK_BYTES);
      out.push({ slice, set, kind, no, first: at - no * CHUNK_BYTES + 1, length: end - at });
      at = end;
    }
    return out;
  });
  const columns = [
    pieces.map(({ set }) => set),
    pieces.map(({ kind }) => kind),
    pieces.map(({ no }) => no),
    pieces.map(({ first }) => first),
    pieces.map(({ length }) => length),
  ];
  const rows = await query(sql.readPieces, [sessionId, ...columns]);
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
 * Writes a set in transactions of its own, except the last chunks, of 16 MB at most: a short set costs no transaction more.
 *
 * @returns what writes the last chunks, in the transaction that makes the set count.
 */
export async function stageStrings(
  database: Database,
  sessionId: string,
  set: string,
  strings: readonly (readonly [ChunkKind, Uint8Array])[],
): Promise<(query: Query) => Promise<void>> {
  const write = (chunks: readonly Chunk[]) => async (query: Query) => {
    for (const { kind, no, body } of chunks) await writeOne(query, sql.insertChunk, [sessionId, set, kind, no, body]);
  };
  let [group, length]: [Chunk[], number] = [[], 0];
  for (const chunk of chunksOf(set, strings)) {
    if (length + chunk.body.length > CHUNK_BYTES) {
      await database.transaction(write(group));
      [group, length] = [[], 0];
    }
    group.push(chunk);
    length += chunk.body.length;
  }
  return write(group);
}

function* chunksOf(set: string, strings: readonly (readonly [ChunkKind, Uint8Array])[]): Generator<Chunk> {
  for (const [kind, bytes] of strings) {
    for (let no = 0; no * CHUNK_BYTES < bytes.length; no++) {
      yield { set, kind, no, body: bytes.subarray(no * CHUNK_BYTES, (no + 1) * CHUNK_BYTES) };
    }
  }
}
