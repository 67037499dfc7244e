// A coordinator of PET with its rounds in PostgreSQL, for any number of processes at a time.
import { hex } from '../leaves/bytes.ts';
import { checkBytes, checkNames, checkString } from '../leaves/checks.ts';
import { StoreError } from '../leaves/errors.ts';
import { inspectAs } from '../leaves/inspect.ts';
import { ROUND_OPTIONS, type PetRoundOptions } from '../pet/coordinator-options.ts';
import {
  requireLargeOrder,
  requireNoSumParticipant,
  requireSumParticipant,
  seedsInOrder,
  type EligibleMessage,
} from '../pet/coordinator-steps.ts';
import { mostMessageBytes, parametersOf } from '../pet/intake.ts';
import { MaskObject } from '../pet/masking/mask-object.ts';
import { requireSameForm } from '../pet/masking/totals.ts';
import { PetError } from '../pet/pet-error.ts';
import { dueOf, limitsOf } from '../pet/phase-limits.ts';
import type { ClosedPhase, LastModel, PetProgress, PetRounds } from '../pet/progress.ts';
import { newKeys, requireRoom } from '../pet/round.ts';
import { keyOf } from '../pet/wire/payloads.ts';
import { encodeParameters, encodeSeeds, encodeSums } from '../pet/wire/views.ts';
import { platform } from '#platform';
import { dropSet, writeSet } from './chunks.ts';
import { Database, type DatabaseOptions } from './database.ts';
import { messageNotWritten } from './hearing-transaction.ts';
import { migrate } from './migrations.ts';
import { abandonRound, advanceRound, readLastModel, sweepRounds } from './pet-ending.ts';
import { forgetParts, keepPart } from './pet-parts.ts';
import {
  agreedText,
  heardOnce,
  networkOf,
  RoundReader,
  repeated,
  roundMoved,
  type Network,
  type StoredRound,
} from './pet-round.ts';
import { PetTotal } from './pet-total.ts';
import * as sql from './pet-statements.ts';
import type { PostgresPool } from './pool.ts';
import { ServiceClock } from './service-clock.ts';

/** What a coordinator of PET in PostgreSQL is made with. */
export interface PostgresPetOptions extends PetRoundOptions, DatabaseOptions {
  /** Name of the network, 1 to 100 characters: a schema may have several. */
  readonly network: string;
}

/** Update participants whose seeds one statement reads. */
const SEEDS_PAGE = 20_000;

/**
 * Keeps the rounds of one network of PET in PostgreSQL. Give each process one with the same options, around which a `PetService` of `secagg/pet`
 * answers requests and ends phases: several processes may do so at once, and one that is killed loses no message that was accepted.
 *
 * @example
 * ```ts
 * import pg from 'pg';
 * import { PetService } from 'secagg/pet';
 * import { PostgresPetCoordinator } from 'secagg/postgres';
 *
 * const rounds = { sumProbability: 0.01, updateProbability: 0.1, config, modelLength: 1000 };
 * const coordinator = new PostgresPetCoordinator(new pg.Pool(), { network: 'keyboard', ...rounds });
 * await coordinator.migrate();
 * const service = new PetService({ coordinator });
 * void service.run({ signal });
 * ```
 */
export class PostgresPetCoordinator implements PetRounds {
  readonly #network: Network;
  readonly #reader: RoundReader;
  readonly #clock: ServiceClock;
  readonly #total: PetTotal;
  /** What this process has refused in one phase. */
  #refused = { id: '', phase: '', rejected: 0, discarded: 0 };

  /**
   * @param pool a `pg.Pool`, or an object with the same methods.
   * @throws TypeError, RangeError that name the argument.
   */
  constructor(pool: PostgresPool, options: PostgresPetOptions) {
    checkNames(options, 'options', [...ROUND_OPTIONS, 'network', 'schema', 'timeout']);
    const { network, schema, timeout, ...rounds } = options;
    const database = new Database(pool, { schema, timeout });
    const name = checkString(network, 'options.network', { least: 1, most: 100 });
    this.#network = networkOf(database, name, rounds);
    this.#reader = new RoundReader(this.#network);
    this.#clock = new ServiceClock(database);
    this.#total = new PetTotal(this.#network, this.#reader);
  }

