// The records that users deal in round 1: written once, by the transaction that acknowledges them, and read in pieces of one holder
// each. On the complete graph a transaction writes all its records as one tile, sorted by holder, so that what a holder is given is
// one piece of each tile. On a sparse graph a holder has few owners, and each owner's records are a row of their own.
import { concat } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import { hasMember, type Members } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import { CIPHERTEXT_BYTES, RECORD_BYTES } from '../leaves/sizes.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import type { Graph, SparseGraph } from '../session/parameters.ts';
import { CHUNK_BYTES } from './chunks.ts';
import { packed } from './packed.ts';
import { requireWritten, type Query } from './statement.ts';
import * as sql from './chunk-statements.ts';

/** The records of one owner, in the graph's order. */
export interface OwnersRecords {
  readonly owner: Position;
  readonly sealed: Uint8Array;
}

/** The graph of a session once U1 is known, and which users have dealt. */
interface DealtGraph {
  readonly graph: Graph;
  readonly users: number;
  readonly u2: Members;
}

const COMMITMENTS_BYTES = RECORD_BYTES - CIPHERTEXT_BYTES;

/** Most bytes of records that are read in one statement. */
const PAGE_BYTES = 2 ** 22;

/** What some users of a session have dealt. */
interface DealtRecords extends Omit<DealtGraph, 'u2'> {
  readonly sessionId: string;
  /** By owner, ascending. */
  readonly dealt: readonly OwnersRecords[];
}

/** Writes the records of batches, each of another session. */
export async function writeRecords(query: Query, batches: readonly DealtRecords[]): Promise<void> {
  await insertTiles(
    query,
    batches.filter(({ graph }) => graph === 'complete'),
  );
  const deals = batches
    .filter(({ graph }) => graph !== 'complete')
    .flatMap(({ sessionId, dealt }) => dealt.map((one) => ({ sessionId, ...one })));
  if (deals.length === 0) return;
  const rows = await query(sql.insertDeals, [
    deals.map(({ sessionId }) => sessionId),
    deals.map(({ owner }) => owner),
    ...packed(deals.map(({ sealed }) => sealed)),
  ]);
  requireWritten(rows.length, deals.length);
}

async function insertTiles(query: Query, batches: readonly DealtRecords[]): Promise<void> {
  const tiles = batches.flatMap(({ sessionId, users, dealt }) => {
    // A batch is mostly one tile; no tile is longer than a chunk.
    const most = Math.max(1, Math.floor(CHUNK_BYTES / (users * RECORD_BYTES)));
    return Array.from({ length: Math.ceil(dealt.length / most) }, (_, i) => {
      const some = dealt.slice(i * most, (i + 1) * most);
      return { sessionId, owners: some.map(({ owner }) => owner), body: tileOf(users, some) };
    });
  });
  if (tiles.length === 0) return;
  const rows = await query(sql.insertTiles, [
    tiles.map(({ sessionId }) => sessionId),
    tiles.map(() => crypto.randomUUID()),
    tiles.map(({ owners }) => `{${owners.join()}}`),
    ...packed(tiles.map(({ body }) => body)),
  ]);
  requireWritten(rows.length, tiles.length);
}

/** For each position of the directory, the ciphertexts of all owners and then their commitments, which round 4 reads alone. */
function tileOf(users: number, dealt: readonly OwnersRecords[]): Uint8Array {
  const owners = dealt.length;
  const tile = new Uint8Array(users * owners * RECORD_BYTES);
  dealt.forEach(({ owner, sealed }, column) => {
    for (let i = 0; i < users - 1; i++) {
      const holder = i < owner ? i : i + 1;
      const [from, to] = [i * RECORD_BYTES, holder * owners * RECORD_BYTES];
      tile.set(sealed.subarray(from, from + CIPHERTEXT_BYTES), to + column * CIPHERTEXT_BYTES);
      const commitments = to + owners * CIPHERTEXT_BYTES + column * COMMITMENTS_BYTES;
      tile.set(sealed.subarray(from + CIPHERTEXT_BYTES, from + RECORD_BYTES), commitments);
    }
  });
  return tile;
}

/** A question for the records of some holders of a session. */
export interface AskedRecords {
  readonly sessionId: string;
  readonly dealt: DealtGraph;
  readonly holders: readonly Position[];
  /** Whether the commitments are asked for and not the whole records. */
  readonly onlyCommitments: boolean;
}

