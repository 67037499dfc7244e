// Every statement about long byte strings: chunks, partial sums, and the records that users deal. $1 is the session.
import { bytes, integer, statement, text, type Statement } from './statement.ts';

export const insertChunk: Statement<{ readonly no: number }> = statement(
  `
  insert into :schema.chunks (session_id, set_id, kind, no, body)
  values ($1::uuid, $2::uuid, $3::text, $4::integer, $5::bytea) returning no`,
  { no: integer },
);

/** Pieces of chunks, in the order in which they are asked for. */
export const readPieces: Statement<{ readonly index: number; readonly piece: Uint8Array }> = statement(
  `
  select index, substring(body from first for length) as piece
  from unnest($2::uuid[], $3::text[], $4::integer[], $5::integer[], $6::integer[])
    with ordinality as asked (set_id, kind, no, first, length, index)
  join :schema.chunks on chunks.session_id = $1::uuid and chunks.set_id = asked.set_id and chunks.kind = asked.kind
    and chunks.no = asked.no
  order by index`,
  { index: integer, piece: bytes },
);

export const readChunk: Statement<{ readonly body: Uint8Array }> = statement(
  `
  select body from :schema.chunks
  where session_id = $1::uuid and set_id = $2::uuid and kind = $3::text and no = $4::integer`,
  { body: bytes },
);

export const deleteSet: Statement<{ readonly no: number }> = statement(
  `delete from :schema.chunks where session_id = $1::uuid and set_id = $2::uuid returning no`,
  { no: integer },
);

interface PartRow {
  readonly part_id: string;
  readonly set_id: string;
  readonly users: number;
}

export const insertPart: Statement<{ readonly part_id: string }> = statement(
  `
  insert into :schema.parts (session_id, part_id, set_id, revision, users)
  values ($1::uuid, $2::uuid, $3::uuid, $4::integer, $5::integer)
  on conflict do nothing returning part_id`,
  { part_id: text },
);

export const replacePart: Statement<{ readonly part_id: string }> = statement(
  `
  update :schema.parts set set_id = $3::uuid, revision = $4::integer, users = $5::integer, changed_at = now()
  where session_id = $1::uuid and part_id = $2::uuid and revision = $4::integer - 1
  returning part_id`,
  { part_id: text },
);

export const readParts: Statement<PartRow> = statement(
  `select part_id, set_id, users from :schema.parts where session_id = $1::uuid order by part_id`,
  { part_id: text, set_id: text, users: integer },
);

/** How many acknowledged users each part should have in its sum. */
export const usersOfParts: Statement<{ readonly part_id: string; readonly users: number }> = statement(
  `
  select part_id, count(*) as users from :schema.messages
  where session_id = $1::uuid and round = 2 group by part_id order by part_id`,
  { part_id: text, users: integer },
);

export const deleteParts: Statement<{ readonly session_id: string }> = statement(
  `delete from :schema.parts where session_id = $1::uuid returning session_id`,
  { session_id: text },
);

export const insertTile: Statement<{ readonly tile_id: string }> = statement(
  `
  insert into :schema.tiles (session_id, tile_id, owners, body)
  values ($1::uuid, $2::uuid, $3::integer[], $4::bytea) returning tile_id`,
  { tile_id: text },
);

export const insertDeals: Statement<{ readonly owner: number }> = statement(
  `
  insert into :schema.deals (session_id, owner, sealed)
  select $1::uuid, owner, sealed from unnest($2::integer[], $3::bytea[]) as deal (owner, sealed)
  order by owner returning owner`,
  { owner: integer },
);

interface DealtRow {
  readonly holder: number;
  /** Positions, with spaces between them. */
  readonly owners: string;
  readonly records: Uint8Array;
}

/** From each tile, what its owners dealt to some holders. $3 is the length of a record. */
export const recordsInTiles: Statement<DealtRow> = statement(
  `
  select holder, array_to_string(owners, ' ') as owners,
    substring(body from holder * cardinality(owners) * $3::integer + 1 for cardinality(owners) * $3::integer) as records
  from :schema.tiles cross join unnest($2::integer[]) as holders (holder)
  where session_id = $1::uuid`,
  { holder: integer, owners: text, records: bytes },
);

/** What some owners dealt to a holder: for each owner the holder, and where its record is among the owner's. */
export const recordsInDeals: Statement<DealtRow> = statement(
  `
  select holder, owner::text as owners, substring(sealed from index * $5::integer + 1 for $5::integer) as records
  from unnest($2::integer[], $3::integer[], $4::integer[]) as asked (holder, owner, index)
  join :schema.deals using (owner)
  where session_id = $1::uuid`,
  { holder: integer, owners: text, records: bytes },
);

// What a session leaves is deleted in pages, each in a transaction of its own: a transaction that deletes all would be long.
const deletePage = (table: string, rows: number): Statement<{ readonly session_id: string }> =>
  statement(
    `
  delete from :schema.${table} where session_id = $1::uuid
    and ctid = any (array(select ctid from :schema.${table} where session_id = $1::uuid limit ${rows}))
  returning session_id`,
    { session_id: text },
  );

export const deleteMessages: Statement<{ readonly session_id: string }> = deletePage('messages', 1_000);
export const deleteKeys: Statement<{ readonly session_id: string }> = deletePage('keys', 20_000);
export const deleteMembers: Statement<{ readonly session_id: string }> = deletePage('members', 20_000);
export const deleteTiles: Statement<{ readonly session_id: string }> = deletePage('tiles', 8);
export const deleteDeals: Statement<{ readonly session_id: string }> = deletePage('deals', 2_000);
export const deleteChunks: Statement<{ readonly session_id: string }> = deletePage('chunks', 8);

/** The same for chunks that are no part of the result, whose sets are given. */
export const deleteOtherChunks: Statement<{ readonly session_id: string }> = statement(
  `
  delete from :schema.chunks where session_id = $1::uuid
    and ctid = any (array(
      select ctid from :schema.chunks where session_id = $1::uuid and set_id <> all ($2::uuid[]) limit 8))
  returning session_id`,
  { session_id: text },
);
