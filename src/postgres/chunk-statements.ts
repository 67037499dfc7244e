// Every statement about long byte strings: chunks, partial sums, and the records that users deal. $1 is the session.
import { deletePage, type Deletion } from './deletion.ts';
import { CREATED } from './session-columns.ts';
import { bytes, integer, lookup, statement, text, type SharedQuestion, type Statement } from './statement.ts';

/** Chunks of any sessions, packed. */
export const insertChunks: Statement<{ readonly no: number }> = statement(
  `
  insert into :schema.chunks (session_id, set_id, kind, no, body)
  select session_id, set_id, kind, no, substring($5::bytea from first for length)
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $6::integer[], $7::integer[])
    as chunk (session_id, set_id, kind, no, first, length)
  returning no`,
  { no: integer },
);

/** Pieces of chunks of any sessions, in the order in which they are asked for. */
export const readPieces: Statement<{ readonly index: number; readonly piece: Uint8Array }> = statement(
  `
  select index, substring(body from first for length) as piece
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::integer[], $6::integer[])
    with ordinality as question (session_id, set_id, kind, no, first, length, index)
  ${lookup('body', 'chunks', ['session_id', 'set_id', 'kind', 'no'])}
  order by index`,
  { index: integer, piece: bytes },
);

export const readChunk: Statement<{ readonly body: Uint8Array }> = statement(
  `
  select body from :schema.chunks
  where session_id = $1::uuid and set_id = $2::uuid and kind = $3::text and no = $4::integer`,
  { body: bytes },
);

/** Chunks that one transaction deletes: PostgreSQL marks each 2 KB of them as deleted by itself. */
const PAGE_CHUNKS = 4;

/** Deletes a page of a set. */
export const deleteSet: Statement<{ readonly no: number }> = statement(
  `
  delete from :schema.chunks where session_id = $1::uuid and ctid = any (array(
    select ctid from :schema.chunks where session_id = $1::uuid and set_id = $2::uuid limit ${PAGE_CHUNKS}))
  returning no`,
  { no: integer },
);

export interface PartRow {
  readonly part_id: string;
  readonly set_id: string;
  readonly users: number;
}

/** Lets parts of any sessions name new sets: inserts a part of revision 1, and replaces the revision before of any other. */
export const flipParts: Statement<{ readonly part_id: string }> = statement(
  `
  insert into :schema.parts (session_id, part_id, set_id, revision, users)
  select session_id, part_id, set_id, revision, users
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::integer[], $5::integer[])
    as part (session_id, part_id, set_id, revision, users)
  where revision = 1 or exists (
    select from :schema.parts before where before.session_id = part.session_id and before.part_id = part.part_id)
  on conflict (session_id, part_id) do update
    set set_id = excluded.set_id, revision = excluded.revision, users = excluded.users, changed_at = now()
    where parts.revision = excluded.revision - 1
  returning part_id`,
  { part_id: text },
);

