// All that a round has heard, from rows, and what closing the round gives, as rows. O(n) small entries; in round 4 also all answers.
import { concat } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import { positions } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import { SHARE_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import { ringOf, type Lanes } from '../masking/ring.ts';
import { addLanes, zeroSum } from '../masking/running-sum.ts';
import { collectingState, enterEntry, filedDealOf } from '../server/entries.ts';
import type { ClosedState, CollectingState, FiledDeal } from '../server/state.ts';
import type { Graph } from '../session/parameters.ts';
import type { ChunkKind } from './chunks.ts';
import { directoryStrings } from './directory.ts';
import { pagesOf } from './pages.ts';
import { addSet } from './part.ts';
import * as chunks from './chunk-statements.ts';
import * as messages from './message-statements.ts';
import type { Query } from './statement.ts';
import { closingOf, type StoredSession } from './stored-session.ts';

/** Most bytes of entries in a page. */
const PAGE_BYTES = 2 ** 23;
const NOTHING = new Uint8Array();

/**
 * @param known what this process has in memory, which is not read again.
 * @throws StateError if the rows do not belong together: somebody has changed them.
 */
export async function readHeard(query: Query, session: StoredSession, known: KnownSession | null): Promise<CollectingState> {
  const { id, row, context, sets } = session;
  const { parameters } = context;
  const deals = row.round === 4 ? await readDeals(query, session) : new Map<Position, FiledDeal>();
  const state = collectingState(sets, deals, await readSum(query, session, known));
  const groupSize = sets === null ? 0 : neighborhoodsOf(parameters.graph, sets.directory.size).groupSize;
  const page = row.round === 4 ? Math.ceil(PAGE_BYTES / (groupSize * (1 + SHARE_BYTES))) : undefined;
  let users = 0;
  for await (const rows of pagesOf(query, messages.entriesOf, [id, row.round], page)) {
    for (const { user_id: user, entry } of rows) enterEntry(parameters, state, user as UserId, entry);
    users += rows.length;
  }
  if (row.round === 0 && users !== row.admitted)
    throw new StateError(`session ${id}: the users are not those that were admitted`);
  return state;
}

/** What a process has in memory of a session. */
export interface KnownSession {
  /** As it was read before; its round may be over. */
  readonly session: StoredSession | null;
  /** The sum of a part, if it is there. */
  sumOf(part: chunks.PartRow): Lanes | null;
}

/** In round 2 the sum of all parts, in round 4 that of round 2. */
async function readSum(query: Query, { id, row, context }: StoredSession, known: KnownSession | null): Promise<Lanes> {
  const { parameters } = context;
  if (row.round !== 2 && row.round !== 4) return NOTHING;
  const sum = zeroSum(ringOf(parameters.bits), parameters.vecLen);
  if (row.round === 4) {
    await addSet(query, id, parameters, closingOf(row, 2), sum);
    return sum;
  }
  // The sum must have the input of each acknowledged user, and of nobody else.
  const parts = await query(chunks.readParts, [id]);
  const heard = await query(chunks.usersOfParts, [id]);
  const fits = parts.length === heard.length && parts.every((part, i) => sameUsers(part, heard[i]));
  if (!fits) throw new StateError(`session ${id}: the users in the partial sums are not the users that were acknowledged`);
  for (const part of parts) {
    const own = known?.sumOf(part) ?? null;
    if (own === null) await addSet(query, id, parameters, part.set_id, sum);
    else addLanes(ringOf(parameters.bits), sum, own);
  }
  return sum;
}

interface UsersOfPart {
  readonly part_id: string;
  readonly users: number;
}

function sameUsers(part: UsersOfPart, heard: UsersOfPart | undefined): boolean {
  return part.part_id === heard?.part_id && part.users === heard.users;
}

/** The deals of U2, as far as reconstruction needs them. */
async function readDeals(query: Query, { id, context, sets }: StoredSession): Promise<Map<Position, FiledDeal>> {
  const deals = new Map<Position, FiledDeal>();
  for await (const rows of pagesOf(query, messages.entriesOf, [id, 1])) {
    for (const { user_id: user, entry } of rows) {
      const owner = sets?.directory.positionOf(user as UserId) ?? null;
      if (owner !== null) deals.set(owner, filedDealOf(context.parameters, entry ?? NOTHING));
    }
  }
  const set = sets?.u2 ?? null;
  const u2 = set === null ? [] : positions(set);
  if (deals.size !== u2.length || !u2.every((owner) => deals.has(owner))) {
    throw new StateError(`session ${id}: the users that have dealt are not U2`);
  }
  return deals;
}

/** What is written of a closed round. */
export interface RoundResult {
  readonly strings: readonly (readonly [ChunkKind, Uint8Array])[];
  readonly directoryDigest: Uint8Array | null;
  readonly view2: Uint8Array | null;
  readonly view3: Uint8Array | null;
}

const NO_DIGESTS = { directoryDigest: null, view2: null, view3: null };

/** @param state that follows the round. */
export function resultOf(graph: Graph, state: ClosedState): RoundResult {
  switch (state.phase) {
    case 'share-keys':
      return { ...NO_DIGESTS, strings: directoryStrings(state.directory.lines, graph), directoryDigest: state.directoryDigest };
    case 'masked-input':
      return { ...NO_DIGESTS, strings: [['u2', state.u2]], view2: state.view2 };
    case 'consistency-check':
      return {
        ...NO_DIGESTS,
        strings: [
          ['u3', state.u3],
          ['sum', state.sum],
        ],
        view3: state.view3,
      };
    case 'unmasking': {
      const none = new Uint8Array(SIGNATURE_BYTES);
      const signed = concat(state.directory.positions.map((position) => state.signatures.get(position) ?? none));
      return {
        ...NO_DIGESTS,
        strings: [
          ['u4', state.u4],
          ['signed', signed],
        ],
      };
    }
    case 'finished':
      return { ...NO_DIGESTS, strings: [['sum', state.sum]] };
  }
}