  /** Creates the schema or brings it to this version, as `migrate()` of PostgresSessions does: the two share it. */
  async migrate(): Promise<void> {
    await migrate(this.#network.database);
  }

  /** Bytes of the longest message that a participant may send. */
  get maxMessageBytes(): number {
    return mostMessageBytes(this.#network.settings);
  }

  /**
   * The parameters of the round, for all participants: 136 bytes, as xaynet's path `params` gives them. The first call for a network begins its
   * first round.
   *
   * @throws StoreError; StateError if the network has other probabilities, mask configurations or lengths than the options.
   */
  async parameters(): Promise<Uint8Array<ArrayBuffer>> {
    return encodeParameters(parametersOf(this.#network.settings, await this.#round()));
  }

  /** The sum participants, for update participants, as xaynet's path `sums` gives them; null before the update phase. @throws StoreError. */
  async sums(): Promise<Uint8Array<ArrayBuffer> | null> {
    const round = await this.#round();
    return round.phase === 'sum' ? null : encodeSums(await this.#reader.sums(round));
  }

  /**
   * The seeds that are sealed for a sum participant, as xaynet's path `seeds` gives them.
   *
   * @param participantKey Ed25519 public key, 32 bytes.
   * @returns null before the sum2 phase, and for whoever is no sum participant of the round.
   * @throws StoreError.
   */
  async seeds(participantKey: Uint8Array): Promise<Uint8Array<ArrayBuffer> | null> {
    const key = checkBytes(participantKey, 'participantKey');
    const round = await this.#round();
    if (round.phase !== 'sum2') return null;
    const index = [...(await this.#reader.sums(round)).keys()].indexOf(hex(key));
    if (index === -1) return null;
    const seeds = new Map<string, Uint8Array>();
    for (let last = new Uint8Array(); ;) {
      const page = await this.#network.database.read(sql.readSeeds, [round.id, 80 * index + 1, last, SEEDS_PAGE]);
      for (const { participant, seed } of page) seeds.set(hex(participant), seed);
      const end = page.at(-1);
      if (end === undefined || page.length < SEEDS_PAGE) return encodeSeeds(seeds);
      last = new Uint8Array(end.participant);
    }
  }

  /** The mean of the last round that gave one; null before. @throws StoreError. */
  async model(): Promise<LastModel | null> {
    return readLastModel(this.#network);
  }

  /** How far the round is. @throws StoreError. */
  async progress(): Promise<PetProgress> {
    return this.#progressOf(await this.#round(), await this.#clock.heartbeat());
  }

  #progressOf({ id, phase, number: round, accepted, since, sumParticipants }: StoredRound, now: number): PetProgress {
    const limits = limitsOf(this.#network.settings.limits, { phase, sumParticipants });
    const { min, max } = limits.count;
    const isSame = this.#refused.id === id && this.#refused.phase === phase;
    const { rejected, discarded } = isSame ? this.#refused : { rejected: 0, discarded: 0 };
    const elapsed = Math.max(now - since, 0);
    const standing = { enough: accepted >= min, full: accepted >= max, due: dueOf(limits, accepted, elapsed) };
    return { round, phase, accepted, rejected, discarded, elapsed, ...standing };
  }

  /**
   * Takes a message of a participant. What is acknowledged is on the disk of the database.
   *
   * @returns 'accepted', or 'incomplete' if other parts of it are missing.
   * @throws as `PetCoordinator.receive`; StoreError: then nobody knows whether the message was accepted, and the same message again is harmless.
   */
  async receive(message: Uint8Array): Promise<'accepted' | 'incomplete'> {
    const bytes = checkBytes(message, 'message');
    const round = await this.#round();
    try {
      return await this.#receive(bytes, round);
    } catch (error) {
      if (!(error instanceof StoreError)) this.#count(round, error instanceof PetError && error.code === 'ERR_SECAGG_PET_FULL');
      throw error;
    }
  }

  #count({ id, phase }: StoredRound, isFull: boolean): void {
    if (this.#refused.id !== id || this.#refused.phase !== phase) this.#refused = { id, phase, rejected: 0, discarded: 0 };
    this.#refused[isFull ? 'discarded' : 'rejected']++;
  }

  async #receive(bytes: Uint8Array, round: StoredRound): Promise<'accepted' | 'incomplete'> {
    requireRoom(round.phase, round.accepted, this.#network.settings);
    const inParts: string[] = [];
    let isKnown = false; // whether the message was heard, or refused for good
    try {
      const message = await round.intake.read(bytes, round, async (participant, part, mostBytes) => {
        const payload = await keepPart(this.#network, round, { participant, part, mostBytes });
        if (payload !== null) inParts.push(participant);
        return payload;
      });
      if (message === null) return 'incomplete';
      await this.#hear(round, message);
      isKnown = true;
      return 'accepted';
    } catch (error) {
      isKnown = !(error instanceof StoreError);
      throw error;
    } finally {
      if (isKnown) for (const participant of inParts) await forgetParts(this.#network, round, participant);
    }
  }

  async #hear(round: StoredRound, message: EligibleMessage): Promise<void> {
    const { participant } = message;
    switch (message.tag) {
      case 'sum':
        requireLargeOrder(message.payload.ephemeralKey);
        return this.#hearSum(round, participant, message.payload.ephemeralKey);
      case 'update': {
        const { maskedModel, seeds } = message.payload;
        const sums = await this.#reader.sums(round);
        requireNoSumParticipant(sums.has(participant));
        const inOrder = seedsInOrder(sums.keys(), seeds);
        return this.#total.put(round, { participant, maskedModel, seeds: inOrder });
      }
      case 'sum2':
        return this.#hearMask(round, participant, message.payload.mask);
    }
  }

  async #hearSum(round: StoredRound, participant: string, ephemeralKey: Uint8Array): Promise<void> {
    const { database, name, settings } = this.#network;
    const values = [name, round.id, settings.limits.sum.count.max, keyOf(participant), ephemeralKey];
    const { heard } = await heardOnce(() => database.transaction((query) => query(sql.hearSum, values)));
    if (heard === 1) return;
    await this.#reader.requireStill(round);
    throw repeated();
  }

  async #hearMask(round: StoredRound, participant: string, mask: MaskObject): Promise<void> {
    const { database, name, settings } = this.#network;
    requireSumParticipant((await this.#reader.sums(round)).has(participant));
    requireSameForm(MaskObject.zero(settings.config, settings.modelLength), mask);
    const encoded = mask.toBytes();
    const digest = platform.sha256([encoded]);
    const [known] = await database.read(sql.readMask, [round.id, digest]);
    const set = known?.set_id ?? crypto.randomUUID();
    if (known === undefined) await writeSet(database, round.id, set, [['sum', encoded]]);
    const values = [name, round.id, settings.limits.sum2.count.max, keyOf(participant), digest, set];
    const { heard, masks } = await heardOnce(() => database.transaction((query) => query(sql.hearMask, values)));
    // Another process has stored the same mask meanwhile. If the statement fails, nobody knows, and the set goes with the round.
    if (known === undefined && masks === 0) await dropSet(database, round.id, set);
    if (heard === 1) return;
    await this.#reader.requireStill(round);
    throw repeated();
  }

  /**
   * Does what counts and times say is due: closes the phase, or gives the round up. One of several processes does it. A `PetService` calls it
   * once a second.
   *
   * @returns null if the phase goes on, or if another process was faster; with the error ERR_SECAGG_PET_TOO_FEW if the round was given up.
   * @throws StoreError.
   */
  async advance(): Promise<ClosedPhase | null> {
    const [round, now] = [await this.#round(), await this.#clock.heartbeat()];
    const closed = await advanceRound(this.#network, round, { ended: this.#progressOf(round, now), now });
    if (closed === null || closed.round !== round.number) await sweepRounds(this.#network);
    return closed;
  }

  /** Gives the round up, and begins the next one. @throws StoreError; PetError ERR_SECAGG_PET_PHASE if the phase has ended meanwhile. */
  async abandon(): Promise<void> {
    const [round, now] = [await this.#round(), await this.#clock.heartbeat()];
    if (!(await abandonRound(this.#network, round, this.#progressOf(round, now), now))) throw roundMoved(round.phase);
  }

  async #round(): Promise<StoredRound> {
    return (await this.#reader.present()) ?? this.#first();
  }

  /** Begins the first round, unless another process does. */
  async #first(): Promise<StoredRound> {
    const { database, name, settings } = this.#network;
    const { publicKey, secretKey, seed } = await newKeys(settings, settings.random(32));
    const now = await this.#clock.heartbeat();
    const values = [name, agreedText(settings), crypto.randomUUID(), publicKey, secretKey, seed, now];
    await database.transaction((query) => query(sql.insertNetwork, values));
    const round = await this.#reader.present();
    if (round === null) throw messageNotWritten();
    return round;
  }
}

inspectAs(PostgresPetCoordinator.prototype, () => 'PostgresPetCoordinator');