/** Deletes the first chunks of sums of any sessions. */
export const deleteSums: Statement<{ readonly no: number }> = statement(
  `
  delete from :schema.chunks where session_id = any ($1::uuid[]) and ctid = any (array(
    select place from unnest($1::uuid[], $2::uuid[]) as question (session_id, set_id)
    ${lookup('ctid as place', 'chunks', ['session_id', 'set_id'], `kind = 'sum' and no < ${PAGE_CHUNKS}`)}))
  returning no`,
  { no: integer },
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

/** Tiles of any sessions, packed; the owners of each as the text of an array. */
export const insertTiles: Statement<{ readonly tile_id: string }> = statement(
  `
  insert into :schema.tiles (session_id, tile_id, owners, body)
  select session_id, tile_id, owners::integer[], substring($4::bytea from first for length)
  from unnest($1::uuid[], $2::uuid[], $3::text[], $5::integer[], $6::integer[]) as tile (session_id, tile_id, owners, first, length)
  returning tile_id`,
  { tile_id: text },
);

/** Deals of any sessions, packed. */
export const insertDeals: Statement<{ readonly owner: number }> = statement(
  `
  insert into :schema.deals (session_id, owner, sealed)
  select session_id, owner, substring($3::bytea from first for length)
  from unnest($1::uuid[], $2::integer[], $4::integer[], $5::integer[]) as deal (session_id, owner, first, length)
  order by session_id, owner returning owner`,
  { owner: integer },
);

interface DealtRow extends SharedQuestion {
  readonly holder: number;
  /** Positions, with commas between those of a row and spaces between rows. */
  readonly owners: string;
  /** In the order of the owners. */
  readonly records: Uint8Array;
}

/**
 * What some holders of any sessions were dealt, from all tiles: a row for each question and holder. The first bytes of each record may be
 * left out: the ciphertext. $5 is the length of a record.
 */
export const recordsInTiles: Statement<DealtRow> = statement(
  `
  select asked, holder, translate(owners, '{}', '') as owners, records
  from unnest($1::uuid[], $2::integer[], $3::integer[], $4::integer[]) as question (session_id, holder, without, asked)
  ${lookup(
    `string_agg(owners::text, ' ') as owners, string_agg(substring(body from (holder * $5::integer + without) * cardinality(owners) + 1
      for ($5::integer - without) * cardinality(owners)), ''::bytea) as records`,
    'tiles',
    ['session_id'],
  )}
  where owners is not null`,
  { asked: integer, holder: integer, owners: text, records: bytes },
);

/**
 * What the neighbors of some holders of any sessions dealt to them. The neighbors are at the positions from `start` on, with the holder in
 * their middle. An owner's records are in the order of its own neighbors: the further ahead the owner is, the earlier comes the holder's.
 * $7 is the length of a record.
 */
export const recordsInDeals: Statement<DealtRow> = statement(
  `
  select asked, holder, string_agg(owner::text, ' ') as owners, string_agg(substring(sealed
    from (neighbors - ahead - (2 * ahead < neighbors)::integer) * $7::integer + without + 1 for $7::integer - without), ''::bytea) as records
  from unnest($1::uuid[], $2::integer[], $3::integer[], $4::integer[], $5::integer[], $6::integer[])
    as question (session_id, holder, without, start, neighbors, asked)
  ${lookup('owner, owner - start as ahead, sealed', 'deals', ['session_id'], 'owner between start and start + neighbors')}
  where 2 * ahead <> neighbors
  group by asked, holder`,
  { asked: integer, holder: integer, owners: text, records: bytes },
);

/**
 * The session that was created at $2 is there, or none is. Its id may be used again while its rows are deleted. A statement that does not see
 * the new session sees no rows of it either.
 */
const NOT_AGAIN = `not exists (select from :schema.sessions where session_id = $1::uuid and ${CREATED} is distinct from $2::text)`;

const ofSession = (table: string, rows: number): Deletion => deletePage(table, 'session_id', rows, NOT_AGAIN);

export const deleteMessages: Deletion = ofSession('messages', 1_000);
export const deleteKeys: Deletion = ofSession('keys', 20_000);
export const deleteMembers: Deletion = ofSession('members', 20_000);
export const deleteTiles: Deletion = ofSession('tiles', 4);
export const deleteDeals: Deletion = ofSession('deals', 2_000);
export const deleteChunks: Deletion = ofSession('chunks', PAGE_CHUNKS);
export const deleteUnmaskTasks: Deletion = ofSession('unmask_tasks', 1_000);
export const deletePartsPage: Deletion = ofSession('parts', 1_000);

const otherChunks = (sets: string, condition: string): Statement<{ readonly session_id: string }> =>
  statement(
    `
    delete from :schema.chunks where session_id = $1::uuid and ${condition}
      and ctid = any (array(
        select ctid from :schema.chunks where session_id = $1::uuid and set_id <> all (${sets}::uuid[]) limit ${PAGE_CHUNKS}))
    returning session_id`,
    { session_id: text },
  );

/** Deletes chunks of a session that are no part of the result, whose sets are given. */
export const deleteOtherChunks: Statement<{ readonly session_id: string }> = otherChunks('$3', NOT_AGAIN);
/** The same for a round of PET. */
export const deleteOtherChunksOfRound: Statement<{ readonly session_id: string }> = otherChunks('$2', 'true');
