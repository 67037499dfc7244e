// The present round of a network of PET, as one process has read it.
import { compareBytes, hex } from '../leaves/bytes.ts';
import { StateError, StoreError } from '../leaves/errors.ts';
import { checkSettings, type PetRoundOptions, type RoundSettings } from '../pet/coordinator-options.ts';
import { requireFirst } from '../pet/coordinator-steps.ts';
import { Intake } from '../pet/intake.ts';
import { PetError } from '../pet/pet-error.ts';
import { requireRoom } from '../pet/round.ts';
import type { Tag } from '../pet/wire/message.ts';
import type { Database } from './database.ts';
import { messageNotWritten } from './hearing-transaction.ts';
import * as sql from './pet-statements.ts';

/** SQLSTATE unique_violation: another process has heard the participant meanwhile. */
const HEARD_MEANWHILE = '23505';

/** A round at the moment at which it was read. */
export interface StoredRound {
  readonly id: string;
  readonly number: number;
  readonly phase: Tag;
  readonly accepted: number;
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly since: number;
  readonly sumParticipants: number;
  readonly intake: Intake;
}

/** One network, for the parts of a coordinator. */
export interface Network {
  readonly database: Database;
  readonly name: string;
  readonly settings: RoundSettings;
}

export function networkOf(database: Database, name: string, options: PetRoundOptions): Network {
  return { database, name, settings: checkSettings(options) };
}

/** What all processes of a network must agree on. */
export function agreedText({ sumProbability, updateProbability, config, modelLength }: RoundSettings): string {
  const codes = [config.vect, config.unit].map(({ groupType, dataType, boundType, modelType }) => {
    return [groupType, dataType, boundType, modelType].join(' ');
  });
  return JSON.stringify([sumProbability, updateProbability, codes, modelLength]);
}

/** Reads the present round, and keeps what belongs to one round only. */
export class RoundReader {
  readonly #network: Network;
  #intake: { readonly id: string; readonly intake: Intake } | null = null;
  #sums: { readonly id: string; readonly sums: ReadonlyMap<string, Uint8Array> } | null = null;

  constructor(network: Network) {
    this.#network = network;
  }

  /** @throws StateError if the network has other settings; null if it is not there yet. */
  async present(): Promise<StoredRound | null> {
    const { database, name, settings } = this.#network;
    const [row] = await database.read(sql.readRound, [name]);
    if (row === undefined) return null;
    if (row.settings !== agreedText(settings)) {
      throw new StateError('network: its rounds have other probabilities, mask configurations or lengths than the options');
    }
    const { round_id: id, public_key: publicKey, secret_key: secretKey, seed } = row;
    if (this.#intake?.id !== id) this.#intake = { id, intake: new Intake(settings, { publicKey, secretKey, seed }) };
    const { round: number, phase, accepted, since, sum_participants: sumParticipants } = row;
    return { id, number, phase, accepted, seed, publicKey, since, sumParticipants, intake: this.#intake.intake };
  }

  /** The sum participants in the order of their keys, once the sum phase is over. */
  async sums({ id }: StoredRound): Promise<ReadonlyMap<string, Uint8Array>> {
    if (this.#sums?.id === id) return this.#sums.sums;
    const rows = [...(await this.#network.database.read(sql.readSums, [id]))];
    rows.sort((a, b) => compareBytes(a.participant, b.participant));
    const sums = new Map(rows.map(({ participant, ephemeral_key: key }) => [hex(participant), key]));
    this.#sums = { id, sums };
    return sums;
  }

  /**
   * Says why a message was not heard.
   *
   * @throws PetError if the round has moved or is full; else it does not know.
   */
  async requireStill({ id, phase }: StoredRound): Promise<StoredRound> {
    const now = await this.present();
    if (now?.id !== id || now.phase !== phase) throw roundMoved(phase);
    requireRoom(phase, now.accepted, this.#network.settings);
    return now;
  }
}

export function roundMoved(phase: Tag): PetError {
  return new PetError('ERR_SECAGG_PET_PHASE', `message: the ${phase} phase was closed meanwhile`);
}

export function repeated(): PetError {
  return new PetError('ERR_SECAGG_PET_REPEATED', 'message: the participant was heard before in this phase');
}

/** Whether another process has heard a participant while this statement ran. */
export function isHeardMeanwhile(error: unknown): boolean {
  return error instanceof StoreError && error.sqlState === HEARD_MEANWHILE;
}

/** @returns the row that `write` gave. @throws PetError ERR_SECAGG_PET_REPEATED if another process has heard the message meanwhile. */
export async function heardOnce<Row>(write: () => Promise<readonly Row[]>): Promise<Row> {
  try {
    const [row] = await write();
    if (row === undefined) throw messageNotWritten();
    return row;
  } catch (error) {
    requireFirst(!isHeardMeanwhile(error));
    throw error;
  }
}
