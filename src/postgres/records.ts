// The records that users deal in round 1: written once, by the transaction that acknowledges them, and read in pieces of one holder
// each. On the complete graph a transaction writes all its records as one tile, sorted by holder, so that what a holder is given is
// one piece of each tile. On a sparse graph a holder has few owners, and each owner's records are a row of their own.
import { StateError } from '../leaves/errors.ts';
import { hasMember, type Members } from '../leaves/members.ts';
import { positionAt, type Position } from '../leaves/positions.ts';
import { RECORD_BYTES } from '../leaves/sizes.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import type { Graph } from '../session/parameters.ts';
import { CHUNK_BYTES } from './chunks.ts';
import { writeOne, type Query } from './statement.ts';
import * as sql from './chunk-statements.ts';

/** The records of one owner, in the graph's order. */
export interface OwnersRecords {
  readonly owner: Position;
  readonly sealed: Uint8Array;
}

/** The graph of a session once U1 is known, and which users have dealt. */
export interface DealtGraph {
  readonly graph: Graph;
  readonly users: number;
  readonly u2: Members;
}

/** Most bytes of records that are read in one statement. */
const PAGE_BYTES = 2 ** 22;

/** @param dealt by owner, ascending. */
export async function writeRecords(
  query: Query,
  sessionId: string,
  { graph, users }: Omit<DealtGraph, 'u2'>,
  dealt: readonly OwnersRecords[],
): Promise<void> {
  const owners = dealt.map(({ owner }) => owner);
  if (graph === 'complete') {
    // A batch is mostly one tile; no tile is longer than a chunk.
    const most = Math.max(1, Math.floor(CHUNK_BYTES / (users * RECORD_BYTES)));
    for (let from = 0; from < dealt.length; from += most) {
      const tile = tileOf(users, dealt.slice(from, from + most));
      await writeOne(query, sql.insertTile, [sessionId, crypto.randomUUID(), owners.slice(from, from + most), tile]);
    }
    return;
  }
  const rows = await query(sql.insertDeals, [sessionId, owners, dealt.map(({ sealed }) => sealed)]);
  if (rows.length !== dealt.length) throw new StateError('session: the records of a user were there before its message');
}

/** For each position of the directory, one record of each owner. */
function tileOf(users: number, dealt: readonly OwnersRecords[]): Uint8Array {
  const width = dealt.length * RECORD_BYTES;
  const tile = new Uint8Array(users * width);
  dealt.forEach(({ owner, sealed }, column) => {
    for (let i = 0; i < users - 1; i++) {
      const holder = i < owner ? i : i + 1;
      tile.set(sealed.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES), holder * width + column * RECORD_BYTES);
    }
  });
  return tile;
}

/**
 * What each of some holders was dealt.
 *
 * @returns by holder, records by owner: those of U2 whose neighbor the holder is, in the graph's order.
 * @throws StateError if a record is missing.
 */
export async function readRecords(
  query: Query,
  sessionId: string,
  dealt: DealtGraph,
  holders: readonly Position[],
): Promise<Map<Position, Map<Position, Uint8Array>>> {
  const neighborhoods = neighborhoodsOf(dealt.graph, dealt.users);
  const page = Math.max(1, Math.floor(PAGE_BYTES / (neighborhoods.degree * RECORD_BYTES)));
  const all = new Map<Position, Map<Position, Uint8Array>>();
  for (let from = 0; from < holders.length; from += page) {
    const some = holders.slice(from, from + page);
    const found = await readPage(query, sessionId, dealt, some);
    for (const holder of some) {
      const records = new Map<Position, Uint8Array>();
      for (const owner of neighborhoods.neighbors(holder)) {
        if (!hasMember(dealt.u2, owner)) continue;
        const record = found.get(holder)?.get(owner);
        if (record?.length !== RECORD_BYTES) throw new StateError('session: the records of a user of U2 are missing');
        records.set(owner, record);
      }
      all.set(holder, records);
    }
  }
  return all;
}

async function readPage(
  query: Query,
  sessionId: string,
  { graph, users, u2 }: DealtGraph,
  holders: readonly Position[],
): Promise<Map<number, Map<number, Uint8Array>>> {
  const asked = graph === 'complete' ? [] : askedOf(graph, users, u2, holders);
  const rows =
    graph === 'complete'
      ? await query(sql.recordsInTiles, [sessionId, holders, RECORD_BYTES])
      : await query(sql.recordsInDeals, [
          sessionId,
          asked.map(({ holder }) => holder),
          asked.map(({ owner }) => owner),
          asked.map(({ index }) => index),
          RECORD_BYTES,
        ]);
  const found = new Map(holders.map((holder) => [holder as number, new Map<number, Uint8Array>()]));
  for (const { holder, owners, records } of rows) {
    owners.split(' ').forEach((owner, i) => {
      found.get(holder)?.set(Number(owner), records.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES));
    });
  }
  return found;
}

interface AskedRecord {
  readonly holder: Position;
  readonly owner: Position;
  /** Of the holder in the owner's list of neighbors. */
  readonly index: number;
}

function askedOf(graph: Graph, users: number, u2: Members, holders: readonly Position[]): AskedRecord[] {
  const neighborhoods = neighborhoodsOf(graph, users);
  return holders.flatMap((holder) =>
    neighborhoods
      .neighbors(positionAt(holder, users))
      .filter((owner) => hasMember(u2, owner))
      .map((owner) => ({ holder, owner, index: neighborhoods.neighborIndex(owner, holder) })),
  );
}
