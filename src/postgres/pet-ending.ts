// How phases and rounds of PET end: each by one statement that says which phase it ends, so that one of several processes does it.
import { bytesOfModel, modelOfBytes, type Model } from '../pet/masking/model.ts';
import { meanOf } from '../pet/masking/totals.ts';
import { PetError } from '../pet/pet-error.ts';
import { dueOf, limitsOf } from '../pet/phase-limits.ts';
import type { ClosedPhase, LastModel, PetProgress } from '../pet/progress.ts';
import { majorityOf, newKeys, tooFew } from '../pet/round.ts';
import { StateError } from '../leaves/errors.ts';
import { deleteOtherChunksOfRound } from './chunk-statements.ts';
import { deletePages } from './deletion.ts';
import { dropSet, readString, writeSet } from './chunks.ts';
import type { Network, StoredRound } from './pet-round.ts';
import * as sql from './pet-statements.ts';
import { readObject, wholeTotal } from './pet-total.ts';

/** More than any phase takes. */
const ANY_NUMBER = 2 ** 31 - 1;

/** How a round ends: with so many messages in its phase, and with a mean or without. */
interface End {
  readonly least: number;
  readonly most: number;
  readonly model: Model | null;
  readonly error: PetError | null;
}

/**
 * Does what is due in a round.
 *
 * @param now service time.
 * @returns null if nothing is due, or if another process was faster.
 */
export async function advanceRound(
  network: Network,
  round: StoredRound,
  { ended, now }: { readonly ended: PetProgress; readonly now: number },
): Promise<ClosedPhase | null> {
  const { database, name, settings } = network;
  const limits = limitsOf(settings.limits, round);
  const due = dueOf(limits, round.accepted, now - round.since);
  const { min } = limits.count;
  if (due === null) return null;
  if (due === 'abandon') {
    return endRound(network, round, {
      ended,
      now,
      end: { least: 0, most: min - 1, model: null, error: tooFew(ended, settings) },
    });
  }
  if (round.phase === 'sum2') return endRound(network, round, { ended, now, end: await unmasked(network, round, min) });
  const phase = round.phase === 'sum' ? 'update' : 'sum2';
  const rows = await database.transaction((query) => query(sql.closePhase, [name, round.id, round.phase, phase, now, min]));
  return rows.length === 0 ? null : { ended, round: round.number, phase, model: null, error: null };
}

/** What the round has come to, without the masks that most sum participants sent. */
async function unmasked(network: Network, { id }: StoredRound, least: number): Promise<End> {
  const { database } = network;
  const end = { least, most: ANY_NUMBER };
  try {
    const { set_id: set } = majorityOf(await database.read(sql.readVotes, [id]));
    const model = meanOf(await wholeTotal(network, id), await readObject(network, id, set));
    return { ...end, model, error: null };
  } catch (error) {
    if (!(error instanceof PetError)) throw error;
    return { ...end, model: null, error };
  }
}

/** @returns null if another process has ended the phase before, or if messages have come so that it is another end. */
async function endRound(
  network: Network,
  round: StoredRound,
  { ended, now, end }: { readonly ended: PetProgress; readonly now: number; readonly end: End },
): Promise<ClosedPhase | null> {
  const { database, name, settings } = network;
  const { model, error, least, most } = end;
  const set = model === null ? null : crypto.randomUUID();
  if (model !== null && set !== null) {
    await writeSet(database, round.id, set, [['sum', bytesOfModel(model)]]);
  }
  const { publicKey, secretKey, seed } = await newKeys(settings, round.seed);
  const next = [crypto.randomUUID(), publicKey, secretKey, seed, now];
  const values = [name, round.id, round.phase, least, most, ...next, set];
  const rows = await database.transaction((query) => query(sql.endRound, values));
  if (rows.length === 0) {
    if (set !== null) await dropSet(database, round.id, set);
    return null;
  }
  return { ended, round: round.number + 1, phase: 'sum', model, error };
}

/** Gives a round up, whatever it has. @returns whether it was still in this phase. */
export async function abandonRound(network: Network, round: StoredRound, ended: PetProgress, now: number): Promise<boolean> {
  const end = { least: 0, most: ANY_NUMBER, model: null, error: null };
  return (await endRound(network, round, { ended, now, end })) !== null;
}

/** The last mean; null if there is none. @throws StateError if its chunks are not whole. */
export async function readLastModel({ database, name, settings }: Network): Promise<LastModel | null> {
  for (let set: string | null = null; ;) {
    const [row] = await database.read(sql.readModel, [name]);
    const {
      model_round: round,
      model_round_id: id,
      model_set: newest,
    } = row ?? { model_round: null, model_round_id: null, model_set: null };
    if (round === null || id === null || newest === null) return null;
    try {
      const bytes = await readString(database.read, id, { set: newest, kind: 'sum' }, null);
      const model = modelOfBytes(bytes, settings.config.vect.dataType, settings.modelLength);
      if (model !== null) return { round, model };
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
    }
    // A newer mean has taken its place while it was read, or it is broken.
    if (newest === set) throw new StateError('network: the chunks of the last mean are not whole');
    set = newest;
  }
}

/** Deletes what rounds that have ended leave, except the last mean. */
export async function sweepRounds({ database, name }: Network): Promise<void> {
  for (const { round_id: id, kept_set: kept } of await database.read(sql.readEnded, [name])) {
    await deletePages(database, sql.DELETE_PAGES, [id]);
    await deletePages(database, [deleteOtherChunksOfRound], [id, kept === null ? [] : [kept]]);
    await database.transaction((query) => query(sql.deleteEnded, [name, id]));
  }
}
