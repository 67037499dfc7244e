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

const NOBODY = new Uint8Array();

const NO_PARTS = { parts: 0, bytes: 0, highest: -1, last: null };

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
  const { number, messageId, isLast, data } = part;
  // Whoever was heard takes no room. Its other parts are refused for want of the first.
  if (number === 0 && (await query(sql.heardIn, [roundId, phase, participant])).length > 0) throw repeated();
  // Locks the row of the network, so that the parts of one message are entered one after the other.
  const cost = data.length + PART_BYTES;
  // A message does not make room for its own next part.
  const going = number > 0 ? participant : NOBODY;
  await reserve(query, network, round, { cost, going });
  const [pending] = await query(sql.readMessage, [roundId, phase, participant]);
  const begun = pending?.message_id === messageId ? pending : null;
  if (begun === null) {
    // The first part shows that the participant is drawn; nothing is kept of anybody else.
    if (number > 0) throw new PetError('ERR_SECAGG_PET_PENDING', 'part of a message: expected the first part before the others');
    await drop(query, network, round, participant);
    await reserve(query, network, round, { cost: ASSEMBLY_BYTES, going });
  }
  const { parts, bytes, highest, last } = begun ?? NO_PARTS;
  const [written] = await query(sql.insertPart, [...place, number, isLast, data]);
  if (written === undefined) {
    const [same] = await query(sql.readPart, [...place, number]);
    if (same?.is_last !== isLast || !equalBytes(same.body, data)) throw badPart('it contradicts another part');
    await reserve(query, network, round, { cost: -cost, going });
    return parts - 1 === last;
  }
  const now = {
    ...{ parts: parts + 1, bytes: bytes + data.length, highest: Math.max(highest, number) },
    last: isLast ? number : last,
  };
  if ((isLast && last !== null) || (now.last !== null && now.last !== now.highest)) throw badPart('it contradicts another part');
  if (now.bytes > mostBytes) throw badPart(`expected at most ${mostBytes} bytes in all parts`);
  await query(sql.writeMessage, [...place, now.parts, now.bytes, now.highest, now.last]);
  return now.parts - 1 === now.last;
}

/** Forgets the message of a participant that is not complete, and counts what it took as free. */
async function drop(query: Query, { name }: Network, { id, phase }: StoredRound, participant: Uint8Array): Promise<void> {
  const [dropped] = await query(sql.dropMessage, [id, phase, participant]);
  if (dropped === undefined) return;
  // Does nothing if the phase is over, which has forgotten all.
  await query(sql.reservePart, [name, id, phase, -totalOf(dropped), Number.MAX_SAFE_INTEGER]);
}

/** Counts what is kept, so that all processes together keep no more than the options say. @param wanted its `going` makes no room. */
async function reserve(
  query: Query,
  network: Network,
  round: StoredRound,
  wanted: { readonly cost: number; readonly going: Uint8Array },
): Promise<void> {
  const { name, settings } = network;
  const { id, phase } = round;
  const [row] = await query(sql.reservePart, [name, id, phase, wanted.cost, settings.maxPendingBytes]);
  if (row !== undefined) return;
  const [now] = await query(sql.readRound, [name]);
  if (now?.round_id !== id || now.phase !== phase) throw roundMoved(phase);
  const [idlest] = await query(sql.idlestMessage, [id, phase, IDLE_SECONDS, wanted.going]);
  if (idlest === undefined) throw new PetError('ERR_SECAGG_PET_PENDING', 'message: too many others are incomplete');
  await drop(query, network, round, idlest.participant);
  await reserve(query, network, round, wanted);
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
export async function forgetParts(network: Network, round: StoredRound, participant: string): Promise<void> {
  const { id, phase } = round;
  await network.database.transaction(async (query) => {
    // Locks the row of the network first, as whoever enters a part does.
    await query(sql.reservePart, [network.name, id, phase, 0, Number.MAX_SAFE_INTEGER]);
    await drop(query, network, round, keyOf(participant));
  });
}

/** What a message that is not complete takes. */
function totalOf({ parts, bytes }: sql.PendingMessage): number {
  return bytes + parts * PART_BYTES + ASSEMBLY_BYTES;
}

function badPart(what: string): PetError {
  return new PetError('ERR_SECAGG_PET_PART', `part of a message: ${what}`);
}
