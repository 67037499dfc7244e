// The masked models that one process accepts, as their sum. Models that come while a sum is written go into the next one (group commit).
import { compareBytes, concat } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import { requireFirst } from '../pet/coordinator-steps.ts';
import { MaskObject } from '../pet/masking/mask-object.ts';
import { addTo, mostModels, requireSameForm } from '../pet/masking/totals.ts';
import { PetError } from '../pet/pet-error.ts';
import { requireRoom } from '../pet/round.ts';
import { keyOf } from '../pet/wire/payloads.ts';
import { dropSet, readString, writeSet } from './chunks.ts';
import { messageNotWritten } from './hearing-transaction.ts';
import { isHeardMeanwhile, type Network, type RoundReader, type StoredRound } from './pet-round.ts';
import * as sql from './pet-statements.ts';
import type { Query } from './statement.ts';

/** Models that are written with one sum. */
const MOST_MODELS = 64;

/** An update message that is to be heard. */
export interface Update {
  readonly participant: string;
  readonly maskedModel: MaskObject;
  /** In the order of the sum participants' keys. */
  readonly seeds: readonly Uint8Array[];
}

interface Waiting extends Update {
  readonly round: StoredRound;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A row of `pet_totals`, and the sum that it names. */
interface Part {
  readonly roundId: string;
  readonly id: string;
  readonly set: string | null;
  readonly revision: number;
  readonly models: number;
  readonly total: MaskObject;
}

/** Hears the update messages of one process. */
export class PetTotal {
  readonly #network: Network;
  readonly #reader: RoundReader;
  #waiting: Waiting[] = [];
  #isRunning = false;
  #part: Part | null = null;

  constructor(network: Network, reader: RoundReader) {
    this.#network = network;
    this.#reader = reader;
  }

  /** Resolves when the model is in a sum that is durable. @throws PetError if it does not belong there; StoreError. */
  put(round: StoredRound, update: Update): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...update, round, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
        const { id } = first.round;
        const batch = this.#waiting.filter(({ round }) => round.id === id).slice(0, MOST_MODELS);
        const taken = new Set(batch);
        this.#waiting = this.#waiting.filter((each) => !taken.has(each));
        await this.#hear(batch, first.round);
      }
    } finally {
      // Runs synchronously after the look at the queue, so a later `put` starts a new run.
      this.#isRunning = false;
    }
  }

  async #hear(batch: readonly Waiting[], round: StoredRound): Promise<void> {
    let left = refuseEach(batch, (update, before) => {
      requireFirst(!before.some(({ participant }) => participant === update.participant));
      requireSameForm(this.#present(round.id).total, update.maskedModel);
    });
    try {
      while (left.length > 0 && !(await this.#write(left, round))) left = await this.#withoutRefused(left, round);
      for (const { resolve } of left) resolve();
    } catch (error) {
      // Nobody knows what is written. The part may have been: this process begins another one.
      this.#part = null;
      for (const { reject } of left) reject(error);
    }
  }

  #present(roundId: string): Part {
    if (this.#part?.roundId === roundId) return this.#part;
    const { config, modelLength } = this.#network.settings;
    const total = MaskObject.zero(config, modelLength);
    this.#part = { roundId, id: crypto.randomUUID(), set: null, revision: 0, models: 0, total };
    return this.#part;
  }

  /** @returns false if nothing was written, because some of the messages do not belong into the round as it is now. */
  async #write(batch: readonly Waiting[], { id }: StoredRound): Promise<boolean> {
    const { database, name, settings } = this.#network;
    const part = this.#present(id);
    const total = part.total.copy();
    // How many all processes have heard is a condition of the statement.
    for (const { maskedModel } of batch) addTo({ total, count: 0 }, maskedModel);
    const set = crypto.randomUUID();
    const next: Part = { ...part, set, revision: part.revision + 1, models: part.models + batch.length, total };
    await writeSet(database, id, set, [['sum', total.toBytes()]]);
    const most = Math.min(settings.limits.update.count.max, mostModels(total));
    const sorted = [...batch].sort((a, b) => compareBytes(keyOf(a.participant), keyOf(b.participant)));
    const participants = sorted.map(({ participant }) => keyOf(participant));
    const seeds = sorted.map((update) => concat(update.seeds));
    const values = [name, id, most, participants, seeds, next.id, set, next.revision, next.models];
    if (!(await database.transaction((query) => writeAll(query, values, batch.length)).catch(falseIfHeard))) {
      await dropSet(database, id, set);
      return false;
    }
    this.#part = next;
    if (part.set !== null) await dropSet(database, id, part.set);
    return true;
  }

  /** Refuses what cannot be heard now. @throws PetError for all if the round has moved. */
  async #withoutRefused(batch: readonly Waiting[], round: StoredRound): Promise<readonly Waiting[]> {
    const { database, settings } = this.#network;
    const { accepted } = await this.#reader.requireStill(round);
    const keys = batch.map(({ participant }) => keyOf(participant));
    const rows = await database.read(sql.updatesOf, [round.id, keys]);
    const heard = new Set(rows.map(({ participant }) => participant.join(' ')));
    const left = refuseEach(batch, (update, before) => {
      requireFirst(!heard.has(keyOf(update.participant).join(' ')));
      requireRoom('update', accepted + before.length, settings);
      const most = mostModels(update.maskedModel);
      if (accepted + before.length < most) return;
      throw new PetError('ERR_SECAGG_PET_TOO_MANY', `aggregation: expected at most ${most} models, got another one`);
    });
    if (left.length === batch.length) throw messageNotWritten();
    return left;
  }
}

async function writeAll(query: Query, values: readonly unknown[], count: number): Promise<boolean> {
  const [row] = await query(sql.hearUpdates, values);
  if (row?.heard === 0) return false;
  if (row?.heard !== count || row.totals !== 1) throw messageNotWritten(); // rolled back
  return true;
}

function falseIfHeard(error: unknown): boolean {
  if (isHeardMeanwhile(error)) return false;
  throw error;
}

/** Rejects those for which `check` throws a PetError. @returns the others. */
function refuseEach(batch: readonly Waiting[], check: (update: Waiting, before: readonly Waiting[]) => void): readonly Waiting[] {
  const left: Waiting[] = [];
  for (const update of batch) {
    try {
      check(update, left);
      left.push(update);
    } catch (error) {
      if (!(error instanceof PetError)) throw error;
      update.reject(error);
    }
  }
  return left;
}

/** The sum of what all processes have accepted, and how many models are in it. */
export async function wholeTotal(
  { database, settings }: Network,
  roundId: string,
): Promise<{ total: MaskObject; count: number }> {
  const total = MaskObject.zero(settings.config, settings.modelLength);
  let count = 0;
  for (const { set_id: set, models } of await database.read(sql.readTotals, [roundId])) {
    addTo({ total, count: 0 }, await readObject({ database, settings }, roundId, set));
    count += models;
  }
  return { total, count };
}

/** @throws StateError if a set holds something else. */
export async function readObject(
  { database, settings: { config, modelLength } }: Pick<Network, 'database' | 'settings'>,
  roundId: string,
  set: string,
): Promise<MaskObject> {
  const object = MaskObject.fromBytes(await readString(database.read, roundId, { set, kind: 'sum' }, null));
  try {
    requireSameForm(MaskObject.zero(config, modelLength), object);
  } catch {
    throw new StateError('network: a stored sum has another form than the options');
  }
  return object;
}
