// Messages in parts, which may come to several processes.
import { concat, equalBytes } from '../leaves/bytes.ts';
import { PetError } from '../pet/pet-error.ts';
import { keyOf } from '../pet/wire/payloads.ts';
import { ASSEMBLY_BYTES, PART_BYTES, type Part } from '../pet/wire/parts.ts';
import { repeated, roundMoved, type Network, type StoredRound } from './pet-round.ts';
import * as sql from './pet-statements.ts';
import type { Query } from './statement.ts';

/** Seconds without a new part after which a message makes room for others. */
const IDLE_SECONDS = 30;

/** Where the parts of one message are. */
type Place = readonly [roundId: string, phase: string, participant: Uint8Array, messageId: number];

/**
 * Keeps a part; the same one again changes nothing.
 *
 * @returns the whole payload if all of its parts are there, else null.
 * @throws PetError ERR_SECAGG_PET_PENDING if there is no room, or if the first part is not there; ERR_SECAGG_PET_REPEATED if the participant
 * was heard in this phase; ERR_SECAGG_PET_PART. The part is not kept then.
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
  const [roundId, phase, participant] = place;
  // Whoever was heard takes no room. Its other parts are refused for want of the first.
  if (part.number === 0 && (await query(sql.heardIn, [roundId, phase, participant])).length > 0) throw repeated();
  // Locks the row of the network, so that the parts of one message are entered one after the other.
  const cost = costOf({ no: part.number, length: part.data.length });
  await reserve(query, network, round, cost);
  const dropped = await query(sql.dropParts, place);
  if (dropped.length > 0) await reserve(query, network, round, -totalOf(dropped));
  // The first part shows that the participant is drawn; nothing is kept of anybody else.
  if (part.number > 0 && (await query(sql.readPart, [...place, 0])).length === 0) {
    throw new PetError('ERR_SECAGG_PET_PENDING', 'part of a message: expected the first part before the others');
  }
  const [written] = await query(sql.insertPart, [...place, part.number, part.isLast, part.data]);
  if (written === undefined) {
    const [same] = await query(sql.readPart, [...place, part.number]);
    if (same?.is_last !== part.isLast || !equalBytes(same.body, part.data)) throw badPart('it contradicts another part');
    await reserve(query, network, round, -cost);
  }
  const [counted] = await query(sql.countParts, place);
  const { parts, bytes, highest, last, lasts } = counted ?? { parts: 0, bytes: 0, highest: -1, last: null, lasts: 0 };
  if (lasts > 1 || (last !== null && last !== highest)) throw badPart('it contradicts another part');
  if (bytes > mostBytes) throw badPart(`expected at most ${mostBytes} bytes in all parts`);
  return last !== null && parts === last + 1;
}

/** Counts what is kept, so that all processes together keep no more than the options say. */
async function reserve(query: Query, network: Network, round: StoredRound, cost: number): Promise<void> {
  const { name, settings } = network;
  const { id, phase } = round;
  const [row] = await query(sql.reservePart, [name, id, phase, cost, settings.maxPendingBytes]);
  if (row !== undefined) return;
  const [now] = await query(sql.readRound, [name]);
  if (now?.round_id !== id || now.phase !== phase) throw roundMoved(phase);
  const idlest = await query(sql.dropIdlest, [id, phase, IDLE_SECONDS]);
  if (idlest.length === 0) throw new PetError('ERR_SECAGG_PET_PENDING', 'message: too many others are incomplete');
  await reserve(query, network, round, cost - totalOf(idlest));
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
    await query(sql.reservePart, [name, id, phase, -totalOf(dropped), Number.MAX_SAFE_INTEGER]);
  });
}

/** What a part takes; the first one stands for its message, too. */
function costOf({ no, length }: sql.DroppedPart): number {
  return length + PART_BYTES + (no === 0 ? ASSEMBLY_BYTES : 0);
}

function totalOf(dropped: readonly sql.DroppedPart[]): number {
  return dropped.reduce((sum, part) => sum + costOf(part), 0);
}

function badPart(what: string): PetError {
  return new PetError('ERR_SECAGG_PET_PART', `part of a message: ${what}`);
}