/** By holder, records by owner, or their commitments. */
export type FoundRecords = ReadonlyMap<number, ReadonlyMap<number, Uint8Array>>;

/** About how many bytes an answer has. */
export function lengthOfRecords({ dealt: { graph, users }, holders, onlyCommitments }: AskedRecords): number {
  return holders.length * neighborhoodsOf(graph, users).degree * widthOf(onlyCommitments);
}

function widthOf(onlyCommitments: boolean): number {
  return onlyCommitments ? COMMITMENTS_BYTES : RECORD_BYTES;
}

/**
 * What each of some holders was dealt.
 *
 * @param find as `findRecords`, for one question.
 * @returns by holder, records or commitments by owner: those of U2 whose neighbor the holder is, in the graph's order.
 * @throws StateError if a record is missing.
 */
export async function readRecords(
  find: (asked: AskedRecords) => Promise<FoundRecords>,
  { sessionId, dealt, holders, onlyCommitments }: AskedRecords,
): Promise<Map<Position, Map<Position, Uint8Array>>> {
  const neighborhoods = neighborhoodsOf(dealt.graph, dealt.users);
  const width = widthOf(onlyCommitments);
  const page = Math.max(1, Math.floor(PAGE_BYTES / (neighborhoods.degree * width)));
  const all = new Map<Position, Map<Position, Uint8Array>>();
  for (let from = 0; from < holders.length; from += page) {
    const some = holders.slice(from, from + page);
    const found = await find({ sessionId, dealt, holders: some, onlyCommitments });
    for (const holder of some) {
      const records = new Map<Position, Uint8Array>();
      for (const owner of neighborhoods.neighbors(holder)) {
        if (!hasMember(dealt.u2, owner)) continue;
        const record = found.get(holder)?.get(owner);
        if (record?.length !== width) throw new StateError('session: the records of a user of U2 are missing');
        records.set(owner, record);
      }
      all.set(holder, records);
    }
  }
  return all;
}

/** Answers questions of any sessions, in one statement for each kind of graph. */
export async function findRecords(query: Query, asked: readonly AskedRecords[]): Promise<FoundRecords[]> {
  const found = asked.map(({ holders }) => new Map(holders.map((holder) => [holder as number, new Map<number, Uint8Array>()])));
  const inTiles: [string, number, number, number][] = [];
  const inDeals: [string, number, number, number, number, number][] = [];
  asked.forEach(({ sessionId, dealt: { graph, users }, holders, onlyCommitments }, i) => {
    const without = RECORD_BYTES - widthOf(onlyCommitments);
    for (const holder of holders) {
      if (graph === 'complete') inTiles.push([sessionId, holder, without, i]);
      else
        for (const start of startsOf(holder, graph, users)) inDeals.push([sessionId, holder, without, start, graph.neighbors, i]);
    }
  });
  const column = (rows: readonly (readonly unknown[])[], i: number): unknown[] => rows.map((row) => row[i]);
  const rows = [
    ...(inTiles.length === 0
      ? []
      : await query(sql.recordsInTiles, [...[0, 1, 2, 3].map((i) => column(inTiles, i)), RECORD_BYTES])),
    ...(inDeals.length === 0
      ? []
      : await query(sql.recordsInDeals, [...[0, 1, 2, 3, 4, 5].map((i) => column(inDeals, i)), RECORD_BYTES])),
  ];
  for (const { asked: i, holder, owners, records } of rows) {
    const byOwner = found[i]?.get(holder);
    const ciphertext = widthOf(asked[i]?.onlyCommitments === true) - COMMITMENTS_BYTES;
    let at = 0;
    for (const ofRow of owners.split(' ')) {
      const some = ofRow.split(',');
      const commitments = at + some.length * ciphertext;
      some.forEach((owner, column) => {
        const [first, second] = [at + column * ciphertext, commitments + column * COMMITMENTS_BYTES];
        const committed = records.subarray(second, second + COMMITMENTS_BYTES);
        const record = ciphertext === 0 ? committed : concat([records.subarray(first, first + ciphertext), committed]);
        byOwner?.set(Number(owner), record);
      });
      at = commitments + some.length * COMMITMENTS_BYTES;
    }
  }
  return found;
}

/** Where the neighbors of a holder begin. Near the ends of the circle they begin twice: some are at its other end. */
function startsOf(holder: Position, { neighbors }: SparseGraph, users: number): number[] {
  const start = holder - neighbors / 2;
  return [start - users, start, start + users].filter((first) => first < users && first + neighbors >= 0);
}
