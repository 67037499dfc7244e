// Messages in parts, which may come to several processes.
import { concat, equalBytes } from '../leaves/bytes.ts';
import { PetError } from '../pet/pet-error.ts';
import { keyOf } from '../pet/wire/payloads.ts';
import type { Part } from '../pet/wire/parts.ts';
import { roundMoved, type Network, type StoredRound } from './pet-round.ts';
import * as sql from './pet-statements.ts';
import type { Query } from './statement.ts';

/** Where the parts of one message are. */
type Place = readonly [roundId: string, phase: string, participant: Uint8Array, messageId: number];

/**
 * Keeps a part; the same one again changes nothing.
 *
 * @returns the whole payload if all of its parts are there, else null.
 * @throws PetError ERR_SECAGG_PET_FULL, ERR_SECAGG_PET_PART; nothing is kept then.
 */
export async function keepPart(
  network: Network,
  round: StoredRound,
  { participant, part, mostBytes }: { readonly participant: string; readonly part: Part; readonly mostBytes: number },
): Promise<Uint8Array | null> {
  const place: Place = [round.id, round.phase, keyOf(participant), part.messageId];
  if (part.data.length === 0) throw badPart('it is empty');
  const isWhole = await network.database.transaction((query) => enter(query, network, { round, place, part, mostBytes }));
  return isWhole ? readWhole(network, place) : null;
}

async function enter(
  query: Query,
  network: Network,
  {
    round,
    place,
    part,
    mostBytes,
  }: { readonly round: StoredRound; readonly place: Place; readonly part: Part; readonly mostBytes: number },
): Promise<boolean> {
  // Locks the row of the network, so that the parts of one message are entered one after the other.
  await reserve(query, network, round, part.data.length);
  const dropped = await query(sql.dropParts, place);
  if (dropped.length > 0) await reserve(query, network, round, -bytesOf(dropped));
  const [written] = await query(sql.insertPart, [...place, part.number, part.isLast, part.data]);
  if (written === undefined) {
    const [same] = await query(sql.readPart, [...place, part.number]);
    if (same?.is_last !== part.isLast || !equalBytes(same.body, part.data)) throw badPart('it contradicts another part');
    await reserve(query, network, round, -part.data.length);
  }
  const [counted] = await query(sql.countParts, place);
  const { parts, bytes, highest, last, lasts } = counted ?? { parts: 0, bytes: 0, highest: -1, last: null, lasts: 0 };
  if (lasts > 1 || (last !== null && last !== highest)) throw badPart('it contradicts another part');
  if (bytes > mostBytes) throw badPart(`expected at most ${mostBytes} bytes in all parts`);
  return last !== null && parts === last + 1;
}

async function reserve(query: Query, { name, settings }: Network, { id, phase }: StoredRound, length: number): Promise<void> {
  const [row] = await query(sql.reservePart, [name, id, phase, length, settings.maxPendingBytes]);
  if (row !== undefined) return;
  const [now] = await query(sql.readRound, [name]);
  if (now?.round_id !== id || now.phase !== phase) throw roundMoved(phase);
  throw new PetError('ERR_SECAGG_PET_FULL', 'message: too many others are incomplete');
}

/** @returns null if the message was heard meanwhile, by way of another process. */
async function readWhole({ database }: Network, place: Place): Promise<Uint8Array | null> {
  const data: Uint8Array[] = [];
  for (let isLast = false; !isLast;) {
    const [row] = await database.read(sql.readPart, [...place, data.length]);
    if (row === undefined) return null;
    data.push(row.body);
    isLast = row.is_last;
  }
  return concat(data);
}

/**
 * Forgets the parts of a participant's message. Only after the message was heard or refused: whoever sends the last part again, because a
 * process was killed meanwhile, must find the others.
 */
export async function forgetParts({ database, name }: Network, { id, phase }: StoredRound, participant: string): Promise<void> {
  await database.transaction(async (query) => {
    const dropped = await query(sql.dropParts, [id, phase, keyOf(participant), null]);
    // Does nothing if the phase is over, which has forgotten all.
    await query(sql.reservePart, [name, id, phase, -bytesOf(dropped), Number.MAX_SAFE_INTEGER]);
  });
}

function bytesOf(dropped: readonly { readonly length: number }[]): number {
  return dropped.reduce((sum, { length }) => sum + length, 0);
}

function badPart(what: string): PetError {
  return new PetError('ERR_SECAGG_PET_PART', `part of a message: ${what}`);
}
